"""How the numbers of a family's problems are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding

SPLITS = ("train", "test")
PARTS = (4, 2, 1)  # of the largest width and batch
REACH = 8.0  # by which a learning rate is drawn below and above the middle one
MIDDLE = (0.25, 0.75)  # of an episode, where something may change

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


def pick(u: Numbers, count: int) -> Rows:
    """Whole numbers from 0 to count - 1 of uniform ones."""
    return (u * count).astype(np.int64)


def between(u: Numbers, low: float, high: float) -> Numbers:
    """Log-uniform numbers of uniform ones."""
    numbers: Numbers = low * (high / low) ** u
    return numbers


def moments(keys: NDArray[np.uint64], budget: Rows, shift: NDArray[np.bool_]) -> Rows:
    """Decision after which something changes, by chance in the middle of a budget; -1: never.

    Keys, budgets and flags are (k,), and so is the answer.
    """
    u = seeding.uniforms(seeding.fold_rows(keys, "shift"), 1)[:, 0]
    low, high = (share * budget for share in MIDDLE)
    return np.where(shift, np.floor(low + u * (high - low + 1)), -1).astype(np.int64)


def check_family(split: str, shift: float, width: int, batch: int) -> None:
    """Raise a Mistake unless problems can be drawn so."""
    checks.choice("split", split, SPLITS)
    if not 0.0 <= shift <= 1.0:
        raise checks.Mistake("shift from 0 to 1", shift, "give a probability")
    for name, number in (("width", width), ("batch", batch)):
        if number < PARTS[0]:
            do = "raise it: a family draws quarters"
            raise checks.Mistake(f"{name} of {PARTS[0]} or more", number, do)
