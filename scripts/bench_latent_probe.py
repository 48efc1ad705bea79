"""How much of the bare forward passes' throughput LatentProbe keeps, and what batching gains.

All rates by `gymnasium.utils.performance.benchmark_vector_step`, interleaved, medians of the
repeats. `passes` is generator, model and guide on the same number of rows and nothing else. A
step of the batch in mode NextStep costs one query a row, also in rows that begin: its queries per
second are compared with the passes', its steps per second with those of the singles.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium.utils.performance import benchmark_vector_step
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv, VectorWrapper

from genenv import bundled
from genenv.envs import LatentProbe
from genenv.envs.latent_probe import single
from genenv.recorded import load_probe

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--run", type=Path, default=bundled.FOLDER, help="generator, model and judge")
parser.add_argument("--rows", type=int, default=256)
parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
parser.add_argument("--repeats", type=int, default=5)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
probe = load_probe(arguments.run)
rows = arguments.rows


class Passes(VectorEnv[Any, Any, Any]):
    """Generator, model and guide on a batch, and nothing else."""

    def __init__(self) -> None:
        self.metadata = {"autoreset_mode": AutoresetMode.DISABLED}
        self.num_envs = rows
        self.action_space = batch.action_space
        self.e = probe.generator.noise.base(rows, seed=0)
        self.label = torch.arange(rows) % len(probe.generator.classes)
        self.zeros, self.no = np.zeros(rows), np.zeros(rows, np.bool_)

    def reset(self, **_: Any) -> Any:
        """Nothing to begin."""
        return None, {}

    def step(self, actions: Any) -> Any:  # noqa: ARG002
        """One pass of each."""
        with torch.no_grad():
            x = probe.sample(self.e, self.label)
            probe.model.log_probabilities(x)
            probe.guide.look(probe.units.encode(x), self.label)
        return None, self.zeros, self.no, self.no, {}


class Counted(VectorWrapper[Any, Any, Any, Any, Any]):
    """Counts the rows that end, each of which costs a query that is no step."""

    calls = ends = 0

    def step(self, actions: Any) -> Any:
        """Step and count."""
        result = self.env.step(actions)
        self.calls += 1
        self.ends += int(np.count_nonzero(result[2] | result[3]))
        return result

    def queries_a_step(self) -> float:
        """Return the queries for each step that the benchmark counts."""
        steps = self.calls * rows
        if self.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP:
            return steps / (steps - self.ends)
        return (steps + self.ends) / steps


batch = LatentProbe(rows, probe=probe)
same_step = Counted(LatentProbe(rows, probe=probe, autoreset_mode="SameStep"))
makers: dict[str, Callable[[], Any]] = {
    "passes": Passes,
    "batch, NextStep": lambda: Counted(batch),
    "batch, SameStep": lambda: same_step,
    "singles, NextStep": lambda: SyncVectorEnv([lambda: single(probe=probe)] * rows),
}
envs = {name: make() for name, make in makers.items()}
rates: dict[str, list[float]] = {name: [] for name in envs}
for repeat in range(arguments.repeats):
    for name, env in envs.items():
        rates[name].append(benchmark_vector_step(env, arguments.seconds, seed=repeat))

bare = statistics.median(rates["passes"])
print(f"{rows} rows, {torch.get_num_threads()} thread, {arguments.repeats} x {arguments.seconds} s")
print(f"{'':20}{'steps/s':>12}{'queries/s':>12}{'of passes':>12}{'of singles':>12}")
for name, env in envs.items():
    each = env.queries_a_step() if isinstance(env, Counted) else 1.0
    steps = statistics.median(rates[name])
    shares = [r * each / p for r, p in zip(rates[name], rates["passes"], strict=True)]
    gains = [r / s for r, s in zip(rates[name], rates["singles, NextStep"], strict=True)]
    share = statistics.median(shares)
    gain = statistics.median(gains)
    print(f"{name:20}{steps:12,.0f}{steps * each:12,.0f}{share:12.2f}{gain:12.1f}")
