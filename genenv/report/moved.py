"""Which columns of a table moved failures away from their nearest real rows, and which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact
from torch import Tensor

from genenv.codecs import Codec, Rows
from genenv.judge.neighbours import Neighbours
from genenv.report.evidence import Failures

OFF = 0.1  # standard deviations of a column, from which on a number has moved
MOSTLY = 0.8  # of those failures, that went one way
LEAST = 0.1  # of a mode's failures, below which a column is not told
MOST = 1_000  # real rows that tell what is usual
RISK = 0.05  # that a column of a mode is told by chance
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


@dataclass(frozen=True, eq=False)
class Usual:
    """How far real rows of a table lie from their own nearest other real rows: the base rate."""

    units: Rows
    x: NDArray[Any]
    """(n, *units.shape), stored, two or more."""
    neighbours: Neighbours
    step: NDArray[np.float64]
    """(columns,): what the step in a column is at most in nine of ten real rows; OFF or more."""

    @classmethod
    def of(cls, units: Rows, x: NDArray[Any]) -> Usual:
        """Measure stored rows (n, *units.shape), two or more; of more than MOST some, evenly."""
        neighbours = Neighbours(_points(units, x))
        bare = cls(units, x, neighbours, np.ones(len(units.places)))
        sizes = bare._own(_some(np.arange(len(x))))
        return replace(bare, step=np.maximum(np.quantile(sizes, 0.9, axis=0), OFF))

    def around(self, x: NDArray[Any]) -> NDArray[np.bool_]:
        """Mark the farthest columns of the real rows that lie around others, (rows, columns).

        Parameters
        ----------
        x
            (m, *units.shape), stored. Around them are the real rows nearest to each: where rows are
            sparse, as at the end of a column, real ones lie far from each other in it as well.
        """
        found = self.neighbours.nearest(_points(self.units, x)).numpy()
        return _farthest(self._own(_some(np.unique(found))) / self.step)

    def _own(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how far real rows lie from their own nearest others, (rows, columns)."""
        found = self.neighbours.nearest(self.neighbours.reference[rows])[:, :2].numpy()
        other = np.where(found[:, 0] == rows, found[:, 1], found[:, 0])
        return _sizes(self.units, self.x[rows], self.x[other])


def columns(units: Rows, x: NDArray[Any], near: NDArray[Any], usual: Usual) -> list[Row]:
    """Count in which column failures lie farthest from their nearest real rows.

    The nearest row to one whose income was raised is another row, which differs in all the other
    columns a little: how often a column differs blames them, too. Each failure has one farthest
    column, its step in units of `usual.step`; a column is told where it is the farthest of a tenth
    or more, and of more than among the real rows around them against their own nearest ones
    (Fisher's exact test, 5 % for all columns together): of a few failures nothing is told.

    Parameters
    ----------
    units, x, near
        See `cells`; one row or more.
    usual
        Of the real rows that `near` are of.

    Returns
    -------
    Rows of `column`, `share` of the failures whose farthest column it is, `real`, that of the real
    rows around, and `up`, the share of these failures in which it rose (None: the column has no
    order).
    """
    farthest = _farthest(_sizes(units, x, near) / usual.step)
    beside = usual.around(x)
    steps = _steps(units, x, near)
    rows = []
    for place, own, real in zip(units.places, farthest.T, beside.T, strict=True):
        if own.mean() < LEAST or len(units.places) * _chance(own, real) > RISK:
            continue
        up = None if place.states else float((steps[own, place.u] > 0).mean())
        share = {"share": float(own.mean()), "real": float(real.mean())}
        rows.append({"column": place.column.name, **share, "up": up})
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


def _chance(own: NDArray[np.bool_], real: NDArray[np.bool_]) -> float:
    """Return the p that failures are marked no more often than real rows: (n,), (m,) bool."""
    counts = [[own.sum(), (~own).sum()], [real.sum(), (~real).sum()]]
    return float(fisher_exact(counts, alternative="greater").pvalue)


def _points(units: Rows, x: NDArray[Any]) -> Tensor:
    return units.encode(units.tensor(x)).flatten(1)


def _some(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return row numbers, evenly chosen where there are more than MOST."""
    return rows[:: -(-len(rows) // MOST)]


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
