"""Which columns of a table moved failures away from their nearest real rows, and which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import intervals
from genenv.codecs import Codec, Rows
from genenv.judge.neighbours import Neighbours
from genenv.report.evidence import Failures

OFF = 0.1  # standard deviations of a column, from which on a number has moved
MOSTLY = 0.8  # of those failures, that went one way
LEAST = 0.1  # of a mode's failures, below which a column is not told
MOST = 1_000  # real rows that tell what is usual
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
    return _sizes(units, x, near) > OFF


@dataclass(frozen=True)
class Usual:
    """How far real rows of a table lie from their own nearest other real rows: the base rate."""

    step: NDArray[np.float64]
    """(columns,): what the step in a column is at most in nine of ten real rows; OFF or more."""
    farthest: NDArray[np.float64]
    """(columns,): share of the real rows whose farthest column it is."""

    @classmethod
    def of(cls, units: Rows, x: NDArray[Any]) -> Usual:
        """Measure stored rows (n, *units.shape), two or more; of more than MOST some, evenly."""
        points = units.encode(units.tensor(x)).flatten(1)
        own = np.arange(0, len(x), -(-len(x) // MOST))
        found = Neighbours(points).nearest(points[own])[:, :2].numpy()
        other = np.where(found[:, 0] == own, found[:, 1], found[:, 0])
        sizes = _sizes(units, x[own], x[other])
        step = np.maximum(np.quantile(sizes, 0.9, axis=0), OFF)
        return cls(step, _farthest(sizes / step).mean(axis=0))


def columns(units: Rows, x: NDArray[Any], near: NDArray[Any], usual: Usual) -> list[Row]:
    """Count in which column failures lie farthest from their nearest real rows.

    The nearest row to one whose income was raised is another row, which differs in all the other
    columns a little: how often a column differs blames them, too. Each failure has one farthest
    column, its step in units of `usual.step`; a column is told where it is the farthest more often
    than in real rows against their own nearest ones, by a 95 % bound, and in a tenth of them.

    Parameters
    ----------
    units, x, near
        See `cells`; one row or more.
    usual
        Of the real rows that `near` are of.

    Returns
    -------
    Rows of `column`, `share` of the failures whose farthest column it is, `real`, that of real
    rows, and `up`, the share of these failures in which it rose (None: the column has no order).
    """
    farthest = _farthest(_sizes(units, x, near) / usual.step)
    steps = _steps(units, x, near)
    rows = []
    for place, own, real in zip(units.places, farthest.T, usual.farthest, strict=True):
        share = float(own.mean())
        if share < LEAST or intervals.wilson(int(own.sum()), len(own))[0] <= real:
            continue
        up = None if place.states else float((steps[own, place.u] > 0).mean())
        rows.append({"column": place.column.name, "share": share, "real": float(real), "up": up})
    return sorted(rows, key=lambda row: -row["share"])


def of_modes(
    units: Codec, failures: Failures, ids: Sequence[int], real: NDArray[Any]
) -> list[list[Row] | None]:
    """Return `columns` of the failures of each mode; None of what is no table.

    Parameters
    ----------
    units, failures, ids
        Of the data; all failures; modes asked for.
    real
        Stored rows (n, *units.shape), among which the nearest ones were sought.
    """
    if not isinstance(units, Rows) or not ids:
        return [None] * len(ids)
    usual = Usual.of(units, real)
    own = [failures.mode == each for each in ids]
    return [columns(units, failures.x[rows], failures.nearest[rows], usual) for rows in own]


def words(rows: Sequence[Row] | None) -> str:
    """Write them for a reader; "" where no column stands out."""
    return ", ".join(_told(row) for row in (rows or ())[:NAMED])


def _told(row: Row) -> str:
    way = ""
    if row["up"] is not None and max(row["up"], 1 - row["up"]) >= MOSTLY:
        way = ", mostly up" if row["up"] >= MOSTLY else ", mostly down"
    return f"{row['column']} ({row['share']:.0%}{way}; real rows {row['real']:.0%})"


def _farthest(steps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the largest step of each row (n, columns); none in a row without any."""
    largest = steps.argmax(axis=1)[:, None] == np.arange(steps.shape[1])
    return np.asarray(largest & (steps > 0))


def _sizes(units: Rows, x: NDArray[Any], near: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far rows lie from others in each column, (m, columns)."""
    squares = _steps(units, x, near) ** 2
    columns = np.array(units.groups)
    own = [squares[:, columns == column].sum(1) for column in range(columns.max() + 1)]
    return np.asarray(np.sqrt(np.stack(own, axis=1)))


def _steps(units: Rows, x: NDArray[Any], near: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far rows lie from others in u, (m, width)."""
    return np.asarray((units.exact(units.tensor(x)) - units.exact(units.tensor(near))).numpy())
