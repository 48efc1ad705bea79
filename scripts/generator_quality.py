"""Measure the generator that `genenv stress digits` starts with.

For each seed: split digits, train on the 800 training rows, draw 10,000 samples, and print
  agreement   share that SVC(C=10), fitted on all rows that the generator did not see, puts into
              the condition,
  SVC, CNN    accuracy on the test rows of a classifier trained on the samples alone, beside the
              same classifier trained on the generator's own rows (`test`: the split's 147 rows;
              `unseen`: all 997 that the generator did not see, for a steadier figure).
Writes one JSON with every row. Example: python scripts/generator_quality.py --out quality.json
"""

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from sklearn.svm import SVC

from genenv import data, seeding
from genenv.classifier import fit_classifier
from genenv.data import Dataset
from genenv.metrics import agreement, estimator, gan_train
from genenv.training import preset, train

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--objective", default="relativistic")
parser.add_argument("--network", default="", help="default: the preset's")
parser.add_argument("--steps", type=int, default=None, help="generator updates; default: preset")
parser.add_argument("--samples", type=int, default=10_000)
parser.add_argument("--out", type=Path, default=Path("generator_quality.json"))
args = parser.parse_args()

torch.set_num_threads(1)
dataset = data.load("digits")
units = dataset.units
classes = dataset.classes
usual = preset(args.objective, units)
config = replace(
    usual,
    network=args.network or usual.network,
    steps=args.steps or usual.steps,
    device="cpu",
)


def cnn(seed):
    """Turn the default model under test into a `Fit`."""

    def fit(x, label):
        network = fit_classifier("cnn", x, label, units, len(classes), seed)

        def predict(rows):
            with torch.no_grad():
                return network(units.encode(units.tensor(rows))).argmax(1).numpy()

        return predict

    return fit


svc = estimator(lambda: SVC(C=10))
table = []
for seed in args.seeds:
    parts = data.split(dataset, seed)
    unseen = np.setdiff1d(np.arange(len(dataset)), parts.train)
    own, test, rest = ((dataset.x[i], dataset.label[i]) for i in (parts.train, parts.test, unseen))
    started = time.process_time()
    generator = train(
        Dataset("rows", *own, classes, units), replace(config, seed=seeding.fold(seed, "generator"))
    )
    row = {"seed": seed, "cpu_seconds": time.process_time() - started}
    made = generator.sample(args.samples, seed=seed)
    row["agreement"] = 100 * agreement(svc, rest, made)
    for name, fit in {"svc": svc, "cnn": cnn(seed)}.items():
        for where, rows in {"test": test, "unseen": rest}.items():
            result = gan_train(fit, made, own, rows)
            row[f"{name}_{where}"] = 100 * result.generated
            row[f"{name}_{where}_gap"] = 100 * result.gap
    table.append(row)
    print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)

columns = {k: [row[k] for row in table] for k in table[0] if k != "seed"}
print(f"\n| {len(table)} seeds | mean | least | most |\n|---|---|---|---|")
for name, values in columns.items():
    print(f"| {name} | {np.mean(values):.2f} | {min(values):.2f} | {max(values):.2f} |")
means = {name: float(np.mean(values)) for name, values in columns.items()}
args.out.write_text(json.dumps({"config": asdict(config), "rows": table, "mean": means}, indent=2))
