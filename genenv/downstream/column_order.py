"""Whether a model's columns are other classes than they are read as."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

CHANCE = 0.01  # that a model which cannot tell classes apart seems to have some exchanged


@dataclass(frozen=True)
class Reordered:
    """The order of columns in which a model would be right most often."""

    right: float
    """Share of the rows on which it is right then."""
    certain: bool
    """Whether some of the classes are answered as one another, so that they are exchanged."""
    cure: str
    """What the user changes to have it."""


def reordered(
    guess: NDArray[np.int64], label: NDArray[np.int64], classes: tuple[int | str, ...]
) -> Reordered | None:
    """Find the order of columns that fits real rows best; None: it is the one that there is.

    A few classes that are exchanged cost a model of many little accuracy, but each of their rows.
    A model that takes one class for another, and that one for itself, has no better order.

    Parameters
    ----------
    guess
        (n,): the class that the model chose; -1 where it has no answer.
    label
        (n,): the right ones, indices of `classes`.
    classes
        As its columns are read.
    """
    from scipy.optimize import linear_sum_assignment

    k = len(classes)
    table = np.zeros((k, k), np.int64)
    answered = guess >= 0
    np.add.at(table, (guess[answered], label[answered]), 1)
    order = linear_sum_assignment(-table)[1]
    moved = [i for i in range(k) if order[i] != i and table[i].any()]
    if not moved:
        return None
    i = next((i for i in moved if _exchanged(table, _cycle(order, i))), moved[0])
    names = f"its column {i} is {classes[order[i]]!r}, not {classes[i]!r}"
    return Reordered(
        float(table[np.arange(k), order].sum() / len(label)),
        _exchanged(table, _cycle(order, i)),
        f"order its columns as the sorted labels ({names})",
    )


def _cycle(order: NDArray[np.int64], start: int) -> list[int]:
    """Return a class, and those that take one another's place together with it."""
    found = [start]
    while order[found[-1]] != start:
        found.append(int(order[found[-1]]))
    return found


def _exchanged(table: NDArray[np.int64], cycle: list[int]) -> bool:
    """Whether most rows of these classes are answered as the next, more than by chance.

    By chance is a model that cannot tell them apart, in the worst of all pairs of classes.
    """
    from scipy.stats import binomtest

    before = int(table[cycle, cycle].sum())
    after = int(table[cycle, [*cycle[1:], cycle[0]]].sum())
    if 2 * after <= table[:, cycle].sum():
        return False
    chance = binomtest(after, before + after, alternative="greater").pvalue
    return bool(chance * comb(len(table), 2) < CHANCE)
