"""Numbers as normal scores: z = Φ⁻¹(u), u uniform between F(v−) and F(v); back by inverse CDF."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from genenv.tables.cells import Floats
from genenv.tables.column import Column

KNOTS = 1_000  # of the law of a column whose values are mostly distinct
ROWS_EACH = 8  # that a knot needs at the least
MOST = 1 - 2.0**-40  # of u: its score is finite


@dataclass(frozen=True)
class Scores:
    """The law of one column of numbers, as steps and slopes.

    The distribution rises from `first` to `last` at each value, and in a straight line between
    values. Of few values all are kept, and nothing lies between them; where most rows have one of
    their own, a row's value would be somebody's: quantiles are kept, and values lie in between.
    """

    values: Floats
    """(knots,) ascending codes."""
    first: Floats
    """(knots,): F just below each value, ascending from 0."""
    last: Floats
    """(knots,): F at each value, up to 1."""
    decimals: int | None
    """Digits to round to; None: none."""

    @classmethod
    def fit(cls, column: Column, codes: Floats) -> Scores:
        """Take the law of a column's codes, (n,), NaN where a value is missing."""
        known = codes[~np.isnan(codes)]
        decimals = 0 if column.discrete else column.decimals
        if not len(known):
            known = np.array([column.low or 0.0])
        values, counts = np.unique(known, return_counts=True)
        if 2 * len(values) <= len(known) or len(values) < ROWS_EACH:
            last = np.cumsum(counts) / len(known)
            return cls(values, np.append(0.0, last[:-1]), last, decimals)
        return cls(*_quantiles(known), decimals)

    def encode(self, codes: Floats, share: Floats) -> Floats:
        """Return scores (n,) of codes (n,): the `share` (n,), in [0, 1], of the way up each step.

        A missing value has the score of its share alone, which tells nothing.
        """
        known = np.where(np.isnan(codes), self.values[0], codes)
        at = np.searchsorted(self.values, known).clip(0, len(self.values) - 1)
        on = self.values[at] == known
        between = self._between(known, at)
        low = np.where(on, self.first[at], between)
        high = np.where(on, self.last[at], between)
        u = np.where(np.isnan(codes), share, low + share * (high - low))
        return np.asarray(ndtri(np.clip(u, 1 - MOST, MOST)), np.float64)

    def decode(self, scores: Floats | NDArray[np.float32]) -> Floats:
        """Return codes (n,) of scores (n,): where F reaches Φ(score)."""
        u = ndtr(scores.astype(np.float64))
        ends = np.stack([self.first, self.last], axis=1).ravel()
        codes = np.interp(u, ends, np.repeat(self.values, 2))
        if self.decimals is not None:
            codes = np.round(codes, self.decimals)
        return np.asarray(np.clip(codes, self.values[0], self.values[-1]), np.float64)

    def _between(self, codes: Floats, at: NDArray[np.int64]) -> Floats:
        """Return F of codes (n,) that lie below value `at` (n,) and above the one before."""
        before = np.maximum(at - 1, 0)
        low, width = self.values[before], self.values[at] - self.values[before]
        share = np.clip((codes - low) / np.where(width > 0, width, 1.0), 0, 1)
        rise = self.first[at] - self.last[before]
        return np.asarray(self.last[before] + share * np.maximum(rise, 0), np.float64)


def _quantiles(known: Floats) -> tuple[Floats, Floats, Floats]:
    """Lay knots at equal steps of F; knots of one value become one step."""
    count = min(KNOTS, max(len(known) // ROWS_EACH, 1))
    places = np.arange(count + 1) / count
    knots = np.quantile(known, places)
    values, start, repeated = np.unique(knots, return_index=True, return_counts=True)
    return values, places[start], places[start + repeated - 1]
