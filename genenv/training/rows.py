"""Checks of what is handed over to learn from."""

from __future__ import annotations

from genenv import checks
from genenv.data.dataset import Dataset


def check_rows(dataset: Dataset, unlabelled: bool = False) -> None:
    """Raise a Mistake unless rows and labels fit each other, the units and the classes.

    `unlabelled`: codes are learned in the place of labels, so there must be none.
    """
    x = dataset.x
    label = dataset.label
    units = dataset.units
    classes = dataset.classes
    checks.shape("x", x, (None, *units.shape))
    checks.finite("x", x)
    if len(x) < 2:
        raise checks.Mistake("at least 2 rows to learn from", len(x), "give more data")
    if (label is None) != (not classes):
        raise checks.Mistake(
            "label and classes together, or neither",
            f"label {'missing' if label is None else 'given'} and {len(classes)} classes",
            "leave both out for an unconditional generator",
        )
    if label is None:
        return
    if unlabelled:
        raise checks.Mistake(
            "no labels beside categorical codes, which are classes of their own",
            "labels",
            "give data without_labels(), or continuous codes alone",
        )
    checks.shape("label", label, (len(x),))
    if label.min() < 0 or label.max() >= len(classes):
        raise checks.Mistake(
            f"labels from 0 to {len(classes) - 1}",
            f"{label.min()} to {label.max()}",
            "give indices into the classes",
        )
