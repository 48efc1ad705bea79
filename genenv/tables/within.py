"""Where within its step a repeated value lies: as the other numbers of its row say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from genenv.tables.cells import Floats

RIDGE = 1e-5  # of the regression, a row
KEPT = 0.5  # of the regression's error; all or none of it cost volumes or likeness, see docs
INSIDE = 0.002  # of a step, on either side, that is left free: rounding must not leave the step


@dataclass(frozen=True)
class Within:
    """The place of a row within the step of its value, drawn from its law given the other numbers.

    Even places would make a carat of .3 independent of the length of the stone, and a network
    would have to learn that noise. The number before it was rounded is taken for what a linear
    regression on the rest of the row says and a normal error, half as large as the regression's;
    its rank among the rows of its value, by the normal law of what they say, is the place.
    """

    weights: Floats
    """(width + 1,): of the numbers of a row, and of 1 at last; 0 for its own."""
    error: Floats
    """(1,): standard deviation of the error."""
    middle: Floats
    """(values,): mean of what it says of the rows of a value."""
    spread: Floats
    """(values,): the standard deviation of that and the error together."""

    NAMES: ClassVar = ("weights", "error", "middle", "spread")

    @classmethod
    def fit(cls, rows: NDArray[np.float32], own: int, at: NDArray[np.int64], count: int) -> Within:
        """Fit it.

        Parameters
        ----------
        rows
            (n, width), evenly dithered.
        own
            Which number of a row is the score of the column.
        at
            (n,): the row's value, a number below `count`.
        count
            Values of the column.
        """
        others = np.concatenate([rows, np.ones((len(rows), 1))], axis=1, dtype=np.float64)
        others[:, own] = 0
        ridge = RIDGE * len(rows) * np.eye(others.shape[1])
        weights = np.linalg.solve(others.T @ others + ridge, others.T @ rows[:, own])
        said = others @ weights
        error = np.atleast_1d(KEPT * np.std(rows[:, own] - said)).astype(np.float64)
        sizes = np.maximum(np.bincount(at, minlength=count), 1)
        middle = np.bincount(at, said, count) / sizes
        variance = np.bincount(at, (said - middle[at]) ** 2, count) / sizes
        spread = np.sqrt(variance + error**2)
        return cls(np.asarray(weights, np.float64), error, middle, spread)

    def share(self, rows: NDArray[np.float32], at: NDArray[np.int64], normal: Floats) -> Floats:
        """Return places (n,) in (0, 1) of rows (n, width) at values, by normal numbers (n,)."""
        said = rows @ self.weights[:-1].astype(np.float32) + self.weights[-1]
        spread = np.maximum(self.spread[at], 1e-9)
        place = ndtr((said + self.error * normal - self.middle[at]) / spread)
        return np.asarray(np.clip(place, INSIDE, 1 - INSIDE), np.float64)

    def to_arrays(self) -> dict[str, Floats]:
        """Return its fields by name."""
        return {name: getattr(self, name) for name in self.NAMES}

    @classmethod
    def from_arrays(cls, held: Mapping[str, NDArray[Any]]) -> Within:
        """Read what `to_arrays` wrote.

        Raises
        ------
        ValueError
            Values without a middle or a spread.
        """
        found = cls(*(np.asarray(held[name], np.float64) for name in cls.NAMES))
        if not len(found.middle) == len(found.spread) > 0 == found.error.size - 1:
            raise ValueError(f"places of {len(found.middle)} and {len(found.spread)} values")
        return found
