"""How the numbers of a family's problems are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding

SPLITS = ("train", "test")
PARTS = (4, 2, 1)  # of the largest width and batch
MOST_WRONG = 0.3  # share of what is learned from that is wrong
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


def unseen(keys: NDArray[np.uint64], reach: float) -> Numbers:
    """Factors that episodes hide from their agents, (k,): from one part in `reach` to as many."""
    u = seeding.uniforms(seeding.fold_rows(keys, "hidden"), 1)[:, 0]
    return between(u, 1 / reach, reach)


def check_hidden(reach: float) -> float:
    """Return how far what is hidden may reach, or raise a Mistake below 1."""
    checks.number("hidden", reach)
    if not 1.0 <= reach < np.inf:
        raise checks.Mistake("hidden of 1 or more", reach, "give a factor; 1 hides nothing")
    return float(reach)


def moments(keys: NDArray[np.uint64], budget: Rows, shift: NDArray[np.bool_]) -> Rows:
    """Decision after which something changes, by chance in the middle of a budget; -1: never.

    Keys, budgets and flags are (k,), and so is the answer.
    """
    u = seeding.uniforms(seeding.fold_rows(keys, "shift"), 1)[:, 0]
    low, high = (share * budget for share in MIDDLE)
    return np.where(shift, np.floor(low + u * (high - low + 1)), -1).astype(np.int64)


def check_share(name: str, share: float) -> float:
    """Return a share, or raise a Mistake where it is none."""
    checks.number(name, share)
    if not 0.0 <= share <= 1.0:
        raise checks.Mistake(f"{name} from 0 to 1", share, "give a probability")
    return float(share)


def check_family(split: str, shift: float, width: int, batch: int) -> None:
    """Raise a Mistake unless problems can be drawn so."""
    checks.choice("split", split, SPLITS)
    check_share("shift", shift)
    for name, number in (("width", width), ("batch", batch)):
        if number < PARTS[0]:
            do = "raise it: a family draws quarters"
            raise checks.Mistake(f"{name} of {PARTS[0]} or more", number, do)
