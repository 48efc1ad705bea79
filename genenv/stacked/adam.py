"""Adam for stacked networks: every row has a learning rate, betas and a step count of its own."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TINY = 1e-8  # beside the root in the denominator


class StackedAdam:
    """Adam (arXiv 1412.6980, algorithm 1) on the rows of a matrix of parameters.

    Only elementary operations are used, each rounded on its own, so that a row is moved by the
    same bits in any stack. Rows that are not named keep parameters, moments and counts.

    Parameters
    ----------
    theta
        Parameters (n, total), changed in place.
    betas
        Decay of both moments, for all rows or (n,) each.
    """

    def __init__(
        self, theta: Tensor, betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999)
    ) -> None:
        self.theta = theta
        self.first, self.second = torch.zeros_like(theta), torch.zeros_like(theta)
        self.count = torch.zeros(len(theta), dtype=torch.float64)
        self.betas = [
            torch.as_tensor(beta, dtype=torch.float64).expand(len(theta)) for beta in betas
        ]

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Forget the moments and counts of some rows."""
        index = torch.from_numpy(rows)
        for slot in (self.first, self.second, self.count):
            slot[index] = 0

    def step(self, gradient: Tensor, rate: Tensor, rows: Tensor | None = None) -> None:
        """Move some rows.

        Parameters
        ----------
        gradient
            (k, total).
        rate
            Learning rates (k,).
        rows
            Indices (k,); None: all.
        """
        at = slice(None) if rows is None else rows
        count = self.count[at] + 1
        beta1, beta2 = (beta[at] for beta in self.betas)
        size = rate.double() / (1 - beta1**count)
        root = (1 - beta2**count).sqrt()
        first = self.first[at] * _column(beta1) + gradient * _column(1 - beta1)
        second = self.second[at] * _column(beta2) + gradient.square() * _column(1 - beta2)
        below = second.sqrt().div_(_column(root)).add_(TINY)
        self.theta[at] -= first.div(below).mul_(_column(size))
        self.first[at], self.second[at], self.count[at] = first, second, count


def _column(number: Tensor) -> Tensor:
    return number.float()[:, None]
