"""Measure codes that are learned without labels.

digits  One categorical code of 10 classes, learned from four fifths of the rows without labels.
        Purity (share in the majority class of its code) of 10,000 samples, whose classes an SVM
        fitted on all labelled rows tells, and of the held-out rows, whose code the recognition
        network reads; beside k-means with 10 clusters on the same rows.
bar     A drawn bar whose x, y, size and angle (within 45 degrees) are uniform and independent. Four
        continuous codes, no other noise. The four are read off 4,000 samples by a network that was
        fitted on drawn bars (its R² is printed); codes are matched to them one to one, by |rank
        correlation|.
Prints Markdown, writes JSON; rows that the JSON has already are not measured again. One thread.
Example: python scripts/codes.py --seeds 0 1 2 3 4
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr
from sklearn.cluster import KMeans
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVC

from genenv import data, seeding
from genenv.data import Dataset
from genenv.metrics import purity
from genenv.training import Trainer
from genenv.training.machine import reproducible
from genenv.training.presets import configured

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--parts", nargs="+", default=["digits", "bar"], choices=["digits", "bar"])
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--side", type=int, default=16, help="pixels of the bar's picture")
parser.add_argument("--stroke", type=float, default=1.5, help="pixels of the bar's width")
parser.add_argument("--rows", type=int, default=4000, help="drawn bars to learn from")
parser.add_argument("--out", type=Path, default=Path("codes.json"))
args = parser.parse_args()

FACTORS = ("x", "y", "size", "angle")
table = json.loads(args.out.read_text()) if args.out.is_file() else []


def train(x, units, objective_changes, seed):
    """Train without labels; returns the generator and the CPU seconds."""
    changes = {"seed": seed, "threads": 1, "device": "cpu"} | objective_changes
    began = time.process_time()
    run = Trainer(Dataset("rows", x, None, (), units), configured("relativistic", units, changes))
    run.fit()
    return run.result(), time.process_time() - began


def digits(seed):
    """Purity of the categorical code, both ways, and of k-means."""
    dataset = data.load("digits")
    rows, (other, label) = data.hold_out(dataset, seed)
    x = dataset.x[rows]
    generator, seconds = train(x, dataset.units, {"categorical": (10,)}, seed)
    made, _ = generator.sample(10_000, seed=seeding.fold(seed, "samples"))
    code = generator.noise.sample(10_000, seeding.fold(seed, "samples"))[:, :10].argmax(1).numpy()
    svm = SVC(C=10).fit(dataset.x.reshape(len(dataset), -1), dataset.label)
    clusters = KMeans(10, n_init=10, random_state=seed).fit(x.reshape(len(x), -1))
    return {
        "generated": purity(code, svm.predict(made.reshape(len(made), -1))),
        "real": purity(generator.recognition.recognise(other)[0][:, 0], label),
        "k_means": purity(clusters.predict(other.reshape(len(other), -1)), label),
        "cpu_seconds": seconds,
    }


def draw(count, seed):
    """Draw bars: uint8 (count, side, side) and their factors (count, 4) in [-1, 1]."""
    side = args.side
    factors = seeding.numpy_generator(seed, "bar").uniform(-1, 1, (count, 4))
    x, y = (0.25 * side * factors[:, i, None, None] for i in (0, 1))
    half = side * (0.2 + 0.08 * factors[:, 2, None, None])
    angle = factors[:, 3, None, None] * np.pi / 4
    across, down = np.meshgrid(*[np.arange(side) - (side - 1) / 2] * 2)
    along = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    beside = (down - y) * np.cos(angle) - (across - x) * np.sin(angle)
    far = np.hypot(np.maximum(np.abs(along) - half, 0), beside)
    ink = np.clip(0.5 + args.stroke / 2 - far, 0, 1)
    return np.rint(255 * ink).astype(np.uint8), factors


def reader():
    """Fit a network that reads the factors off bars; prints its R² on others."""
    x, factors = draw(12_000, 999)
    network = MLPRegressor(
        hidden_layer_sizes=(256, 128), early_stopping=True, random_state=0, max_iter=60
    )
    network.fit(x.reshape(len(x), -1) / 255, factors)
    other, truth = draw(2000, 998)
    error = np.square(network.predict(other.reshape(len(other), -1) / 255) - truth).mean(0)
    print("R² of the reader:", dict(zip(FACTORS, (1 - error / truth.var(0)).round(3), strict=True)))
    return network


def bar(seed, network):
    """Match codes to factors by the rank correlation of what is read off samples."""
    dataset = data.from_arrays(draw(args.rows, seed)[0], None, "bar")
    generator, seconds = train(dataset.x, dataset.units, {"continuous": 4, "latent": 0}, seed)
    address = seeding.fold(seed, "samples")
    made, _ = generator.sample(4000, seed=address)
    read = network.predict(made.reshape(len(made), -1) / 255)
    codes = generator.noise.sample(4000, address).numpy()
    correlation = np.abs(spearmanr(codes, read).statistic[:4, 4:])
    code, factor = linear_sum_assignment(-correlation)
    matched = dict(zip([FACTORS[f] for f in factor], correlation[code, factor], strict=True))
    ordered = sorted(matched.values(), reverse=True)
    return matched | {"third": ordered[2], "least": ordered[3], "cpu_seconds": seconds}


network = reader() if "bar" in args.parts else None
with reproducible(1):
    for part in args.parts:
        for seed in args.seeds:
            if not any((r["part"], r["seed"]) == (part, seed) for r in table):
                measured = digits(seed) if part == "digits" else bar(seed, network)
                plain = {name: float(value) for name, value in measured.items()}
                table.append({"part": part, "seed": seed} | plain)
                args.out.write_text(json.dumps(table, indent=2))
                print(table[-1], flush=True)

print("\n| data | figure | median | least | largest |\n|---|---|---|---|---|")
for part in args.parts:
    rows = [row for row in table if row["part"] == part]
    for name in [key for key in rows[0] if key not in ("part", "seed")]:
        values = [row[name] for row in rows]
        cells = " | ".join(f"{f(values):.3f}" for f in (np.median, min, max))
        print(f"| {part} | {name} | {cells} |")
