"""Kernel distance: the squared maximum mean discrepancy, unbiased in the number of rows."""

from __future__ import annotations

import torch
from torch import Tensor

from genenv.metrics.base import BLOCK, Array, Metric, pieces


class Kernel(Metric):
    """Unbiased MMD² under the kernel (x·y/d + 1)³.

    Bińkowski et al. (arXiv 1801.01401) call it KID on Inception features. Its mean
    is 0 for equal laws at any number of rows, so that single values are often negative. All rows
    are compared at once, where published values often average over subsets of 1,000.
    """

    keys = ("kernel",)

    def measure(self, real: Array, fake: Array) -> dict[str, float]:
        """Compare all pairs of rows, but none with itself."""
        across = _sum(real, fake) / (len(real) * len(fake))
        return {"kernel": _mean_of_pairs(real) + _mean_of_pairs(fake) - 2 * across}


def _mean_of_pairs(x: Array) -> float:
    own = sum(float(_cubed(part.square().sum(1) / x.shape[1])) for part in pieces(x, BLOCK))
    return (_sum(x, x) - own) / (len(x) * (len(x) - 1))


def _sum(x: Array, y: Array) -> float:
    """Sum the kernel over all pairs, a block of rows at a time."""
    other = next(pieces(y, len(y))).T / x.shape[1]
    return sum(float(_cubed(part @ other)) for part in pieces(x, max(1, BLOCK // len(y))))


def _cubed(products: Tensor) -> Tensor:
    products += 1
    return torch.sum(products.square().mul_(products))
