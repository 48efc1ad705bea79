"""Accuracy of one classifier under every corruption at every strength, as a Markdown table.

A classifier of genenv (cnn for images, mlp for tables) learns the clean training rows; the rows
that came as a test set, or else a stratified fifth, are corrupted and classified. The levels in
genenv/corruptions were set with seed 0 so that at strength 3 Fashion-MNIST stays above 70 %, as do
scikit-learn's breast cancer and wine data under those of tables; the figures to report come from
another seed, which draws the classifier and the corruptions anew.
Kinds through kornia ask for 32 pixels a side: --pad 2 puts Fashion-MNIST's 28 on a black rim.
Examples: python scripts/corruptions.py /usr/share/datasets/fashion-mnist
          python scripts/corruptions.py /usr/share/datasets/fashion-mnist --pad 2 --kinds jpeg
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from genenv import data
from genenv.classifier import Classifier, fit_classifier
from genenv.corruptions import CORRUPTIONS, STRONGEST, names_for

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("data", help="what genenv.data.load takes: a name, a folder or an .npz file")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--kinds", nargs="+", default=None, help="default: all that apply")
parser.add_argument("--pad", type=int, default=0, help="black pixels to add on each side")
parser.add_argument("--rows", type=int, default=60_000, help="training rows at most")
parser.add_argument("--test", type=int, default=10_000, help="test rows at most")
parser.add_argument("--classifier", type=Path, default=None, help="kept here, or read from here")
parser.add_argument("--picture", type=Path, default=None, help="PNG: kinds by strengths")
parser.add_argument("--shown", type=int, default=3, help="samples a kind in the picture")
args = parser.parse_args()

CHUNK = 1000  # test rows at a time

dataset = data.load(args.data)
train, (x, label) = data.hold_out(dataset, args.seed)
train = train[: args.rows]
x, label = x[: args.test], label[: args.test]
x_train = dataset.x[train]
label_train = dataset.label[train]
units = dataset.units
if args.pad:
    rim = ((0, 0), (args.pad, args.pad), (args.pad, args.pad), (0, 0))[: 1 + len(units.shape)]
    x, x_train = (np.pad(some, rim, constant_values=units.low[0]) for some in (x, x_train))
    units = replace(units, shape=x.shape[1:])

if args.classifier and args.classifier.is_file():
    classifier = Classifier.load(args.classifier)
else:
    body = units.classifiers[0]
    outputs = len(dataset.classes)
    classifier = fit_classifier(body, x_train, label_train, units, outputs, args.seed)
    if args.classifier:
        classifier.save(args.classifier)


def accuracy(corruption, strength):
    """Share of the corrupted test rows that the classifier gets right, in %."""
    right = 0
    for start in range(0, len(x), CHUNK):
        rows = slice(start, start + CHUNK)
        spoilt = corruption.sample(x[rows], strength, args.seed, start)
        with torch.no_grad():
            guess = classifier(units.encode(units.tensor(spoilt))).argmax(1)
        right += int((guess.numpy() == label[rows]).sum())
    return 100 * right / len(x)


kinds = args.kinds or names_for(units)
strengths = range(STRONGEST + 1)
print(f"{args.data}: {len(x_train):,} training rows, {len(x):,} test rows, seed {args.seed};")
print(f"accuracy in %, standard error at most {50 / len(x) ** 0.5:.1f}\n")
print("| kind | amounts | " + " | ".join(map(str, strengths)) + " |")
print("|---|---|" + "---|" * len(strengths))
for kind in kinds:
    corruption = CORRUPTIONS[kind](units)
    amounts = ", ".join(f"{level:g}" for level in corruption.levels)
    cells = [f"{accuracy(corruption, strength):.1f}" for strength in strengths]
    print(f"| {kind} | {amounts} | {' | '.join(cells)} |", flush=True)

if args.picture:
    lines = []
    for kind in kinds:
        corruption = CORRUPTIONS[kind](units)
        tiles = [corruption.sample(x[: args.shown], strength, args.seed) for strength in strengths]
        line = units.picture(units.tensor(np.stack(tiles, 1).reshape(-1, *units.shape)))
        lines.append(torch.cat(list(line.permute(0, 2, 3, 1)), 1))
    sheet = (255 * torch.cat(lines)).round().byte().numpy()
    Image.fromarray(sheet.squeeze()).save(args.picture)
