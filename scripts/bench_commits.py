"""CPU seconds of the main job, a training step and a LatentProbe step, two installations in turn.

An installation is named by its interpreter; each round asks one and then the other, so that what
else the machine does meets both. What is printed are medians over rounds, their ratio, and the
least and greatest ratio of a round. Of the main job each stage has a row of its own.

    python scripts/bench_commits.py old/bin/python new/bin/python --rounds 3 --jobs 1
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import tyro

STEPS = 2000
BATCH = 64
TRAINING = """
import genenv
from genenv import data
digits = data.load("digits")
genenv.fit(digits.x, digits.label, objective="hinge", steps=2, seed=0)
begun = time.process_time()
genenv.fit(digits.x, digits.label, objective="hinge", steps=402, seed=0)
tell({"training step, hinge, ms": 1000 * (time.process_time() - begun) / 402})
"""
ONE_ROW = f"""
import genenv, gymnasium
env = gymnasium.make("genenv/LatentProbe-v0")
env.reset(seed=0)
env.action_space.seed(0)
begun = time.process_time()
for _ in range({STEPS}):
    if any(env.step(env.action_space.sample())[2:4]):
        env.reset()
tell({{"LatentProbe, one row, us a step": 1e6 * (time.process_time() - begun) / {STEPS}}})
"""
ROWS = f"""
import genenv, gymnasium
env = gymnasium.make_vec("genenv/LatentProbe-v0", {BATCH}, "vector_entry_point")
env.reset(seed=0)
env.action_space.seed(0)
begun = time.process_time()
for _ in range({STEPS} // 10):
    env.step(env.action_space.sample())
spent = time.process_time() - begun
tell({{"LatentProbe, {BATCH} rows, us a row's step": 1e6 * spent / ({STEPS} // 10 * {BATCH})}})
"""
JOB = """
time.perf_counter = time.process_time  # the seconds of stages are the processor's, too
from genenv import cli
try:
    cli.main(["stress", "digits", "--out", "run"])
except SystemExit:
    with open("run/timings.json") as file:
        stages = json.load(file)["stages"]
    rows = {f"  {name}, s": spent for name, spent in stages.items()}
    tell({"main job, s": time.process_time()} | rows)
"""
TELL = """
import json, sys, time
def tell(rows):
    print("\\n" + json.dumps(rows))
"""


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    old: tyro.conf.Positional[str]
    """The interpreter of one installation."""
    new: tyro.conf.Positional[str]
    """That of the other."""
    rounds: int = 3
    """Of the training step and LatentProbe."""
    jobs: Annotated[int, tyro.conf.arg(metavar="N")] = 1
    """Rounds of `genenv stress digits`, its cache empty; 80 CPU seconds each, twice."""


def told(python: str, script: str) -> dict[str, float]:
    """Run a script with an installation; returns the numbers that it tells at its end."""
    with tempfile.TemporaryDirectory() as folder:
        alone = os.environ | {"OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": folder}
        done = subprocess.run(
            [python, "-W", "ignore", "-c", TELL + script],
            cwd=folder, env=alone, capture_output=True, text=True, check=True,
        )  # fmt: skip
    rows: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return rows


def beside(script: str, python: tuple[str, str], rounds: int) -> None:
    """Print a row for each number that either installation tells of a script."""
    found = [[told(one, script) for one in python] for _ in range(rounds)]
    for name in dict.fromkeys(name for pair in found for rows in pair for name in rows):
        pairs = [[rows.get(name, 0.0) for rows in pair] for pair in found]
        old, new = (median(each) for each in zip(*pairs, strict=True))
        ratios = [b / a for a, b in pairs if a]
        words = f"x {new / old:.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""
        print(f"{name:40} {old:8.2f} {new:8.2f}  {words}", flush=True)


if __name__ == "__main__":
    settings = tyro.cli(Settings)
    for script in (TRAINING, ONE_ROW, ROWS):
        beside(script, (settings.old, settings.new), settings.rounds)
    beside(JOB, (settings.old, settings.new), settings.jobs)
