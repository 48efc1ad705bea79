"""Laws for latents, each a deterministic map of a standard-normal base vector `e`."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import final

import numpy as np
import torch
from scipy.stats import chi2, norm
from torch import Tensor

from genenv import seeding

PLAUSIBLE_MASS = 0.95  # the share of N(0, I) that the plausible set holds


class Noise(ABC):
    """A law for latents z, as a map of e ~ N(0, I).

    Parameters
    ----------
    dim
        Length of one latent vector z.
    base_dim
        Number of standard-normal coordinates that make it.
    """

    boxed = False  # True where coordinates pick a class or drive a series: each is bounded too

    def __init__(self, dim: int, base_dim: int) -> None:
        self.dim = dim
        self.base_dim = base_dim

    @abstractmethod
    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, base_dim) to (batch, dim); differentiable where the law allows."""

    def energy(self, e: Tensor) -> Tensor:
        """½‖e‖², shape (batch,); kinds with idle directions replace it."""
        return 0.5 * e.square().sum(-1)

    def project(self, e: Tensor) -> Tensor:
        """Bring (batch, base_dim) into the plausible set, which holds 95 % of N(0, I)."""
        if self.boxed:
            bound = box_bound(self.base_dim)
            e = e.clamp(-bound, bound)
        return into_ball(e, self.base_dim)

    @final
    def base(self, count: int, seed: int, start: int = 0) -> Tensor:
        """Draw e for addresses start to start + count - 1: (count, base_dim) float32."""
        keys = seeding.fold_rows(seed, "noise", np.arange(start, start + count))
        return torch.from_numpy(seeding.normals(keys, self.base_dim))

    @final
    def sample(self, count: int, seed: int, start: int = 0) -> Tensor:
        """Draw z for addresses start to start + count - 1: (count, dim), bit-equal in any batch."""
        return self.from_base(self.base(count, seed, start))


def into_ball(e: Tensor, k: int) -> Tensor:
    """Scale rows onto ‖e‖² ≤ χ²₀.₉₅(k) where they lie outside."""
    radius = math.sqrt(chi2.ppf(PLAUSIBLE_MASS, k))
    norms = e.norm(dim=-1, keepdim=True)
    return e * (radius / norms.clamp_min(1e-12)).clamp_max(1.0)


def box_bound(k: int) -> float:
    """Bound on |e_i| that k coordinates keep jointly with probability 0.95."""
    return float(norm.ppf((1 + PLAUSIBLE_MASS ** (1 / k)) / 2))


class Gaussian(Noise):
    """z = e ~ N(0, I)."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim)

    def from_base(self, e: Tensor) -> Tensor:
        """Return e itself."""
        return e


NOISES = {"gaussian": Gaussian}
