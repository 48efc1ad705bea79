"""Ask a judge where the truth is known by construction: morphs between two shapes, swapped labels.

A judge learns drawn shapes (`genenv.generators.Shapes`). Morphs: every sample is taken for a
failure of the shape that it was drawn for; it is false to confirm one that shows the next shape, or
neither. Swapped: untouched shapes under the label of the next one. Prints the share confirmed by
the share of the next shape in a morph, then both shares of false confirmations, with 95 % Wilson
intervals over all seeds.

    python scripts/known_truth.py --seeds 0 1
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from genenv import intervals, judge
from genenv.generators import Shapes
from genenv.generators.shapes import BETWEEN, morph

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
parser.add_argument("--rows", type=int, default=700, help="that a judge learns")
parser.add_argument("--morphs", type=int, default=4000)

shapes = Shapes()


def confirmed(made, x, label):
    """Whether a judge confirms samples as failures of their conditions, whatever a model says."""
    other = (label + 1) % len(shapes.classes)
    return made.verdicts(x, label, np.ones(len(x)), other) == judge.Verdict.CONFIRMED


def words(flags):
    """Write a share with its interval."""
    low, high = intervals.wilson(int(flags.sum()), len(flags))
    return f"{flags.mean():.3f} [{low:.3f}, {high:.3f}] of {len(flags):,}"


def main():
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = {"share": [], "taken": [], "swapped": [], "own": []}
    for seed in arguments.seeds:
        x, label = shapes.rows(arguments.rows, seed)
        made = judge.make(shapes.units, shapes.classes, (x, label), seed)
        e = shapes.noise.base(arguments.morphs, seed, 500_000)
        e[:, 0] = torch.linspace(0, 4, len(e))
        condition = shapes.labels(len(e), seed, 500_000)
        with torch.no_grad():
            u = shapes.from_base(e, torch.from_numpy(condition))
        found["share"].append(morph(e).numpy())
        found["taken"].append(
            confirmed(made, shapes.units.store(shapes.units.decode(u)), condition)
        )
        fresh, own = shapes.rows(arguments.morphs, seed, 600_000)
        found["swapped"].append(confirmed(made, fresh, (own + 1) % len(shapes.classes)))
        found["own"].append(confirmed(made, fresh, own))
    share, taken, swapped, own = (np.concatenate(part) for part in found.values())
    for low in np.arange(0, 1, 0.1):
        part = (share >= low) & (share < low + 0.1)
        print(
            f"share of the next shape {low:.1f} to {low + 0.1:.1f}: confirmed {words(taken[part])}"
        )
    print(f"morphs that do not show their condition: confirmed {words(taken[share >= BETWEEN[0]])}")
    print(f"swapped conditions: confirmed {words(swapped)}")
    print(f"their own conditions: confirmed {words(own)}")


if __name__ == "__main__":
    main()
