"""Distance to the nearest reference rows, the measure of realism."""

from __future__ import annotations

import torch
from torch import Tensor

NEIGHBOURS = 3
CHUNK = 1 << 25  # numbers held in memory at once by a search for neighbours


class Neighbours:
    """Mean distance to the three nearest reference rows, Euclidean, exact and differentiable.

    Parameters
    ----------
    reference
        (rows, features) float32.
    """

    def __init__(self, reference: Tensor) -> None:
        self.reference = reference.contiguous()
        self._squares = self.reference.square().sum(1)

    def nearest(self, points: Tensor) -> Tensor:
        """Find the nearest rows: (n, features) -> indices (n, 3), nearest first."""
        with torch.no_grad():
            return torch.cat([self._nearest(part) for part in torch.split(points, self._step)])

    def __call__(self, points: Tensor) -> Tensor:
        """Mean distance to the nearest rows: (n, features) -> (n,)."""
        if len(points) <= self._step:
            return self._distance(points)
        return torch.cat([self._distance(part) for part in torch.split(points, self._step)])

    @property
    def _step(self) -> int:
        rows, features = self.reference.shape
        return max(1, CHUNK // max(rows, NEIGHBOURS * features))

    def _nearest(self, points: Tensor) -> Tensor:
        count = min(NEIGHBOURS, len(self.reference))
        order = torch.addmm(self._squares, points, self.reference.T, alpha=-2)  # but for ‖point‖²
        return order.topk(count, dim=1, largest=False).indices

    def _distance(self, points: Tensor) -> Tensor:
        with torch.no_grad():
            near = self.reference[self._nearest(points)]
        return (points[:, None] - near).square().sum(2).clamp_min(1e-12).sqrt().mean(1)
