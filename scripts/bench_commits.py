"""CPU seconds of the main job, a training step and a LatentProbe step, two installations in turn.

An installation is named by its interpreter; each round asks one and then the other, so that what
else the machine does meets both. What is printed are medians over rounds and their ratio.

    python scripts/bench_commits.py old/bin/python new/bin/python --rounds 3 --jobs 1
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import tyro

STEPS = 2000
BATCH = 64
PARTS = {
    "training step, hinge, ms": """
import genenv
from genenv import data
digits = data.load("digits")
genenv.fit(digits.x, digits.label, objective="hinge", steps=2, seed=0)
begun = time.process_time()
genenv.fit(digits.x, digits.label, objective="hinge", steps=402, seed=0)
print(1000 * (time.process_time() - begun) / 402)
""",
    "LatentProbe, one row, us a step": f"""
import genenv, gymnasium
env = gymnasium.make("genenv/LatentProbe-v0")
env.reset(seed=0)
env.action_space.seed(0)
begun = time.process_time()
for _ in range({STEPS}):
    if any(env.step(env.action_space.sample())[2:4]):
        env.reset()
print(1e6 * (time.process_time() - begun) / {STEPS})
""",
    "LatentProbe, 64 rows, us a row's step": f"""
import genenv, gymnasium
env = gymnasium.make_vec("genenv/LatentProbe-v0", {BATCH}, "vector_entry_point")
env.reset(seed=0)
env.action_space.seed(0)
begun = time.process_time()
for _ in range({STEPS} // 10):
    env.step(env.action_space.sample())
print(1e6 * (time.process_time() - begun) / ({STEPS} // 10 * {BATCH}))
""",
}
JOB = """
from genenv import cli
try:
    cli.main(["stress", "digits", "--out", "run"])
except SystemExit:
    print(time.process_time(), file=sys.stderr)
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


def seconds(python: str, script: str) -> float:
    """Run a script with an installation; returns the last number that it printed."""
    with tempfile.TemporaryDirectory() as folder:
        alone = os.environ | {"OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": folder}
        done = subprocess.run(
            [python, "-W", "ignore", "-c", f"import sys, time\n{script}"],
            cwd=folder, env=alone, capture_output=True, text=True, check=True,
        )  # fmt: skip
    return float((done.stdout + done.stderr).split()[-1])


if __name__ == "__main__":
    settings = tyro.cli(Settings)
    pair = settings.old, settings.new
    for name, script in (*PARTS.items(), ("main job, s", JOB)):
        rounds = settings.jobs if script is JOB else settings.rounds
        found = [[seconds(python, script) for python in pair] for _ in range(rounds)]
        old, new = (median(each) for each in zip(*found, strict=True))
        print(f"{name:40} {old:8.2f} {new:8.2f}  x {new / old:.2f}", flush=True)
