"""Which columns of a table moved failures away from their nearest real rows, and which way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.codecs import Codec, Rows
from genenv.report.evidence import Failures

OFF = 0.1  # standard deviations of a column, from which on a number has moved
MOSTLY = 0.8  # of those that moved, that went one way
NAMED = 4  # columns in a sentence

Row = dict[str, Any]


def cells(units: Codec, x: NDArray[Any], near: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which cells of rows differ from those of others, (m, columns).

    Of a table: another category, a value where none was, or a number that is off by more than a
    tenth of its column's standard deviation. Of vectors: every number that is not equal.

    Parameters
    ----------
    units
        Of the data.
    x, near
        Stored rows (m, *units.shape).
    """
    if not isinstance(units, Rows):
        return np.asarray((x != near).reshape(len(x), -1))
    squares = _steps(units, x, near) ** 2
    columns = np.array(units.groups)
    own = [squares[:, columns == column].sum(1) for column in range(columns.max() + 1)]
    return np.stack(own, axis=1) > OFF**2


def columns(units: Rows, x: NDArray[Any], near: NDArray[Any]) -> list[Row]:
    """Count how often each column moved, the most moved first.

    Parameters
    ----------
    units, x, near
        See `cells`; one row or more.

    Returns
    -------
    Rows of `column`, `share` of the failures in which it moved, and `up`, the share of these that
    rose (None: the column has no order); columns that never moved are left out.
    """
    moved = cells(units, x, near)
    steps = _steps(units, x, near)
    rows = []
    for place, own in zip(units.places, moved.T, strict=True):
        up = None if place.states or not own.any() else float((steps[own, place.u] > 0).mean())
        rows.append({"column": place.column.name, "share": float(own.mean()), "up": up})
    return sorted((row for row in rows if row["share"]), key=lambda row: -row["share"])


def of_modes(units: Codec, failures: Failures, ids: Sequence[int]) -> list[list[Row] | None]:
    """Return `columns` of the failures of each mode; None of what is no table."""
    if not isinstance(units, Rows):
        return [None] * len(ids)
    own = [failures.mode == each for each in ids]
    return [columns(units, failures.x[rows], failures.nearest[rows]) for rows in own]


def words(rows: Sequence[Row] | None) -> str:
    """Write them for a reader; "" where nothing moved."""
    return ", ".join(_told(row) for row in (rows or ())[:NAMED])


def _told(row: Row) -> str:
    way = ""
    if row["up"] is not None and max(row["up"], 1 - row["up"]) >= MOSTLY:
        way = ", mostly up" if row["up"] >= MOSTLY else ", mostly down"
    return f"{row['column']} ({row['share']:.0%}{way})"


def _steps(units: Rows, x: NDArray[Any], near: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far rows lie from others in u, (m, width)."""
    return np.asarray((units.exact(units.tensor(x)) - units.exact(units.tensor(near))).numpy())
