"""How much of the data's variety the samples have: the variance that is left within a class.

A classifier sees little of it: samples of half the variance still agree with their condition, and
still train a good classifier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv.codecs import Codec


class Spread:
    """Summed variance of all pixels or columns, within each class, of rows that come in pieces.

    Measured in [-1, 1] for images and in standard deviations of the data for vectors, so that no
    column outweighs the others by its unit.

    Parameters
    ----------
    units
        Of the data.
    classes
        Their number; 1 for rows without labels.
    """

    def __init__(self, units: Codec, classes: int) -> None:
        self._units = units
        self._count = torch.zeros(classes, 1, dtype=torch.float64)
        self._sum = torch.zeros(classes, units.width, dtype=torch.float64)
        self._squares = torch.zeros_like(self._sum)

    def add(self, x: NDArray[Any], label: NDArray[np.int64] | None) -> None:
        """Count rows in.

        Parameters
        ----------
        x
            Stored samples (n, *units.shape).
        label
            Class indices (n,); None: all are of class 0.
        """
        u = self._units.encode(self._units.tensor(x)).flatten(1).double()
        own = torch.from_numpy(np.zeros(len(x), np.int64) if label is None else label)
        self._count.index_add_(0, own, torch.ones(len(x), 1, dtype=torch.float64))
        self._sum.index_add_(0, own, u)
        self._squares.index_add_(0, own, u.square())

    def within(self) -> NDArray[np.float64]:
        """Return the summed variance of each class (classes,), unbiased; NaN below two rows."""
        count = torch.where(self._count < 2, torch.nan, self._count)
        variance = (self._squares - self._sum.square() / count) / (count - 1)
        summed: NDArray[np.float64] = variance.clamp_min(0).sum(1).numpy()
        return summed


def spread(fake: Spread, real: Spread) -> dict[str, float]:
    """Compare the variety of samples with that of real rows.

    Parameters
    ----------
    fake, real
        Of the same units and classes.

    Returns
    -------
    `spread`: the variance within a class over that of real rows, mean over the classes; 1 for equal
    laws, less where samples are too much alike. `spread_least`: of the class with the least.
    Without the classes of which there are fewer than two rows in either, or whose real rows are all
    alike; nothing where none is left.
    """
    shares = _shares(fake, real)
    known = shares[~np.isnan(shares)]
    return {"spread": float(known.mean()), "spread_least": float(known.min())} if len(known) else {}


def by_class(fake: Spread, real: Spread, classes: Sequence[int | str]) -> dict[str, float]:
    """Name the share of each class that has one: class -> its variance over that of real rows."""
    shares = zip(classes, _shares(fake, real).tolist(), strict=True)
    return {str(name): share for name, share in shares if not math.isnan(share)}


def _shares(fake: Spread, real: Spread) -> NDArray[np.float64]:
    own = real.within()
    return fake.within() / np.where(own > 0, own, np.nan)
