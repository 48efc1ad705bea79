"""Laws of independent continuous coordinates, and the sphere.

Quantile functions are evaluated on the nearer tail in float64, for Φ(e) is 1 in float32 from
e ≈ 5.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy import special
from torch import Tensor

from genenv import checks
from genenv.noise.base import Noise
from genenv.noise.geometry import on_sphere


class Gaussian(Noise):
    """z = e ~ N(0, I)."""

    kind = "gaussian"

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim)

    def from_base(self, e: Tensor) -> Tensor:
        """Return e itself."""
        return e


class Uniform(Noise):
    """z_i ~ U(-1, 1): z = 2Φ(e) - 1 = erf(e/√2)."""

    kind = "uniform"

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim)

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) into [-1, 1]."""
        return torch.erf(math.sqrt(0.5) * e.double()).to(e.dtype)


class Gumbel(Noise):
    """z_i of the standard Gumbel law: z = -log(-log Φ(e)); the largest of a run picks a class."""

    kind = "gumbel"

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim, roles=[("box", dim)])

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to the whole line."""
        return (-torch.log(-torch.special.log_ndtr(e.double()))).to(e.dtype)


class Sphere(Noise):
    """z uniform on the sphere of radius √d: z = √d·e/‖e‖; e = 0 goes to all ones."""

    kind = "sphere"

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim, roles=[("sphere", dim)])

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to ‖z‖ = √d."""
        return on_sphere(e)


class TruncatedGaussian(Noise):
    """z_i ~ N(0, 1) given |z_i| ≤ bound: z = Φ⁻¹(Φ(-bound) + Φ(e)·(1 - 2Φ(-bound))).

    The truncation trick (Brock et al. 2018, arXiv 1809.11096) as a law of its own.
    """

    kind = "truncated-gaussian"

    def __init__(self, dim: int, bound: float = 2.0) -> None:
        checks.positive("bound", bound)
        super().__init__(dim, dim, {"bound": float(bound)})
        self.bound = float(bound)

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) into [-bound, bound]."""
        cut = float(special.ndtr(-self.bound))
        return _odd(e, lambda e: torch.special.ndtri(cut + _lower_tail(e) * (1 - 2 * cut)))


class StudentT(Noise):
    """z_i ~ Student's t with df ≥ 1 degrees of freedom: z = F⁻¹(Φ(e)); variance df / (df - 2)."""

    kind = "student-t"

    def __init__(self, dim: int, df: float = 5.0) -> None:
        if not 1 <= df < math.inf:
            raise checks.Mistake("df of 1 or more", df, "give a larger one, or take gaussian")
        super().__init__(dim, dim, {"df": float(df)})
        self.df = float(df)

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to heavy tails."""
        return _odd(e, lambda e: _StudentQuantile.apply(e, self.df))  # type: ignore[no-untyped-call]


class Laplace(Noise):
    """z_i ~ Laplace(0, scale): z = scale·log(2Φ(e)) for e ≤ 0, and odd; variance 2·scale²."""

    kind = "laplace"

    def __init__(self, dim: int, scale: float = 1.0) -> None:
        checks.positive("scale", scale)
        super().__init__(dim, dim, {"scale": float(scale)})
        self.scale = float(scale)

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to exponential tails."""
        return _odd(e, lambda e: self.scale * (torch.special.log_ndtr(e) + math.log(2)))


class _StudentQuantile(torch.autograd.Function):
    """SciPy's quantile function of Student's t at Φ(e), for torch has none; dz/de = φ(e)/f(z)."""

    @staticmethod
    def forward(ctx: Any, e: Tensor, df: float) -> Tensor:
        p = special.ndtr(e.detach().cpu().numpy())
        z = torch.from_numpy(np.asarray(special.stdtrit(df, p))).to(e)
        ctx.save_for_backward(e, z)
        ctx.df = df
        return z

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        (e, z), df = ctx.saved_tensors, ctx.df
        log_f = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
        log_f = log_f - (df + 1) / 2 * torch.log1p(z.square() / df)
        return slopes[0] * torch.exp(-0.5 * (e.square() + math.log(2 * math.pi)) - log_f), None


def _odd(e: Tensor, lower: Callable[[Tensor], Tensor]) -> Tensor:
    """Extend a map of e ≤ 0, evaluated in float64, to an odd function of e."""
    negative = e < 0
    z = lower(torch.where(negative, e, -e).double())
    return torch.where(negative, z, -z).to(e.dtype)


def _lower_tail(e: Tensor) -> Tensor:
    """Φ(e), without cancellation for e ≤ 0."""
    return 0.5 * torch.erfc(-math.sqrt(0.5) * e)
