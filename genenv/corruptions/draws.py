"""What kinds make of standard-normal coordinates: hits, and even draws."""

from __future__ import annotations

import math

import torch
from scipy import special
from torch import Tensor


def hit(e: Tensor, share: float) -> Tensor:
    """Return where e > Φ⁻¹(1 - share): true with probability `share`, and then at any larger."""
    return e > -float(special.ndtri(share))


def hit_either_side(e: Tensor, share: float) -> Tensor:
    """Return the sign of e where |e| > Φ⁻¹(1 - share / 2), and 0 elsewhere."""
    return e.sign() * hit(e.abs(), share / 2)


def even(e: Tensor) -> Tensor:
    """Map to U(-1, 1): 2Φ(e) - 1 = erf(e/√2)."""
    return torch.erf(math.sqrt(0.5) * e.double()).float()
