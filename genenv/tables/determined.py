"""Columns that another column determines: found, left out of what is learned, derived again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genenv.tables.cells import Floats
from genenv.tables.schema import Schema

ROWS_EACH = 20  # that a value of the determining column has on average, or it is chance


@dataclass(frozen=True)
class Determined:
    """A column that is a function of another one on every row that was learned from."""

    column: int
    """Its number in the schema."""
    by: int
    """Number of the column that determines it."""
    asked: Floats
    """(values,): codes of that column, ascending, a missing one as infinity."""
    answers: Floats
    """(values,): the code that each of them brings, NaN where it is missing."""

    def derive(self, codes: Floats) -> Floats:
        """Return its codes (n,) from those of the other column (n,)."""
        plain = _plain(codes)
        at = np.searchsorted(self.asked, plain).clip(0, len(self.asked) - 1)
        return np.asarray(self.answers[at], np.float64)


Keys = tuple[Floats, NDArray[np.intp]]  # values, and which of them each row has


def find(codes: Floats, schema: Schema) -> tuple[Determined, ...]:
    """Find columns that another one determines; each is derived after those that follow it.

    Of two columns that determine each other the first is kept; the target always is.

    Parameters
    ----------
    codes
        (n, columns) to learn from.
    schema
        Of them.
    """
    keys: list[Keys] = [np.unique(_plain(own), return_inverse=True) for own in codes.T]
    gone: dict[int, Determined] = {}
    for column, name in enumerate(schema.names):
        if name == schema.target:
            continue
        by = next((k for k in range(len(keys)) if _derives(k, column, keys, gone, schema)), None)
        if by is not None:
            gone[column] = _map(column, by, codes, keys[by])
    return tuple(gone.values())


def derived(codes: Floats, gone: tuple[Determined, ...]) -> Floats:
    """Return codes (n, columns) with the columns that others determine filled in."""
    whole = codes.copy()
    for each in reversed(gone):  # what a later one brings an earlier one may need
        whole[:, each.column] = each.derive(whole[:, each.by])
    return whole


def _derives(
    by: int, column: int, keys: list[Keys], gone: dict[int, Determined], schema: Schema
) -> bool:
    """Whether a column that is kept determines another one."""
    if by == column or by in gone or not _bound(keys[by], keys[column]):
        return False
    alike = by > column and _bound(keys[column], keys[by])
    return not alike or schema.names[by] == schema.target


def _bound(by: Keys, column: Keys) -> bool:
    """Whether each value of one column comes with one value of the other, and not by chance."""
    values, rows = by
    if len(values) * ROWS_EACH > len(rows) or not 2 <= len(column[0]) <= len(values):
        return False
    pairs = np.unique(rows.astype(np.int64) * len(column[0]) + column[1])
    return len(pairs) == len(values)


def _map(column: int, by: int, codes: Floats, keys: Keys) -> Determined:
    values, rows = keys
    _, where = np.unique(rows, return_index=True)
    return Determined(column, by, values, codes[where, column])


def _plain(codes: Floats) -> Floats:
    return np.where(np.isnan(codes), np.inf, codes)
