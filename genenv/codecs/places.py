"""Where the columns of a table lie among the numbers of a row, and among those networks see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv.tables import Column, Schema

TINY = np.finfo(np.float64).tiny  # of smaller numbers the spread would round to nothing
NAMED = ("categorical", "boolean", "constant")  # kinds without an order
COARSE = 2.0**8  # steps of a power of two to which the centre of a column without a grid is rounded

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where one column lies."""

    column: Column
    at: int
    """Its number in the schema."""
    x: int
    """Its number in x; one behind it is 1 where it is missing, if it is `flagged`."""
    u: int
    """The first of its numbers in u."""
    states: int
    """Of a column without an order, a missing value among them; 0: it is a number."""
    flagged: bool
    """Whether a number of its own says that it is missing."""

    @property
    def wide(self) -> int:
        """How many numbers it has in u."""
        return (self.states or 1) + self.flagged

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest number in x."""
        if self.states:
            return 0.0, float(self.states - 1)
        if self.column.discrete:
            return 0.0, float(len(self.column.values) - 1)
        assert self.column.low is not None
        assert self.column.high is not None
        return float(self.column.low), float(self.column.high)

    def snapped(self, value: Tensor) -> Tensor:
        """Move numbers (n,) to the nearest ones that the column can hold."""
        if self.column.step:
            grid = 10.0 ** (0 if self.column.discrete else self.column.decimals or 0)
            value = (value * grid).round() / grid
        return value.clamp(*self.ends)

    def standard(self, codes: Floats) -> tuple[float, float]:
        """Return centre and scale of codes (n,), NaN where one is missing."""
        known = codes[~np.isnan(codes)]
        if self.states or not len(known) or known.min() == known.max():
            return (0.0 if self.states or not len(known) else float(known[0])), 1.0
        if self.column.step:
            return float(known.mean()), float(known.std())
        return _reversible(known)


def places(schema: Schema) -> Iterator[Place]:
    """Lay out the columns of a schema but its target, in order."""
    x = u = 0
    for at, column in enumerate(schema.columns):
        if column.name == schema.target:
            continue
        named = column.kind in NAMED
        states = len(column.values) + column.missing if named else 0
        place = Place(column, at, x, u, states, column.missing and not named)
        yield place
        x, u = x + 1 + place.flagged, u + place.wide


def _reversible(known: Floats) -> tuple[float, float]:
    """Return a centre and a scale by which no digit of numbers without a grid is lost.

    The scale is a power of two; the centre is their rounded mean where subtracting it is exact.
    """
    scale = 2.0 ** np.round(np.log2(np.clip(known.std(), TINY, 1 / TINY)))
    mean = known.mean()
    grain = 2.0 ** np.floor(np.log2(abs(mean) or 1.0)) / COARSE
    centre = np.round(mean / grain) * grain
    exact = np.array_equal((known - centre) / scale * scale + centre, known)
    return float(centre if exact else 0.0), float(scale)
