"""A column cut into cells: missing, values of their own (atoms), and bins between knots.

The law inside a bin is that of the data, by linear interpolation of its quantiles; a component of
the mixture then is one probability a cell, and every interval has its exact mass.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from genenv.tables.column import Column
from genenv.tables.conditions import Allowed

Floats = NDArray[np.float64]
Piece = tuple[int, float, float, float, float, float]  # as the columns of Pieces

ATOM = 0.002  # share of the rows from which a number has a cell of its own
FEW = 100  # different numbers that all have cells of their own
SHARED = 20  # rows that a cell of one's own needs, on average at the least
BINS = 80
ROWS_EACH = 100  # rows that a bin needs at the least
GRAIN = 8  # knots a bin


@dataclass(frozen=True)
class Pieces:
    """Where a column may fall, in the order of its values; the first is the missing state."""

    cell: NDArray[np.int64]
    """The cell that each piece lies in."""
    share: Floats
    """Of the cell that the piece is."""
    start: Floats
    """Position in the bins where the piece begins; of an atom its value."""
    length: Floats
    """In positions; 0: an atom or missing."""
    low: Floats
    """The least code in the piece."""
    high: Floats
    """The largest code in the piece."""


@dataclass(frozen=True)
class Cells:
    """Cell 0 is missing, then the atoms, then the bins."""

    atoms: Floats
    """Ascending codes."""
    knots: Floats
    """Ascending codes, ends of the bins among them; (): there are no bins."""
    positions: Floats
    """Of the knots: from 0 to the number of bins, ascending."""
    step: float
    """Of the codes; 0: no grid."""
    decimals: int | None
    """Digits to round to."""

    @classmethod
    def fit(cls, column: Column, codes: Floats) -> Cells:
        """Cut a column by its codes, (n,)."""
        known = codes[~np.isnan(codes)]
        if column.discrete:
            return cls(np.arange(len(column.values), dtype=float), *_no_bins(), 1.0, 0)
        values, counts = np.unique(known, return_counts=True)
        own = counts >= max(ATOM * len(codes), SHARED)
        if len(values) <= min(FEW, len(known) / SHARED):
            own[:] = True
        rest = known[~np.isin(known, values[own])]
        ends = _bins(rest, column.step) if len(rest) else _no_bins()
        return cls(values[own], *ends, column.step, column.decimals)

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return int(self.positions[-1]) if len(self.positions) else 0

    @property
    def count(self) -> int:
        """How many cells there are."""
        return 1 + len(self.atoms) + self.bins

    def index(self, codes: Floats) -> NDArray[np.int64]:
        """Return the cell of each code, (n,)."""
        cells = np.zeros(len(codes), np.int64)
        known = ~np.isnan(codes)
        if self.bins:
            position = np.interp(codes[known], self.knots, self.positions)
            bins = np.clip(np.ceil(position) - 1, 0, self.bins - 1)
            cells[known] = 1 + len(self.atoms) + bins.astype(np.int64)
        if len(self.atoms):
            at = np.searchsorted(self.atoms, codes).clip(0, len(self.atoms) - 1)
            cells = np.where(self.atoms[at] == codes, 1 + at, cells)
        return cells

    def pieces(self, allowed: Allowed | None = None) -> Pieces:
        """Return where the column may fall; None: anywhere."""
        allowed = allowed or Allowed(((-np.inf, np.inf),), True)
        rows = [(0, float(allowed.missing), np.nan, 0.0, np.nan, np.nan)]
        rows += [
            (1 + i, 1.0, atom, 0.0, atom, atom)
            for i, atom in enumerate(self.atoms)
            if allowed.holds(self.atoms[i : i + 1])[0]
        ]
        for low, high in allowed.intervals if self.bins else ():
            rows += self._inside(low, high)
        rows[1:] = sorted(rows[1:], key=self._middle)
        columns = np.array(rows, float).T
        return Pieces(columns[0].astype(np.int64), *columns[1:])

    def value(self, pieces: Pieces, at: NDArray[np.int64], within: Floats) -> Floats:
        """Return codes: piece `at` of each row and the share `within` of it, both (n,)."""
        codes = pieces.start[at].copy()
        long = pieces.length[at] > 0
        if not long.any():
            return codes
        position = codes[long] + within[long] * pieces.length[at][long]
        drawn = np.interp(position, self.positions, self.knots)
        if self.decimals is not None:
            drawn = np.round(drawn, self.decimals)
        codes[long] = np.clip(drawn, pieces.low[at][long], pieces.high[at][long])
        return codes

    def _middle(self, piece: Piece) -> float:
        """Return the code in the middle of a piece."""
        start, length = piece[2], piece[3]
        middle = np.interp(start + length / 2, self.positions, self.knots) if length else start
        return float(middle)

    def _inside(self, low: float, high: float) -> list[Piece]:
        """Return the pieces of bins that lie in a closed interval of codes."""
        half = self.step / 2
        first, last = self.knots[0] + half, self.knots[-1] - half
        if self.step:  # the grid's own codes
            low = np.ceil(round(low / self.step, 6)) * self.step if low > first else first
            high = np.floor(round(high / self.step, 6)) * self.step if high < last else last
        low, high = max(low, first), min(high, last)
        if low > high:
            return []
        start, end = np.interp([low - half, high + half], self.knots, self.positions)
        limits = [low, high] if self.decimals is None else np.round([low, high], self.decimals)
        edges = np.unique([start, *np.arange(np.ceil(start), np.floor(end) + 1), end])
        return [
            (1 + len(self.atoms) + int((a + b) / 2), b - a, a, b - a, limits[0], limits[1])
            for a, b in pairwise(edges)
        ]


def _no_bins() -> tuple[Floats, Floats]:
    return np.empty(0), np.empty(0)


def _bins(rest: Floats, step: float) -> tuple[Floats, Floats]:
    """Lay knots by quantiles, half a step above the values that are on a grid."""
    bins = max(1, min(BINS, len(rest) // ROWS_EACH))
    grain = max(1, min(GRAIN, len(rest) // bins // 2))
    places = np.arange(bins * grain + 1) / grain
    found = np.quantile(rest, places / bins, method="inverted_cdf" if step else "linear")
    found = found + step / 2
    found[0] = rest.min() - step / 2
    last = np.append(found[1:] > found[:-1], True)  # of equal knots the last position counts
    knots, positions = found[last], places[last]
    if len(knots) < 2:  # one value alone, without a grid
        knots = np.array([rest.min(), np.nextafter(rest.max(), np.inf)])
        positions = np.array([0.0, 1.0])
    positions[0], positions[-1] = 0.0, float(bins)
    return knots, positions
