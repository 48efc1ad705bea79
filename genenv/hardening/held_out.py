"""Which failures are learned from, and which are kept to measure on: by row, and by mode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding

MOST_LEARNED = 0.8  # of the failures of the modes that are learned from; the rest is held out

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class HeldOut:
    """Row numbers of failures, disjoint."""

    learned: Rows  # added to the real rows
    rows: Rows  # of the same modes, not learned
    modes: Rows  # of modes of which nothing was learned


def held_out(mode: NDArray[np.int64], amount: int, seed: int) -> HeldOut:
    """Part failures: half of the modes is held out whole, of the others a share of the rows.

    Rows of one mode are near copies of each other, as searches find them, so what is held out by
    row alone is nearly learned; what is held out by mode is not.

    Parameters
    ----------
    mode
        Of each failure, (m,).
    amount
        Rows to learn from; fewer where there are not as many.
    seed
        Address of the draw.

    Raises
    ------
    Mistake
        Failures of fewer than two modes, or too few of them.
    """
    rng = seeding.numpy_generator(seeding.fold(seed, "hold out failures"))
    names = rng.permutation(np.unique(mode))
    if len(names) < 2:
        raise checks.Mistake("failures of two modes or more", len(names), "search longer")
    kept = np.isin(mode, names[: len(names) // 2])
    pool = rng.permutation(np.flatnonzero(~kept))
    count = min(amount, int(MOST_LEARNED * len(pool)))
    if count < 1:
        raise checks.Mistake("failures to learn from", f"{len(pool)}", "search longer")
    return HeldOut(np.sort(pool[:count]), np.sort(pool[count:]), np.flatnonzero(kept))
