"""Fréchet distance of two Gaussians fitted to features."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genenv.metrics.base import Array, Metric, pieces

ROWS = 1024  # accumulated at once


class Frechet(Metric):
    """‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2(C₁C₂)^½), in squared units of the features.

    Dowson and Landau 1982 (https://doi.org/10.1016/0047-259X(82)90077-X). Heusel et al. (arXiv
    1706.08500) call it FID on the features of one Inception network, and only there it bears that
    name. Few rows bias it upwards: read it beside its value for as many real rows.
    """

    keys = ("frechet",)

    def measure(self, real: Array, fake: Array) -> dict[str, float]:
        """Fit both Gaussians, covariances over n − 1, and compare them."""
        (mean, cov), (other_mean, other_cov) = _moments(real), _moments(fake)
        shift = (mean - other_mean).square().sum()
        # With C = AAᵀ and D = BBᵀ, tr (CD)^½ is the sum of the singular values of AᵀB. Roots of
        # eigenvalues of CD would turn a rounding error of 1e-16 into 1e-8, once a null direction.
        overlap = torch.linalg.svdvals(_factor(cov).T @ _factor(other_cov)).sum()
        distance = shift + cov.trace() + other_cov.trace() - 2 * overlap
        return {"frechet": max(0.0, float(distance))}


def _moments(x: Array) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d), from sums over centred rows."""
    mean = x.mean(0, dtype=np.float64)
    total = torch.zeros(len(mean), len(mean), dtype=torch.float64)
    for piece in pieces(x, ROWS, mean):
        total.addmm_(piece.T, piece)
    return torch.from_numpy(mean), total / (len(x) - 1)


def _factor(cov: Tensor) -> Tensor:
    """Return A with AAᵀ = cov, of a covariance that may be singular."""
    values, vectors = torch.linalg.eigh(cov)
    scaled: Tensor = vectors * values.clamp_min(0).sqrt()
    return scaled
