"""Columns that another column determines: found, left out of what is learned, derived again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.tables.cells import Floats
from genenv.tables.conditions import Allowed, Condition
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

    def where(self, allowed: Allowed) -> Allowed:
        """Return the codes of the other column that bring allowed ones."""
        codes = self.asked[allowed.holds(self.answers)]
        points = tuple((code, code) for code in codes[np.isfinite(codes)].tolist())
        return Allowed(points, missing=len(points) < len(codes))


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


def asked(condition: Condition, gone: tuple[Determined, ...], names: Sequence[str]) -> Condition:
    """Return a condition on the columns that are kept, which is met where the whole one is."""
    found = dict(condition)
    for each in gone:
        if (own := found.pop(names[each.column], None)) is not None:
            by, where = names[each.by], each.where(own)
            found[by] = found[by] & where if by in found else where
    return found


def to_arrays(gone: tuple[Determined, ...]) -> dict[str, NDArray[Any]]:
    """Return derivations as arrays by name."""
    found: dict[str, NDArray[Any]] = {"gone": np.array([each.column for each in gone], np.int64)}
    for each in gone:
        found[f"by_{each.column}"] = np.array([each.by])
        found[f"asked_{each.column}"] = each.asked
        found[f"answers_{each.column}"] = each.answers
    return found


def from_arrays(held: Mapping[str, NDArray[Any]]) -> tuple[Determined, ...]:
    """Read what `to_arrays` wrote.

    Raises
    ------
    KeyError, ValueError
        An array is missing, or another one than was written.
    """
    return tuple(
        Determined(i, int(held[f"by_{i}"][0]), held[f"asked_{i}"], held[f"answers_{i}"])
        for i in held["gone"].tolist()
    )


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
