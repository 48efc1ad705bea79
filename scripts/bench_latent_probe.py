"""How much of the bare forward passes' throughput LatentProbe keeps, and what batching gains.

All rates by `gymnasium.utils.performance.benchmark_vector_step`, interleaved, medians of the
repeats. `passes` is generator, model and guide on the same number of rows and nothing else. A
step of the batch in mode NextStep costs one query a row, also in rows that begin: its queries per
second are compared with the passes', its steps per second with those of the singles.

`--beside FOLDER` measures one row alone, in CPU seconds, beside another version of genenv that lies
in a folder (`pip install --no-deps --target FOLDER CHECKOUT`): two processes that take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
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
parser.add_argument("--beside", type=Path, help="folder with another version, for one row")
parser.add_argument("--turns", action="store_true", help="be one of the two: step when told to")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
probe = load_probe(arguments.run)
rows = arguments.rows


def take_turns() -> None:
    """Step one row 500 times for each line that comes in, and tell the steps per CPU second."""
    env = single(probe=probe)
    env.reset(seed=0)
    shape = (500, probe.generator.noise.base_dim)
    actions = np.random.default_rng(0).uniform(-1, 1, shape)
    for _ in sys.stdin:
        began = time.process_time()
        for action in actions.astype(np.float32):
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        print(len(actions) / (time.process_time() - began), flush=True)


def other(path: str) -> subprocess.Popen[str]:
    """Start a process that takes turns, with genenv from a folder; "": as it is installed."""
    command = [sys.executable, __file__, "--turns", "--run", str(arguments.run)]
    variables = dict(os.environ, PYTHONPATH=path)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=variables, **pipes)


def turn(process: subprocess.Popen[str]) -> float:
    """Let one process step, and return its steps per CPU second."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def beside(folder: Path) -> None:
    """Print both rates for one row, and the median of their ratios turn by turn."""
    before = other(str(folder))
    now = other("")
    pairs = [(turn(before), turn(now)) for _ in range(arguments.repeats + 1)][1:]
    rates = [statistics.median(each) for each in zip(*pairs, strict=True)]
    ratios = sorted(b / a for a, b in pairs)
    print(f"one row, steps per CPU second: {rates[0]:,.0f} there, {rates[1]:,.0f} here")
    print(f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    for process in (before, now):
        process.kill()


if arguments.turns or arguments.beside:
    take_turns() if arguments.turns else beside(arguments.beside)
    sys.exit()


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
