"""Steps per CPU second of a seat beside another version of genenv, which lies in a folder.

`pip install --no-deps --target FOLDER CHECKOUT` puts one there. Two processes take turns of --steps
steps by random actions, in one row alone (`make(id).unwrapped`) and in batches (`make_vec`), each
with its own bundled set or with the same --run. What is printed is the median of the ratios turn by
turn, the first turn left out, and the floating-point operations that torch counts in a step of a
row (one row alone goes through NumPy, which counts none).
Example: python scripts/bench_beside.py FOLDER --id genenv/LatentProbe-v0 --rows 1 64 1024
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium
import torch
from torch.utils.flop_counter import FlopCounterMode

import genenv

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("folder", help="with the other version")
parser.add_argument("--id", default="genenv/LatentProbe-v0")
parser.add_argument("--rows", type=int, nargs="+", default=[1, 64, 1024])
parser.add_argument("--steps", type=int, default=2000, help="of rows, in a turn; 20 calls at least")
parser.add_argument("--repeats", type=int, default=9)
parser.add_argument("--run", default=None, help="that both load; none: each its bundled set")
parser.add_argument("--turns", action="store_true", help="be one of the two: step when told to")
arguments = parser.parse_args()
torch.set_num_threads(1)


def turns(rows: int) -> None:
    """Step for each line that comes in, and tell the steps of rows per CPU second."""
    given = {} if arguments.run is None else {"run": arguments.run}
    env: Any = (
        gymnasium.make(arguments.id, **given).unwrapped
        if rows == 1
        else gymnasium.make_vec(arguments.id, rows, **given)
    )
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(max(arguments.steps // rows, 20))]
    with FlopCounterMode(display=False) as counted:
        env.step(actions[0])
    print(counted.get_total_flops() / rows, flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if rows == 1 and (terminated or truncated):
                env.reset()
        print(rows * len(actions) / (time.process_time() - began), flush=True)


def other(rows: int, path: str) -> subprocess.Popen[str]:
    """Start a process that takes turns, with genenv from a folder; "": as it is installed."""
    run = [] if arguments.run is None else ["--run", arguments.run]
    command = [sys.executable, __file__, path, "--turns", "--id", arguments.id]
    command += ["--rows", str(rows), "--steps", str(arguments.steps), *run]
    variables = dict(os.environ, PYTHONPATH=path)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=variables, **pipes)


def heard(process: subprocess.Popen[str]) -> float:
    """Read the number that a process says next."""
    assert process.stdout is not None
    return float(process.stdout.readline())


def turn(process: subprocess.Popen[str]) -> float:
    """Let one process step, and return its steps per CPU second."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return heard(process)


def beside(rows: int) -> None:
    """Print both rates, and the median of their ratios turn by turn."""
    before = other(rows, str(Path(arguments.folder).resolve()))
    now = other(rows, "")
    work = " | ".join(f"{heard(one) / 1e6:.2f}" for one in (before, now))
    pairs = [(turn(before), turn(now)) for _ in range(arguments.repeats + 1)][1:]
    rates = [statistics.median(each) for each in zip(*pairs, strict=True)]
    ratios = sorted(b / a for a, b in pairs)
    print(f"| {rows} | {rates[0]:,.0f} | {rates[1]:,.0f} | {statistics.median(ratios):.2f} "
          f"({ratios[0]:.2f} to {ratios[-1]:.2f}) | {work} |", flush=True)  # fmt: skip
    for process in (before, now):
        process.kill()


if arguments.turns:
    assert Path(genenv.__file__).is_relative_to(arguments.folder or Path(genenv.__file__).parent)
    turns(*arguments.rows)
    sys.exit()
print(f"{arguments.id}, steps per CPU second, and millions of operations in a step\n")
print("| rows | there | here | ratio | work there | here |\n|---|---|---|---|---|---|")
for rows in arguments.rows:
    beside(rows)
