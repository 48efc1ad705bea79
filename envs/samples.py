"""Samples as agents see and make them: flat, in [-1, 1], stored as the data are."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genenv import checks
from genenv.codecs import Codec
from genenv.data import Dataset
from genenv.generators import Generator

MARGIN = 1.25  # vectors: ±1 lies this much beyond the largest deviation of the data
ROUNDING = 1e-6  # of half the range: what a batch may move a sample by, with room to spare


class Scale:
    """The map between samples in the data's units and rows of numbers in [-1, 1].

    Bounded data map as their codec does; each column of others is centred on its mean, and its
    largest deviation in the data is ±0.8. Where all data are whole numbers, samples are rounded
    like them: or the digits behind the point would tell the generated ones.

    Parameters
    ----------
    dataset
        The data.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.units = dataset.units
        self.size = dataset.units.width
        self.whole = bool((dataset.x == np.rint(dataset.x)).all())
        self._reach = torch.ones(1)
        if not self.units.bounded:
            u = self.units.encode(self.units.tensor(dataset.x)).abs().amax(0)
            self._reach = torch.where(u == 0, 1.0, MARGIN * u)

    def to_box(self, x: Tensor) -> Tensor:
        """(n, *units.shape) in the data's units -> (n, size), clipped to [-1, 1]."""
        u = self.units.encode(x) / self._reach
        return u.flatten(1).clamp(-1.0, 1.0)

    def from_box(self, box: Tensor) -> Tensor:
        """(n, size) in [-1, 1] -> (n, *units.shape) in the data's units, stored as these are."""
        u = box.reshape(-1, *self.units.layout) * self._reach
        units = self.units.stored_as("int64") if self.whole else self.units
        return units.decode(u)

    def generated(self, generator: Generator, e: Tensor, label: Tensor | None) -> Tensor:
        """Make samples, stored as the data are: the same ones in any batch, to 1e-5.

        Parameters
        ----------
        generator
            Of samples of the data's shape.
        e
            (n, base_dim).
        label
            (n,) class indices; None: unconditional.

        Returns
        -------
        (n, *units.shape) in the data's units.
        """
        with torch.no_grad(), generator.evaluated():
            u = generator.from_base(e, label)
            if not self.whole:
                return generator.units.decode(u)
            for row in _undecided(generator, u):  # a batch must not turn the rounding
                one = slice(row, row + 1)
                u[one] = generator.from_base(e[one], None if label is None else label[one])
        return generator.units.stored_as("int64").decode(u)


def _undecided(generator: Generator, u: Tensor) -> list[int]:
    """Rows with a value so near to the middle of two whole numbers that a batch may turn it."""
    x = generator.units.stored_as("float32").decode(u).flatten(1)
    ties = (x - x.floor() - 0.5).abs() <= ROUNDING * generator.units.reach
    found: list[int] = ties.any(1).nonzero().flatten().tolist()
    return found


def check_alike(units: Codec, dataset: Dataset, name: str) -> None:
    """Raise a Mistake unless a network is one of samples of the data's shape."""
    if units.shape != dataset.units.shape:
        raise checks.Mistake(
            f"{name} to be one of samples of shape {dataset.units.shape}, as the data have",
            f"shape {units.shape}",
            "give one of these data",
        )
