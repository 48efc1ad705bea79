"""Measure how near a training step is to the time that its own convolutions take alone.

One step of the dcgan pair (32 x 32 pixels RGB, width 64, 64 rows, as scripts/bench_training.py) is
recorded: every convolution, its backward pass and every matrix product, with the shapes, strides
and memory formats that they have. Each distinct one is then run alone on tensors of that kind; the
sum of their seconds, each as often as the step has it, is a floor that no loop over the same
operations gets under on this machine, whatever surrounds them. Beside it: the step itself, the
step with `compile`, and the rate of one large convolution. All are measured in turn, round after
round, in CPU seconds of this process. Prints Markdown, writes JSON.
Example: OMP_NUM_THREADS=1 python scripts/step_floor.py --rounds 5
"""

import argparse
import json
import statistics
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from genenv.codecs import Pictures
from genenv.data import Dataset
from genenv.training import Trainer, preset
from genenv.training.machine import reproducible

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--objectives", nargs="+", default=["gan", "relativistic"])
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--steps", type=int, default=6, help="timed in each round")
parser.add_argument("--width", type=int, default=64)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--out", type=Path, default=Path("step_floor.json"))
args = parser.parse_args()

UNITS = Pictures((32, 32, 3), "uint8", (0.0,), (255.0,))
PICTURES = np.random.default_rng(0).integers(0, 256, (1024, *UNITS.shape), dtype=np.uint8)


class Recorder(TorchDispatchMode):
    """Keeps every counted operation of a step: how to run it alone, how often, its work."""

    def __init__(self):
        super().__init__()
        self.count = Counter()
        self.work = {}
        self.calls = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Run an operation and note it."""
        out = func(*args, **(kwargs or {}))
        measure = flop_registry.get(func._overloadpacket)
        if measure:
            key = str(func), str([described(each) for each in args])
            self.count[key] += 1
            self.work[key] = measure(*args, **(kwargs or {}), out_val=out)
            if key not in self.calls:
                self.calls[key] = func, [copied(each) for each in args], kwargs or {}
        return out


def described(value):
    """Tell tensors of one kind from others."""
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), value.stride(), str(value.dtype)
    return str(value)


def copied(value):
    """Make a tensor of the same kind, or the same value."""
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def trainer(objective, compiled):
    """Make a trainer of the dcgan pair."""
    config = replace(
        preset(objective, UNITS),
        network="dcgan",
        penalty_every=1,
        width=args.width,
        critic_width=args.width,
        batch=args.batch,
        compile=compiled,
        threads=1,
        device="cpu",
    )
    return Trainer(Dataset("rows", PICTURES, None, (), UNITS), config)


def alone(recorder, repeats=3):
    """Seconds of all recorded operations, each run alone on warm tensors."""
    total = 0.0
    with torch.no_grad():
        for key, (func, given, named) in recorder.calls.items():
            func(*given, **named)
            began = time.process_time()
            for _ in range(repeats):
                func(*given, **named)
            total += recorder.count[key] * (time.process_time() - began) / repeats
    return total


def stepping(run):
    """Seconds of a step, over some steps."""
    began = time.process_time()
    for _ in range(args.steps):
        run.step()
    return (time.process_time() - began) / args.steps


def large():
    """10^9 operations a CPU second of one large convolution, channels last."""
    rows = torch.randn(32, 256, 32, 32).to(memory_format=torch.channels_last)
    weight = torch.randn(256, 256, 3, 3).to(memory_format=torch.channels_last)
    began = time.process_time()
    torch.nn.functional.conv2d(rows, weight, padding=1)
    return 2 * rows.numel() * weight[0].numel() / (time.process_time() - began) / 1e9


def measured(objective):
    """Measure one objective."""
    runs = {"step": trainer(objective, False), "compiled": trainer(objective, True)}
    began = time.process_time()
    for run in runs.values():
        run.step()
        run.step()
    warm_up = time.process_time() - began
    with Recorder() as recorder:
        runs["step"].step()
    work = sum(recorder.count[key] * recorder.work[key] for key in recorder.count) / 1e9
    rows = []
    for _ in range(args.rounds):
        row = {name: stepping(run) for name, run in runs.items()}
        rows.append(row | {"alone": alone(recorder), "rate": large()})
    return {"objective": objective, "work": work, "warm_up": warm_up, "rounds": rows}


def said(row, figure):
    """Say the median of a figure over the rounds, with its range."""
    values = [figure(each) for each in row["rounds"]]
    return f"{statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


with reproducible(1):
    table = [measured(objective) for objective in args.objectives]
args.out.write_text(json.dumps(table, indent=2))
print(f"torch {torch.__version__}, width {args.width}, batch {args.batch}, one thread\n")
print(
    "| objective | step, CPU ms | 10^9 operations | alone / step | step / compiled "
    "| step's share of the large rate | of `alone` |\n|---|---|---|---|---|---|---|"
)
for row in table:
    work = row["work"]
    cells = [
        said(row, lambda each: 1e3 * each["step"]),
        f"{work:.1f}",
        said(row, lambda each: each["alone"] / each["step"]),
        said(row, lambda each: each["step"] / each["compiled"]),
        said(row, lambda each, work=work: work / each["step"] / each["rate"]),
        said(row, lambda each, work=work: work / each["alone"] / each["rate"]),
    ]
    print(f"| {row['objective']} | {' | '.join(cells)} |")
print("\nmedian [least, greatest] over rounds; compiled: torch.compile, its compilation left out")
