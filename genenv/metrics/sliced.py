"""Sliced Wasserstein distance: optimal transport along random directions."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import seeding
from genenv.metrics.base import Array, Metric, pieces

DIRECTIONS = 256
AT_ONCE = 16  # directions
FEW = 16  # directions of `SlicedRows`, which is asked again and again


class Sliced(Metric):
    """Root mean square, over 256 directions, of the 2-Wasserstein distance along them.

    Bonneel et al. 2015 (https://doi.org/10.1007/s10851-014-0506-3); exact along a direction, also
    for sets of different size. In units of the features; sets that a shift by v tells apart are
    about ‖v‖/√d apart. The directions depend on d alone.
    """

    keys = ("sliced",)

    def measure(self, real: Array, fake: Array) -> dict[str, float]:
        """Compare the quantile functions along each direction."""
        columns = real.shape[1]
        axes = directions(columns, DIRECTIONS)
        width, row, other = _steps(len(real), len(fake))
        total = 0.0
        for at in range(0, DIRECTIONS, AT_ONCE):
            a, b = (_sorted(x, axes[at : at + AT_ONCE]) for x in (real, fake))
            total += float((np.square(a[:, row] - b[:, other]) * width).sum())
        return {"sliced": float(np.sqrt(total / DIRECTIONS))}


def directions(columns: int, count: int) -> NDArray[np.float64]:
    """Draw unit vectors by address: (count, columns)."""
    axes = seeding.numpy_generator(0, "sliced", columns).standard_normal((count, columns))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    return axes


class SlicedRows:
    """Mean 1-Wasserstein distance along 16 directions, of many sets from one, in float32.

    Of two sets that differ in the share δ of a far mode, the 1-Wasserstein distance grows with δ
    and the 2-Wasserstein distance with √δ, which drowns in the noise of few samples. In the plane,
    the directions divide the half circle.

    Parameters
    ----------
    real
        (n, k, columns): a reference for each set, or one for all, n = 1.
    samples
        m, of each set that will be compared.
    """

    def __init__(self, real: torch.Tensor, samples: int) -> None:
        columns = real.shape[2]
        angles = np.arange(FEW) * np.pi / FEW
        even = np.stack([np.cos(angles), np.sin(angles)], 1)
        axes = even if columns == 2 else directions(columns, FEW)
        self._axes = torch.from_numpy(axes).float().T
        self._level = (np.arange(samples) + 0.5) / samples
        self._quantiles = self._of(real)

    def put(self, rows: torch.Tensor, real: torch.Tensor) -> None:
        """Exchange the references of some rows, (len(rows), k, columns)."""
        self._quantiles[rows] = self._of(real)

    def __call__(self, fake: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
        """(rows, m, columns) -> (rows,), NaN where a set has one."""
        along = (fake @ self._axes).transpose(1, 2).contiguous().sort(2).values
        every = rows is None or len(self._quantiles) == 1
        reference = self._quantiles if every else self._quantiles[rows]
        return (along - reference).abs().mean((1, 2))

    def _of(self, real: torch.Tensor) -> torch.Tensor:
        """Quantiles along each direction, (n, directions, m)."""
        along = np.sort((real @ self._axes).numpy(), axis=1)
        quantiles = np.quantile(along, self._level, axis=1, method="hazen")
        return torch.from_numpy(quantiles.transpose(1, 2, 0).copy()).float()


def _sorted(x: Array, axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, d), (directions, d) -> projections, ascending: (directions, n)."""
    along = [torch.from_numpy(axes) @ piece.T for piece in pieces(x, 1024)]
    return np.sort(torch.cat(along, 1).numpy(), axis=1)


def _steps(n: int, m: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut [0, 1] where either quantile function steps: widths, and the rows that stand there."""
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # in units of 1/nm
    return np.diff(ends, prepend=0) / (n * m), (ends - 1) // m, (ends - 1) // n
