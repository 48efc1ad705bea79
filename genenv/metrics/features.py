"""From samples to features, the numbers that metrics compare."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks, seeding
from genenv.codecs import Codec
from genenv.metrics.base import pieces
from genenv.networks.evaluating import evaluating
from genenv.networks.weights import digest

MOST_COLUMNS = 512  # of samples as their own features; more are projected
CONSTANT = 1e-7  # spread over mean of columns that float32 does not tell from constants


class Features(ABC):
    """Maps samples to features, in eval mode and without gradients.

    Parameters
    ----------
    units
        Of the data: the layout of one sample.
    """

    name: ClassVar[str]
    names: ClassVar[dict[str, str]] = {}  # metric -> what it is called on these features
    rows: ClassVar[int] = 1024  # of a pass

    def __init__(self, units: Codec) -> None:
        self.units = units

    @abstractmethod
    def of(self, x: Tensor) -> Tensor:
        """(batch, *units.shape) float32 in the data's units -> (batch, d)."""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """What tells these features from others: figures compare only where it is equal."""

    @final
    def __call__(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Map stored samples (n, *units.shape) to features (n, d).

        Raises
        ------
        Mistake
            Samples of another shape, or a module that does not return a row a sample.
        """
        checks.shape("samples", x, (None, *self.units.shape))
        with torch.no_grad():
            parts = [
                self.of(self.units.tensor(x[at : at + self.rows])).float().cpu().numpy()
                for at in range(0, len(x), self.rows)
            ]
        return np.concatenate(parts) if parts else np.empty((0, 0), np.float32)


class ModuleFeatures(Features):
    """What a module of the user's returns.

    Parameters
    ----------
    module
        Gets images as float32 (n, c, h, w) in [0, 1], or rows (n, columns) float32 in the data's
        units, on the device of its weights; returns (n, d). Its modes stay as they are.
    units
        Of the data.

    Raises
    ------
    Mistake
        It is no torch module.
    """

    name = "module"

    def __init__(self, module: nn.Module, units: Codec) -> None:
        super().__init__(units)
        if not isinstance(module, nn.Module):
            raise checks.Mistake(
                "a torch module for the features", type(module).__name__, "wrap it in a module"
            )
        self.module = module

    def of(self, x: Tensor) -> Tensor:
        """See `Features.of`."""
        x = x.to(device_of(self.module))
        with evaluating(self.module):
            out = self.module(self.units.module_view(x))
        got = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
        if not isinstance(out, Tensor) or out.ndim != 2 or len(out) != len(x):
            raise checks.Mistake(
                f"features of shape ({len(x)}, columns) from the module, a row a sample",
                got,
                "pool or flatten what it returns",
            )
        return out

    @property
    def sha256(self) -> str:
        """Digest of the weights and their names."""
        return digest(self.module)


class SampleFeatures(Features):
    """The samples themselves, flattened and standardised by real rows.

    Each column of vectors by its own mean and standard deviation. Pixels share one scale: pixels
    that are almost always black would otherwise outweigh all others. More than 512 columns are
    projected onto 512 random directions, which keeps squared distances to some 6 %.

    Parameters
    ----------
    real
        Stored samples (n, *units.shape).
    units
        Of the data.
    """

    name = "samples"

    def __init__(self, real: NDArray[Any], units: Codec) -> None:
        super().__init__(units)
        flat = real.reshape(len(real), -1)
        mean = flat.mean(0, dtype=np.float64)
        squares = torch.zeros(units.size, dtype=torch.float64)
        for piece in pieces(flat, self.rows, mean):
            squares += piece.square().sum(0) / len(flat)
        if units.one_scale:
            squares[:] = squares.mean()
        self._mean, self._spread = torch.from_numpy(mean), squares.sqrt()
        self._spread[self._spread <= CONSTANT * self._mean.abs()] = 1
        self._axes = None if units.size <= MOST_COLUMNS else _directions(units.size)

    def of(self, x: Tensor) -> Tensor:
        """See `Features.of`."""
        standard = ((x.flatten(1) - self._mean) / self._spread).float()
        return standard if self._axes is None else standard @ self._axes

    @property
    def sha256(self) -> str:
        """Digest of means and standard deviations."""
        return hashlib.sha256(
            self._mean.numpy().tobytes() + self._spread.numpy().tobytes()
        ).hexdigest()


def _directions(size: int) -> Tensor:
    """Directions (size, 512) whose projections keep lengths in the mean: a function of size."""
    axes = seeding.numpy_generator(0, "features", size).standard_normal((size, MOST_COLUMNS))
    return torch.from_numpy((axes / np.sqrt(MOST_COLUMNS)).astype(np.float32))


def device_of(module: nn.Module) -> torch.device:
    """Return where a module's weights lie; the CPU if it has none."""
    weights = next(module.parameters(), None)
    return torch.device("cpu") if weights is None else weights.device
