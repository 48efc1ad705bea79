"""Generators that learn from what their predecessors made: what each arm learns from, and the law.

Shumailov et al. (arXiv 2305.17493) replace; Gerstgrasser et al. (arXiv 2404.01413) accumulate. Of a
Gaussian that is fitted by maximum likelihood the law is known: under replace the variance after t
generations of n rows has the mean (1 - 1/n)^t, under accumulate it stays, and the squared error of
the mean is pi^2/6n.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genenv import seeding

Rows = tuple[NDArray[Any], NDArray[np.int64]]  # x (n, ...), class indices (n,)


@dataclass(frozen=True)
class Arm:
    """What a generation learns from."""

    learns: Literal["last", "all", "some"]
    """The rows that the last generation made; the real ones and all that were made since; or as
    many of these by chance as there are real rows."""
    kept: str = "none"
    """Filter of what is made, see `mixing.FILTERS`."""


ARMS: dict[str, Arm] = {
    "replace": Arm("last"),
    "accumulate": Arm("all"),
    "accumulate-subsample": Arm("some"),
    "verified": Arm("last", "judge"),
    "critic": Arm("last", "critic"),
}


def pool(arm: Arm, real: Rows, made: Callable[[int], Rows], generation: int, seed: int) -> Rows:
    """Return what a generation learns from.

    Parameters
    ----------
    arm
        A value of ARMS.
    real
        What the first generation learned from.
    made
        The rows, as many as real ones, that a generation made: 1, 2, ...
    generation
        From 2 on.
    seed
        Address of the choice among all rows.
    """
    if arm.learns == "last":
        return made(generation - 1)
    parts = [real, *(made(before) for before in range(1, generation))]
    x, label = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    if arm.learns == "all":
        return x, label
    draws = seeding.numpy_generator(seed, "subsample", generation)
    rows = draws.permutation(len(x))[: len(real[0])]
    return x[rows], label[rows]


def shrinkage(spread: Sequence[float]) -> tuple[float, float] | None:
    """Return the factor c a generation in the line spread[0] c^t, and how well that explains them.

    Parameters
    ----------
    spread
        Of generations 1, 2, ...: above 0.

    Returns
    -------
    c, by least squares of the logarithms through the first one; and the share of the logarithms'
    variance that the line explains (below 0 where it is worse than their mean). None of fewer than
    three generations, or where a spread is 0.
    """
    if len(spread) < 3 or min(spread) <= 0:
        return None
    t = np.arange(len(spread))
    fallen = np.log(np.array(spread) / spread[0])
    slope = float(t @ fallen / (t @ t))
    total = float(((fallen - fallen.mean()) ** 2).sum())
    left = float(((fallen - slope * t) ** 2).sum())
    return math.exp(slope), 1 - left / total if total else 0.0
