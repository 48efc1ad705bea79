"""What logging costs a training, in CPU seconds.

Curves, health signals and pictures as often as the preset has them. Both trainings are the same,
bit for bit. Round after round in one process, each first in turn; the first round warms up
and is not counted. The cost is what a watched training spends outside of its steps, in all threads,
less what an unwatched one spends there, as a share of the unwatched training; the median over the
rounds. Beside it the ratio of the whole, less one: steps are the same, so that what it differs by
is the machine.

    python scripts/bench_tracking.py --out bench_tracking.json
"""

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from genenv import data
from genenv.monitoring import Curves
from genenv.tracking import Tracker
from genenv.training import Trainer, preset

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--steps", type=int, default=3000, help="generator updates; the preset's")
parser.add_argument("--objectives", nargs="+", default=["relativistic", "wgan-gp"])
parser.add_argument("--data", nargs="+", default=["digits", "ring"])
parser.add_argument("--out", type=Path, help="JSON of every round")
args = parser.parse_args()


class Timed(Trainer):
    """Counts the CPU seconds of its steps."""

    spent = 0.0

    def step(self):
        """Take one step."""
        began = time.process_time()
        super().step()
        self.spent += time.process_time() - began


def seconds(dataset, config, folder):
    """CPU seconds of one training and of what is outside of its steps, and its samples.

    Folder None: nothing is logged.
    """
    label = dataset.label
    classes = dataset.classes
    if dataset.unconditional:
        label = None
        classes = ()
    began = time.process_time()
    with Tracker(folder) as tracker:
        curves = Curves(tracker, (dataset.x, label)) if folder else None
        trainer = Timed(dataset.x, label, dataset.units, classes, config, monitor=curves)
        trainer.fit()
    spent = time.process_time() - began
    return {"whole": spent, "outside": spent - trainer.spent}, trainer.result().sample(16)[0]


torch.set_num_threads(1)
rows = []
print(
    "| data | objective | seconds without | with | cost of logging | of the whole |\n"
    "|---|---|---|---|---|---|"
)
for name in args.data:
    dataset = data.load(name)
    for objective in args.objectives:
        config = replace(preset(objective, dataset.units), steps=args.steps, threads=1)
        found = []
        for turn in range(args.rounds + 1):
            spent = {}
            made = {}
            for kind in sorted(("without", "with"), reverse=turn % 2 == 0):  # each is first in turn
                with tempfile.TemporaryDirectory() as folder:
                    watched = folder if kind == "with" else None
                    spent[kind], made[kind] = seconds(dataset, config, watched)
            assert np.array_equal(*made.values()), "a training depends on being watched"
            if turn:
                found.append(spent)
        pairs = [(row["without"], row["with"]) for row in found]
        cost = statistics.median((b["outside"] - a["outside"]) / a["whole"] for a, b in pairs)
        whole = statistics.median(b["whole"] / a["whole"] for a, b in pairs) - 1
        bare, logged = (statistics.median(p[i]["whole"] for p in pairs) for i in (0, 1))
        cells = f"{bare:.1f} | {logged:.1f} | {cost:.1%} | {whole:+.1%}"
        print(f"| {name} | {objective} | {cells} |", flush=True)
        rows.append({"data": name, "objective": objective, "cost": cost, "rounds": found})
if args.out:
    args.out.write_text(json.dumps({"steps": args.steps, "rows": rows}, indent=1))
