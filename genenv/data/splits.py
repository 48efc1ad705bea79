"""Disjoint, stratified rows: for the generator and model, the guide, the audit, and figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.data import near
from genenv.data.dataset import Dataset

# rows of each part when the digits, 1,797 rows, are split; other data keep the proportions
PARTS = {"train": 800, "guide": 250, "audit": 400, "calibration": 200, "test": 147}
# rows of each class that a part needs: the audit calibrates an SVM by five folds
LEAST = {"train": 2, "guide": 2, "audit": 5, "calibration": 1, "test": 1}

MOST_BYTES = 2**30  # of training rows as float32, which judge, metrics and report hold

FIFTH = 5  # one row in so many is held out for the metrics of a generator

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers, ascending and disjoint."""

    train: Rows  # of the data: the generator's and the default model's
    guide: Rows  # of the source, as all that follow: train the guide's oracles
    audit: Rows  # train the audit's oracles
    calibration: Rows  # set the thresholds of both
    test: Rows  # set nothing: printed figures come from them
    shares_rows: bool  # the source is the data itself, not a held-out set


def split(dataset: Dataset, seed: int, held_out: Dataset | None = None) -> Split:
    """Split a data set into the rows of each purpose.

    Parameters
    ----------
    dataset
        The data; without labels the split is by chance alone.
    seed
        Address of the order.
    held_out
        Other rows of the same kind, often `dataset.held_out`. Then `train` is all data and the
        other parts index `held_out`; None: all parts index `dataset`.

    Raises
    ------
    Mistake
        When a class has too few rows for a part, or the held-out rows are of another kind.
    """
    if held_out is None:
        train, guide, audit, calibration, test = _cut(dataset, seed, list(PARTS))
        return Split(train, guide, audit, calibration, test, shares_rows=True)
    check_alike(dataset, held_out)
    parts = [part for part in PARTS if part != "train"]
    guide, audit, calibration, test = _cut(held_out, seed, parts)
    return Split(np.arange(len(dataset)), guide, audit, calibration, test, shares_rows=False)


