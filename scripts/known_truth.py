"""Ask a judge where the truth is known by construction: morphs, swapped labels, corrupted rows.

A judge learns drawn shapes (`genenv.generators.Shapes`). Morphs: every sample is taken for a
failure of the shape that it was drawn for; it is false to confirm one that shows the next shape, or
neither. Swapped: untouched shapes under the label of the next one. Prints the share confirmed by
the share of the next shape in a morph, then both shares of false confirmations, with 95 % Wilson
intervals over all seeds. With --corrupted real rows in place of shapes: untouched ones, spoilt in
each way at each strength, which still are of their class or of none; it is false to take one for
another, as it would be to confirm it under that label.

    python scripts/known_truth.py --seeds 0 1
    python scripts/known_truth.py --seeds 0 1 --corrupted digits
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from genenv import corruptions, data, intervals, judge, seeding
from genenv.generators import Shapes
from genenv.generators.shapes import BETWEEN, morph

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
parser.add_argument("--rows", type=int, default=700, help="that a judge learns")
parser.add_argument("--morphs", type=int, default=4000)
parser.add_argument("--corrupted", metavar="DATA", help="whose untouched rows are corrupted")

shapes = Shapes()


def confirmed(made, x, label):
    """Whether a judge confirms samples as failures of their conditions, whatever a model says."""
    other = (label + 1) % len(shapes.classes)
    return made.verdicts(x, label, np.ones(len(x)), other) == judge.Verdict.CONFIRMED


def words(flags):
    """Write a share with its interval."""
    low, high = intervals.wilson(int(flags.sum()), len(flags))
    return f"{flags.mean():.3f} [{low:.3f}, {high:.3f}] of {len(flags):,}"


def corrupted(arguments):
    """Print by kind and strength which rows are taken for their class, and for another one."""
    dataset = data.load(arguments.corrupted)
    kinds = corruptions.names_for(dataset.units)
    own = {kind: [[] for _ in range(corruptions.STRONGEST + 1)] for kind in kinds}
    other = {kind: [[] for _ in range(corruptions.STRONGEST + 1)] for kind in kinds}
    for seed in arguments.seeds:
        parts = data.split(dataset, seed)
        made = judge.make_judge(dataset, dataset, parts, seed)
        x, label = dataset.pick(parts.test)
        for kind in kinds:
            corruption = corruptions.CORRUPTIONS[kind](dataset.units)
            keys = seeding.fold_rows(seed, "known truth", kind, np.arange(len(x)))
            e = torch.from_numpy(seeding.normals(keys, corruption.base_dim))
            for strength in range(corruptions.STRONGEST + 1):
                spoilt = corruption.apply(x, e, strength)
                taken = made.judged(spoilt, label, np.ones(len(x)), label).accepted
                sound = made.realistic(spoilt) & (taken >= 0)
                own[kind][strength].append(sound & (taken == label))
                other[kind][strength].append(sound & (taken != label))
    for kind in kinds:
        for strength in range(corruptions.STRONGEST + 1):
            right, wrong = (np.concatenate(part[kind][strength]) for part in (own, other))
            print(f"{kind} {strength}: its class {words(right)}, another {words(wrong)}")
    for strength in range(corruptions.STRONGEST + 1):
        right, wrong = (
            np.concatenate([flags for kind in kinds for flags in part[kind][strength]])
            for part in (own, other)
        )
        print(f"all {strength}: its class {words(right)}, another {words(wrong)}")


def drawn(arguments):
    """Print shares of morphs and of swapped conditions that are confirmed."""
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


def main():
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    (corrupted if arguments.corrupted else drawn)(arguments)


if __name__ == "__main__":
    main()
