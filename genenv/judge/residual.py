"""What the main directions of the data leave of a sample: large for noise and for flat images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

EXPLAINED = 0.9  # share of the variance that the kept directions carry
MOST_ROWS = 4096  # that the directions are found from


@dataclass(frozen=True, eq=False)
class Residual:
    """Distance to the plane of the main directions."""

    middle: Tensor  # (size,)
    directions: Tensor  # (size, kept), orthonormal

    def __call__(self, rows: Tensor) -> Tensor:
        """(n, ...) in [-1, 1] -> (n,), root of the mean square a number."""
        off = rows.flatten(1) - self.middle
        rest = off - off @ self.directions @ self.directions.T
        return rest.square().mean(1).sqrt()


def fit_residual(rows: Tensor) -> Residual:
    """Find the main directions of rows (n, ...), as many as carry nine tenths of the variance."""
    some = rows[:: -(-len(rows) // MOST_ROWS)].flatten(1)
    middle = some.mean(0)
    _, spread, directions = torch.linalg.svd(some - middle, full_matrices=False)
    carried = spread.square().cumsum(0) / spread.square().sum().clamp_min(1e-12)
    kept = int((carried < EXPLAINED).sum()) + 1
    return Residual(middle, directions[:kept].T.contiguous())
