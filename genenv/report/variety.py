"""How many modes there are: those found, their pairs, and how many a statistic says are left."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from genenv.report.numerals import count, plural

POINTS = 12  # of the curve


def variety(mode: NDArray[np.int64], group: NDArray[np.int64]) -> dict[str, Any]:
    """Count modes among distinct failures, and estimate how many there are.

    Parameters
    ----------
    mode, group
        Of distinct failures (m,): the mode of each, and its pair of condition and prediction.

    Returns
    -------
    A dict of `VARIETY_KEYS`, see `report.document`.
    """
    _, sizes = np.unique(mode, return_counts=True)
    once, twice = int((sizes == 1).sum()), int((sizes == 2).sum())
    return {
        "modes": len(sizes),
        "pairs": len(np.unique(group)),
        "once": once,
        "chao1": len(sizes) + once * (once - 1) / (2 * (twice + 1)),
        "curve": rarefied(sizes),
    }


def rarefied(sizes: NDArray[np.int64]) -> list[list[float]]:
    """Return how many modes so many distinct failures are expected to show, as pairs.

    Hurlbert's rarefaction (1971, https://doi.org/10.2307/1934145): of N failures n are drawn
    without repetition; mode i of size N_i is missed with probability C(N - N_i, n) / C(N, n).

    Parameters
    ----------
    sizes
        Distinct failures of each mode, (modes,).
    """
    total = int(sizes.sum())
    taken = np.unique(np.linspace(0, total, POINTS).round().astype(int))
    curve = []
    for n in taken.tolist():
        left = total - sizes
        fits = left >= n
        ratio = np.where(fits, left, n)
        missed = gammaln(ratio + 1) - gammaln(ratio - n + 1) - gammaln(total + 1)
        missed = np.where(fits, np.exp(missed + gammaln(total - n + 1)), 0.0)
        curve.append([float(n), float((1 - missed).sum())])
    return curve


def words(found: dict[str, Any]) -> str:
    """Say how many modes are left to find, and what that figure is worth."""
    if not found["modes"]:
        return ""
    left = found["chao1"] - found["modes"]
    return (
        f"{plural(found['modes'], 'mode')} of {plural(found['pairs'], 'pair')} of condition and "
        f"prediction; {count(found['once'])} of them are one failure each. At least about "
        f"{count(left)} more are left to find (Chao1), as far as distinct failures come like "
        "independent draws, which those of searches do not; compare modes at equal budgets alone."
    )