def held(split: Split, size: int) -> tuple[Split, tuple[str, ...]]:
    """Leave of the training rows those that are held in memory, and say so where there are more.

    A generator takes its batches from a file that is larger than memory; a judge, metrics and a
    report look at all rows that they have.

    Parameters
    ----------
    split
        Whose rows for other purposes stay.
    size
        Numbers in a row.
    """
    most, total = max(1, MOST_BYTES // (4 * size)), len(split.train)
    if total <= most:
        return split, ()
    chosen = seeding.numpy_generator(0, "held").permutation(total)[:most]
    words = (
        f"Judge, metrics, report, and the model where none was given, look at {most:,} of "
        f"{total:,} training rows, drawn evenly, as "
        "many as a gigabyte holds: of these they say what is the same, nearest, or learned."
    )
    return replace(split, train=split.train[np.sort(chosen)]), (words,)


def hold_out(
    dataset: Dataset, seed: int, least: int = 1
) -> tuple[Rows, tuple[NDArray[Any], Rows | None]]:
    """Set rows apart for the metrics of a generator.

    Parameters
    ----------
    dataset
        The data. Those that came with a test set of their own are all trained on.
    seed
        Address of the order.
    least
        Rows that are held out where a fifth is fewer.

    Returns
    -------
    Rows to train on, ascending; and the samples and class indices (None without labels) of the
    test set, or else of a stratified fifth.

    Raises
    ------
    Mistake
        When a class has too few rows, or the test set is of another kind.
    """
    other = dataset.held_out
    if other is not None:
        check_alike(dataset, other)
        return np.arange(len(dataset)), _rows_of(other, np.arange(len(other)))
    if dataset.label is not None:
        _check_fifth(dataset, dataset.label)
    order = stratified_order(dataset, seed)
    apart = max(len(order) // FIFTH, least)
    train, other_rows = _together(dataset, [order[:-apart], order[-apart:]])
    if not len(other_rows):  # all rows are nearly the same
        train, other_rows = np.sort(order[:-apart]), np.sort(order[-apart:])
    return train, _rows_of(dataset, other_rows)


def _rows_of(dataset: Dataset, rows: Rows) -> tuple[NDArray[Any], Rows | None]:
    return dataset.x[rows], None if dataset.label is None else dataset.label[rows]


def _check_fifth(dataset: Dataset, label: Rows) -> None:
    """Raise a Mistake unless a fifth of each class is a row or more."""
    counts = np.bincount(label, minlength=len(dataset.classes))
    fewest = int(counts.argmin())
    if counts[fewest] < FIFTH:
        raise checks.Mistake(
            f"{FIFTH} rows or more of each class, a fifth of them for metrics",
            f"{counts[fewest]} of class {dataset.classes[fewest]!r} in {dataset.name}",
            "give more rows, or choose no metrics",
        )


def _cut(dataset: Dataset, seed: int, parts: list[str]) -> list[Rows]:
    """Cut a stratified order at exact shares; rows that are nearly the same stay together.

    What the judge learns and is measured on has each row once: an interval of rows that came three
    times would be too narrow.
    """
    shares = np.array([PARTS[part] for part in parts]) / sum(PARTS[part] for part in parts)
    edges = np.rint(np.append(0, shares.cumsum()) * len(dataset)).astype(np.int64)
    order = stratified_order(dataset, seed)
    rows = _together(dataset, [order[low:high] for low, high in pairwise(edges)])
    once = near.counted_once(dataset.x, dataset.label)
    rows = [v if part == "train" else v[once[v]] for part, v in zip(parts, rows, strict=True)]
    for part, chosen in zip(parts, rows, strict=True):
        _check_enough(dataset, part, chosen, _rows_needed(parts, shares), once)
    return rows


def _together(dataset: Dataset, parts: list[Rows]) -> list[Rows]:
    """Move rows that are nearly the same into the part that has the first of them; ascending."""
    part_of = np.empty(len(dataset), np.int64)
    for number, rows in enumerate(parts):
        part_of[rows] = number
    part_of = part_of[near.groups(dataset.x)]
    return [np.flatnonzero(part_of == number) for number in range(len(parts))]


def stratified_order(dataset: Dataset, seed: int) -> Rows:
    """Shuffle the rows so that every stretch of the order has each class in proportion."""
    shuffled = seeding.numpy_generator(seed, "split").permutation(len(dataset))
    if dataset.label is None:
        return shuffled
    place = np.empty(len(dataset))
    label = dataset.label[shuffled]
    for c in range(len(dataset.classes)):
        own = np.nonzero(label == c)[0]
        place[own] = (np.arange(len(own)) + 0.5) / max(len(own), 1)
    return shuffled[np.argsort(place, kind="stable")]


def _rows_needed(parts: list[str], shares: NDArray[np.float64]) -> int:
    """Rows of a class that are enough for every part, whatever the rounding."""
    needs = [(LEAST[part] + 1) / share for part, share in zip(parts, shares, strict=True)]
    return int(np.ceil(max(needs)))


def _check_enough(
    dataset: Dataset, part: str, rows: Rows, needed: int, once: NDArray[np.bool_]
) -> None:
    if dataset.label is None:
        if len(rows) < LEAST[part]:
            raise checks.Mistake(f"{needed} rows or more", len(dataset), "give more data")
        return
    outputs = len(dataset.classes)
    counts = np.bincount(dataset.label[rows], minlength=outputs)
    worst = int(counts.argmin())
    if counts[worst] < LEAST[part]:
        total = np.bincount(dataset.label[once], minlength=outputs)[worst]
        different = "" if once.all() else "different ones "
        raise checks.Mistake(
            f"{needed} rows or more of each class, so that every part has some",
            f"{total} {different}of class {dataset.classes[worst]!r} in {dataset.name}",
            "give more rows of it, or leave that class out",
        )


def check_alike(dataset: Dataset, held_out: Dataset) -> None:
    """Raise a Mistake where held-out rows are not of the data's kind, shape and classes."""
    ours, theirs = dataset.units, held_out.units
    if (ours.kind, ours.shape, ours.integer) != (theirs.kind, theirs.shape, theirs.integer):
        raise checks.Mistake(
            f"held-out samples like the data, {ours.dtype} {ours.shape}",
            f"{theirs.dtype} {theirs.shape}",
            "bring both into one form",
        )
    if dataset.classes != held_out.classes:
        different = sorted(map(str, set(dataset.classes) ^ set(held_out.classes)))
        raise checks.Mistake(
            f"held-out rows of the data's {len(dataset.classes)} classes",
            f"{len(held_out.classes)} classes, different in {', '.join(different[:5]) or 'order'}",
            "give rows of every class and of no other",
        )
