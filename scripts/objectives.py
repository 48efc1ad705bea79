"""Compare the objectives on labelled images at equal CPU minutes.

Each objective trains with its preset, for as many steps as fit into the minutes: a few steps are
timed first, so that the learning rate falls over the whole run. Each is then asked for samples by
class, which are compared with rows that no generator saw:
  agreement   share that a small CNN trained on the held-out rows puts into the class asked for,
  GAN-train   accuracy on the held-out rows of that CNN trained on the samples alone, beside the
              same CNN trained on the generator's own rows,
  precision, recall, Fréchet   on 10,000 samples (fewer where there are fewer real rows) in features
              of genenv's own classifier; Fréchet of real held-out rows in their place beside it,
              a seed each: data without a test set are split by seed, and the classifier with them.
Prints Markdown and writes JSON; rows that the JSON has already are not measured again.
Examples: python scripts/objectives.py digits --minutes 0.5
          python scripts/objectives.py FASHION_FOLDER --minutes 20 --threads 2 --seeds 0
"""

import argparse
import json
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from genenv import data, metrics, seeding
from genenv.classifier import fit_classifier
from genenv.data import Dataset
from genenv.metrics import FULL, Evaluation, agreement, gan_train, own_features
from genenv.objectives import OBJECTIVES
from genenv.training import Trainer, preset
from genenv.training.machine import reproducible

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("data")
parser.add_argument("--objectives", nargs="+", default=list(OBJECTIVES))
parser.add_argument("--minutes", type=float, default=0.5, help="of the process's CPU time a run")
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--precision", default="32")
parser.add_argument("--network", default="", help="of all; default: each preset's")
parser.add_argument("--settings", default="{}", help="changes of the presets, as JSON")
parser.add_argument("--samples", type=int, default=0, help="for GAN-train; 0: as many as real rows")
parser.add_argument("--out", type=Path, default=Path("objectives.json"))
args = parser.parse_args()

TIMED = 60  # steps, after as many to warm up
dataset = data.load(args.data)
units = dataset.units
classes = dataset.classes
table = json.loads(args.out.read_text()) if args.out.is_file() else []


@cache
def split(seed):
    """Return rows to learn from and held-out rows."""
    rows, held_out = data.hold_out(dataset, seed)
    return dataset.pick(rows), held_out


@cache
def of_real(seed, which):
    """Fit the small CNN on real rows: once a split, not once an objective."""
    return fitted(*split(seed)[which])


@cache
def evaluation(seed):
    """Fit genenv's own classifier on the rows to learn from, and choose the metrics."""
    own, held_out = split(seed)
    features = own_features(*own, units, len(classes))
    return Evaluation(features, own, held_out, metrics.build(["frechet", "manifold"]))


@cache
def reference(seed):
    """Measure held-out rows in the place of samples."""
    return evaluation(seed).reference(FULL)


def cnn(x, label):
    """Turn the toolkit's small CNN into a `Fit`."""
    for seed in args.seeds:
        for which, rows in enumerate(split(seed)):
            if rows[0] is x:
                return of_real(seed, which)
    return fitted(x, label)


def fitted(x, label):
    """Train the toolkit's small CNN."""
    network = fit_classifier("cnn", x, label, units, len(classes), seed=0)

    def predict(rows):
        parts = [rows[at : at + 1000] for at in range(0, len(rows), 1000)]
        with torch.no_grad():
            said = [network(units.encode(units.tensor(part))).argmax(1) for part in parts]
        return torch.cat(said).numpy()

    return predict


def trainer(objective, seed, own, steps):
    """Make a trainer with the preset of an objective."""
    usual = preset(objective, units)
    named = {"network": args.network} if args.network else {}
    config = replace(
        usual, seed=seed, steps=steps or usual.steps, device="cpu",
        threads=args.threads, precision=args.precision, **named, **json.loads(args.settings),
    )  # fmt: skip
    return Trainer(Dataset("rows", *own, classes, units), config)


def affordable(objective, seed, own):
    """Count the steps that fit into the minutes."""
    run = trainer(objective, seed, own, None)
    for _ in range(TIMED):
        run.step()
    began = time.process_time()
    for _ in range(TIMED):
        run.step()
    return max(int(60 * args.minutes * TIMED / (time.process_time() - began)), 50)


def measure(objective, seed):
    """Train one generator and measure it."""
    own, held_out = split(seed)
    steps = affordable(objective, seed, own)
    began = time.process_time()
    clock = time.perf_counter()
    run = trainer(objective, seed, own, steps)
    run.fit()
    row = {
        "data": dataset.name,
        "objective": objective,
        "seed": seed,
        "network": run.game.generator.kind,
        "norm": run.game.norm,
        "numbers": args.precision,
        "threads": args.threads,
        "steps": steps,
        "cpu_minutes": (time.process_time() - began) / 60,
        "minutes": (time.perf_counter() - clock) / 60,
    }
    generator = run.result()
    count = args.samples or len(own[0])
    made = generator.sample(count, seed=seeding.fold(seed, "samples"))
    result = gan_train(cnn, made, own, held_out)
    row |= {"gan_train_samples": count, "gan_train": result.generated, "real_train": result.real}
    few = generator.sample(FULL, seed=seeding.fold(seed, "agreement"))
    row["agreement"] = agreement(cnn, held_out, few)
    return row | evaluation(seed).evaluate(generator, FULL) | reference(seed)


with reproducible(args.threads):
    for objective in args.objectives:
        for seed in args.seeds:
            if not any((r["objective"], r["seed"]) == (objective, seed) for r in table):
                table.append(measure(objective, seed))
                args.out.write_text(json.dumps(table, indent=2))
                print(table[-1], flush=True)

columns = ("gan_train", "agreement", "precision", "recall", "real_train")
print(f"\n{dataset.name}, {args.minutes} CPU minutes, {args.threads} threads")
print("| objective | network | critic norm | steps | GAN-train % (real) | agreement % | precision |"
      " recall | Fréchet (real), a seed |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
for objective in args.objectives:
    rows = [r for r in table if r["objective"] == objective]
    mean = {k: np.mean([r[k] for r in rows]) for k in columns}
    low, high = (f([r["gan_train"] for r in rows]) for f in (min, max))
    steps = " / ".join(f"{r['steps']:,}" for r in rows)
    frechet = " / ".join(f"{r['frechet']:.2f} ({r['frechet_real']:.2f})" for r in rows)
    print(
        f"| {objective} | {rows[0]['network']} | {rows[0]['norm']} | {steps} "
        f"| {100 * mean['gan_train']:.1f} [{100 * low:.1f}, {100 * high:.1f}] "
        f"({100 * mean['real_train']:.1f}) | {100 * mean['agreement']:.1f} "
        f"| {mean['precision']:.3f} | {mean['recall']:.3f} | {frechet} |"
    )
