"""Measure how much of the data's variety a generator keeps: settings x seeds.

For each setting and seed: learn from some of the digits, draw 10,000 samples, and print
  spread        variance within a class over that of the rows learned from, mean and least class,
  recall, coverage, precision, density
                in the features of a classifier, as `genenv fit` writes them,
  agreement     share that an SVM of all unseen rows puts into the condition,
  svm, network  GAN-train accuracy on all unseen rows,
each beside the same of unseen real rows in the place of samples (`real`), and CPU seconds of
training. `--generations 2` trains again on samples of the first generator, as many as the rows or
`--samples`, and compares with the real rows. Settings are changes of the preset, `name=value`
joined by commas; "" is the preset. Writes one JSON with every row; rows that it has already are not
measured again.
Examples: python scripts/variety.py --seeds 0 1 2 3 4
          python scripts/variety.py --settings "" "ema=0.999" --seeds 77 78
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from genenv import data, metrics, seeding
from genenv.data import Dataset
from genenv.data.splits import stratified_order
from genenv.training import preset, train

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--data", default="digits")
parser.add_argument("--objective", default="relativistic")
parser.add_argument("--settings", nargs="+", default=[""])
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--rows", type=int, default=800, help="to learn from; `genenv fit`: 1438")
parser.add_argument("--generations", type=int, default=1)
parser.add_argument("--samples", type=int, default=0, help="that the next learns from; 0: --rows")
parser.add_argument("--out", type=Path, default=Path("variety.json"))
args = parser.parse_args()

torch.set_num_threads(1)
dataset = data.load(args.data)
units = dataset.units
classes = dataset.classes
table = json.loads(args.out.read_text()) if args.out.is_file() else []
KEYS = "spread", "spread_least", "recall", "coverage", "precision", "density"
JUDGED = {"agreement": "agreement", "gan_train_svm": "svm", "gan_train_network": "network"}


def changes(setting):
    """Read `name=value,name=value`."""
    pairs = (item.split("=") for item in setting.split(",") if item)
    return {name: json.loads(value) for name, value in pairs}


def learn(rows, setting, seed):
    """Train on rows; returns the generator and CPU seconds."""
    config = replace(preset(args.objective, units), device="cpu", threads=1, **changes(setting))
    began = time.process_time()
    generator = train(
        Dataset("rows", *rows, classes, units),
        replace(config, seed=seeding.fold(seed, "generator")),
    )
    return generator, time.process_time() - began


def measure(setting, seed):
    """Return a row a generation."""
    order = stratified_order(dataset, seed)
    real = dataset.pick(order[: args.rows])
    unseen = dataset.pick(order[args.rows :])
    features = metrics.own_features(*real, units, len(classes))
    judge = metrics.Evaluation(features, real, unseen, metrics.build(["manifold"]))
    rows = real
    found = []
    for generation in range(1, args.generations + 1):
        generator, seconds = learn(rows, setting, seed)
        figures = judge.evaluate(generator, metrics.FULL) | judge.reference(metrics.FULL)
        figures |= metrics.generator_metrics(generator, real, unseen, unseen)
        kept = [*KEYS, *(f"{key}_real" for key in KEYS)]
        row = {"setting": setting, "seed": seed, "rows": args.rows, "generation": generation}
        row |= {"samples": args.samples}
        row |= {key: figures[key] for key in kept} | {v: figures[k] for k, v in JUDGED.items()}
        row |= {
            "svm_real": figures["real_train_svm"],
            "network_real": figures["real_train_network"],
        }
        row |= {"agreement_real": figures["agreement_real"], "cpu_seconds": seconds}
        found.append(row)
        asked = np.resize(real[1], args.samples or args.rows)
        rows = generator.sample(len(asked), seeding.fold(seed, "next"), asked)
    return found


def asked_for(row, setting, seed):
    """Return whether a row is of this setting, seed and numbers of rows."""
    keys = "setting", "seed", "rows", "samples"
    return tuple(row[key] for key in keys) == (setting, seed, args.rows, args.samples)


def known(setting, seed):
    """Find rows that were measured before, all generations or none."""
    same = [row for row in table if asked_for(row, setting, seed)]
    return same if len(same) >= args.generations else []


for setting in args.settings:
    for seed in args.seeds:
        if not known(setting, seed):
            found = measure(setting, seed)
            table = [row for row in table if not asked_for(row, setting, seed)] + found
            args.out.write_text(json.dumps(table, indent=2))
            for row in found:
                print(
                    "  ".join(f"{k} {v:.4g}" for k, v in row.items() if k != "setting"), flush=True
                )

SHOWN = "spread", "spread_least", "recall", "coverage", "precision", "density", *JUDGED.values()
print(f"\n| setting | generation | {' | '.join(SHOWN)} | CPU s |")
print("|---|---|" + "---|" * (len(SHOWN) + 1))
for setting in args.settings:
    rows = [row for seed in args.seeds for row in known(setting, seed)]
    for generation in range(1, args.generations + 1):
        own = [row for row in rows if row["generation"] == generation]
        cells = [
            f"{np.mean(v):.3f} [{min(v):.3f}, {max(v):.3f}]"
            for v in ([row[key] for row in own] for key in SHOWN)
        ]
        seconds = np.mean([row["cpu_seconds"] for row in own])
        print(f"| {setting or 'preset'} | {generation} | {' | '.join(cells)} | {seconds:.1f} |")
real = [[row[f"{key}_real"] for row in rows] for key in SHOWN]
cells = [f"{np.mean(v):.3f} [{min(v):.3f}, {max(v):.3f}]" for v in real]
print(f"| unseen real rows | | {' | '.join(cells)} | |")
print(f"\n{len(args.seeds)} seeds, mean [least, most]; {args.rows} rows to learn from")
