"""How far laws of single columns and of pairs are from those of other rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from genenv.tables.cells import Floats
from genenv.tables.column import Column
from genenv.tables.schema import Schema

PARTS = 10  # of a number's law, where its association with other columns is asked for

Cells = NDArray[np.int64]


def marginals(rows: Floats, other: Floats, schema: Schema) -> float:
    """Return the mean distance of columns' laws: 0 equal, 1 without a value in common.

    Of numbers that of Kolmogorov and Smirnov, the largest difference of their distributions; of
    columns whose values are a list the total variation; a missing value is one more state.

    Parameters
    ----------
    rows, other
        Codes (n, columns), NaN where a value is missing.
    schema
        Of both.
    """
    columns = zip(schema.columns, rows.T, other.T, strict=True)
    return float(np.mean([marginal(*each) for each in columns]))


def marginal(column: Column, codes: Floats, other: Floats) -> float:
    """Return the distance of one column's laws, see `marginals`; codes (n,)."""
    if not column.discrete:
        return _kolmogorov(codes, other)
    states = len(column.values)
    return 0.5 * float(np.abs(_shares(codes, states) - _shares(other, states)).sum())


def association(rows: Floats, other: Floats, schema: Schema) -> float:
    """Return how much pairs of columns differ in Cramér's V (0 independent, 1 bound), on average.

    Numbers are cut at the deciles of `other`; a missing value is a part of its own. 0 of a table
    of one column.
    """
    cuts = [_cut(column, each) for column, each in zip(schema.columns, other.T, strict=True)]
    one = [_parts(codes, cut) for codes, cut in zip(rows.T, cuts, strict=True)]
    two = [_parts(codes, cut) for codes, cut in zip(other.T, cuts, strict=True)]
    pairs = combinations(range(len(cuts)), 2)
    apart = [abs(cramer(one[i], one[j]) - cramer(two[i], two[j])) for i, j in pairs]
    return float(np.mean(apart)) if apart else 0.0


def cramer(one: Cells, two: Cells) -> float:
    """Return Cramér's V of two columns of parts (n,), corrected for chance (Bergsma 2013)."""
    table = np.zeros((one.max() + 1, two.max() + 1))
    np.add.at(table, (one, two), 1)
    table = table[table.any(1)][:, table.any(0)]
    n = table.sum()
    free = np.array(table.shape) - 1
    expected = np.outer(table.sum(1), table.sum(0)) / n
    square = ((table - expected) ** 2 / expected).sum() / n
    above = max(square - free.prod() / max(n - 1, 1), 0.0)
    most = (free - free**2 / max(n - 1, 1)).min()
    return float(np.sqrt(min(above / most, 1.0))) if most > 0 else 0.0


def parts_of(column: Column, codes: Floats, other: Floats) -> Cells:
    """Return the part of its column's law each code is in: of a number its decile among `other`."""
    return _parts(codes, _cut(column, other))


def _kolmogorov(codes: Floats, other: Floats) -> float:
    """Compare numbers; missing ones count as the largest of all."""
    plain = [np.sort(np.where(np.isnan(each), np.inf, each)) for each in (codes, other)]
    values = np.unique(np.concatenate(plain))
    below = [np.searchsorted(each, values, side="right") / len(each) for each in plain]
    return float(np.abs(below[0] - below[1]).max())


def _shares(codes: Floats, states: int) -> Floats:
    own = np.where(np.isnan(codes), states, codes).astype(np.int64)
    return np.asarray(np.bincount(own, minlength=states + 1) / len(codes), np.float64)


def _cut(column: Column, codes: Floats) -> Floats:
    """Return the ends between a column's parts: (parts - 1,)."""
    if column.discrete:
        return np.asarray(np.arange(1, len(column.values)) - 0.5, np.float64)
    known = codes[~np.isnan(codes)]
    inner = np.arange(1, PARTS) / PARTS
    cuts = np.unique(np.quantile(known, inner)) if len(known) else np.empty(0)
    return np.asarray(cuts, np.float64)


def _parts(codes: Floats, cut: Floats) -> Cells:
    own = np.searchsorted(cut, codes, side="left")
    return np.where(np.isnan(codes), len(cut) + 1, own).astype(np.int64)
