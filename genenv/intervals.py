"""How sure a figure is: intervals of shares and statistics, and p-values, all of scipy.

Every draw comes from the generator of random numbers that is handed over, so it has an address
(`seeding.numpy_generator`).
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from genenv import checks

LEVEL = 0.95
DRAWS = 2000  # of a bootstrap
PERMUTATIONS = 9999  # of a test where there are more than that

Bounds = tuple[float, float]


def wilson(count: int, total: int, level: float = LEVEL) -> Bounds:
    """Return Wilson's interval of a share (1927); of nothing, nothing is known: 0 to 1.

    It covers `level` in the mean over shares, and less than that of some near 0 and 1.

    Raises
    ------
    Mistake
        The count is not one of 0 to `total`.
    """
    return _of_share(count, total, "two-sided", "wilson", level)


def exact(count: int, total: int, level: float = LEVEL) -> Bounds:
    """Return the interval of a share that covers at least `level` of the time, whatever the share.

    Clopper and Pearson 1934; it takes the two tails alike. Raises as `wilson` does.
    """
    return _of_share(count, total, "two-sided", "exact", level)


def at_most(count: int, total: int, level: float = LEVEL) -> float:
    """Return the exact upper bound of a share, one-sided: 1 − (1 − level)^(1/n) for a count of 0.

    Of the rule of three, 3/n (Hanley and Lippman-Hand 1983), it is what that approximates: at
    n = 10 0.259, not 0.3. Raises as `wilson` does.
    """
    return _of_share(count, total, "less", "exact", level)[1]


def at_least(count: int, total: int, level: float = LEVEL) -> float:
    """Return the exact lower bound of a share, one-sided. Raises as `wilson` does."""
    return _of_share(count, total, "greater", "exact", level)[0]


def of_mean(values: ArrayLike, rng: np.random.Generator, level: float = LEVEL) -> Bounds:
    """Return the bootstrap interval of the mean of (n,) values, n at least 2, see `bootstrap`."""
    return bootstrap(np.mean, (values,), rng, level, vectorized=True)


def bootstrap(
    statistic: Callable[..., Any],
    columns: tuple[ArrayLike, ...],
    rng: np.random.Generator,
    level: float = LEVEL,
    vectorized: bool = False,
) -> Bounds:
    """Return the percentiles of a statistic over 2,000 draws of rows with repetition.

    Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3. Of few rows it is too
    narrow: of the mean of ten normal values it holds about 90 %.

    Parameters
    ----------
    statistic
        Columns (n,) each -> a number; NaN where the drawn rows have none: these draws are left out.
    columns
        (n,) each, drawn by whole rows.
    rng
        Of the draws.
    level
        Share of the draws between the bounds.
    vectorized
        The statistic takes columns (…, n) and `axis`, for all draws at once.

    Raises
    ------
    Mistake
        Columns of unlike lengths, or of fewer than two rows: one says nothing of its spread.
    """
    arrays = [np.asarray(column) for column in columns]
    for array in arrays:
        checks.shape("a column", array, (len(arrays[0]),))
    if len(arrays[0]) < 2:
        raise checks.Mistake("two values or more", len(arrays[0]), "give more, or no interval")
    with warnings.catch_warnings():
        # scipy warns of draws without a figure, which its own percentiles cannot leave out
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        drawn = stats.bootstrap(
            arrays, statistic, n_resamples=DRAWS, paired=True, vectorized=vectorized,
            method="percentile", rng=rng,
        ).bootstrap_distribution  # fmt: skip
    tail = (1 - level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def paired(
    first: ArrayLike, second: ArrayLike, rng: np.random.Generator, side: str = "two-sided"
) -> float:
    """Return the p-value of the mean difference of pairs, first less second.

    It is the share of differences as large, if which of a pair is which says nothing.
    The signs of differences are flipped in every way, where there are up to 9,999 ways, else in so
    many that are drawn. Good 2005, Permutation, Parametric and Bootstrap Tests, section 3.7.

    Parameters
    ----------
    first, second
        (n,) each, the same problems in the same order; n at least 2.
    rng
        Of the draws.
    side
        two-sided; greater: of a difference as large or larger; less: as small or smaller.

    Raises
    ------
    Mistake
        Columns of unlike lengths, or fewer than two pairs.
    """
    checks.shape("second", np.asarray(second), np.shape(first))
    difference = np.subtract(first, second)
    if len(difference) < 2:
        raise checks.Mistake("two pairs or more", len(difference), "give more")
    found = stats.permutation_test(
        (difference,), np.mean, permutation_type="samples", vectorized=True,
        n_resamples=PERMUTATIONS, rng=rng, alternative=side,
    )  # fmt: skip
    return float(found.pvalue)


def paired_shares(only_first: int, only_second: int, total: int, level: float = LEVEL) -> Bounds:
    """Return the interval of a difference of two shares of the same rows, second minus first.

    Bonett and Price 2012, adjusted Wald: one row more in which only the first has it, and one in
    which only the second has it. Without any row in which they differ it still has a width.

    Parameters
    ----------
    only_first, only_second
        Rows in which one alone has it.
    total
        All rows, at least one.

    Raises
    ------
    Mistake
        More rows that differ than rows.
    """
    checks.integer("total", total)
    if min(only_first, only_second) < 0 or only_first + only_second > total:
        got = f"{only_first} and {only_second}"
        raise checks.Mistake(f"counts that add up to {total} at most", got, "count again")
    first, second = (only_first + 1) / (total + 2), (only_second + 1) / (total + 2)
    difference = second - first
    width = stats.norm.isf((1 - level) / 2) * np.sqrt(
        (first + second - difference**2) / (total + 2)
    )
    return float(max(-1.0, difference - width)), float(min(1.0, difference + width))


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return p-values (n,) adjusted so that calling those up to α errs anywhere in α at most.

    Holm 1979, A simple sequentially rejective multiple test procedure: the k-th smallest of n,
    times n + 1 - k, and never less than the one before it. Raises as `q_values` does.
    """
    values = _p_values(p)
    order = np.argsort(values, kind="stable")
    left = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * left), 1)
    return adjusted


def q_values(p: ArrayLike) -> NDArray[np.float64]:
    """Return for each p-value the least share of false discoveries at which it is one.

    Benjamini and Hochberg 1995: keeping those with q at most 0.1 keeps a tenth of false ones in
    expectation, if the p-values are independent.

    Parameters
    ----------
    p
        (n,), each in [0, 1].

    Raises
    ------
    Mistake
        A value outside [0, 1].
    """
    values = _p_values(p)
    return np.asarray(stats.false_discovery_control(values)) if len(values) else values


def _p_values(p: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(p, np.float64)
    checks.shape("p-values", values, (None,))
    if not ((values >= 0) & (values <= 1)).all():
        raise checks.Mistake("p-values from 0 to 1", f"{values.min()} to {values.max()}", "mend p")
    return values


@functools.lru_cache(4096)  # scipy takes 0.3 ms, and pages and limits ask for the same again
def _of_share(count: int, total: int, side: str, method: str, level: float) -> Bounds:
    if not 0 <= count <= total:
        raise checks.Mistake(f"a count from 0 to {total}", count, "count again")
    if total == 0:
        return 0.0, 1.0
    test = stats.binomtest(count, total, alternative=side)
    low, high = test.proportion_ci(confidence_level=level, method=method)
    return float(low), float(high)
