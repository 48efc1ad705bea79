"""Laws that pick: ones and zeros, a class, the component of a mixture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import special
from torch import Tensor

from genenv import checks, seeding
from genenv.noise.base import Noise
from genenv.noise.geometry import runs
from genenv.noise.placed import Placed


def pick(e: Tensor, weights: Tensor | None = None) -> Tensor:
    """Pick a class by Gumbel-max: (batch, K), (K,) -> (batch,) indices, P(k) = w_k / Σw.

    With g = -log(-log Φ(e)), argmax(g + log w) = argmin(-log Φ(e) / w): what is taken here. The
    weights are on the device of e; None: equal.
    """
    arrival: Tensor = -torch.special.log_ndtr(e.double())
    return (arrival if weights is None else arrival / weights).argmin(-1)


class Bernoulli(Noise):
    """z_i in {0, 1}, P(z_i = 1) = p: z = 1 where e > -Φ⁻¹(p)."""

    kind = "bernoulli"
    differentiable = False

    def __init__(self, dim: int, p: float = 0.5) -> None:
        if not 0 < p < 1:
            raise checks.Mistake("p between 0 and 1", p, "give a probability")
        super().__init__(dim, dim, {"p": float(p)}, [("box", dim)])
        self.threshold = -float(special.ndtri(p))

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to zeros and ones."""
        return (e > self.threshold).to(e.dtype)


class Categorical(Noise):
    """One-hot z of `dim` classes, P(k) = w_k / Σw (None: equal), by Gumbel-max over K = dim."""

    kind = "categorical"
    differentiable = False

    def __init__(self, dim: int, weights: Sequence[float] | None = None) -> None:
        super().__init__(dim, dim, roles=[("box", dim)])
        column = _column("weights", weights, dim)
        self._weights = Placed(column)
        self.arguments = {"weights": column.tolist()}

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to one-hot rows."""
        k = pick(e, self._weights.at(e.device, torch.float64))
        return torch.nn.functional.one_hot(k, self.dim).to(e.dtype)


class Mixture(Noise):
    """z = mean_k + scale_k·ε, ε ~ N(0, I), component k by Gumbel-max: base_dim = K + dim.

    Parameters
    ----------
    dim
        Length of z.
    means
        (K, dim) component means, or the number K of means that are drawn once from N(0, I).
    scales
        (K,) standard deviations, or one number for all.
    weights
        (K,) relative frequencies. None: equal.
    """

    kind = "mixture"

    def __init__(
        self,
        dim: int,
        means: int | Sequence[Sequence[float]] = 8,
        scales: float | Sequence[float] = 0.5,
        weights: Sequence[float] | None = None,
    ) -> None:
        if isinstance(means, int):
            keys = seeding.fold_rows(0, "mixture", np.arange(checks.integer("means", means)))
            means = seeding.normals(keys, checks.integer("dim", dim)).tolist()
        self.means = torch.as_tensor(means, dtype=torch.float32)
        checks.shape("means", self.means, (None, dim))
        checks.finite("means", self.means)
        k = len(self.means)
        tables = {
            "means": self.means,
            "scales": _column("scales", scales, k),
            "weights": _column("weights", weights, k),
        }
        self._means, self._scales, self._weights = map(Placed, tables.values())
        arguments = {name: table.tolist() for name, table in tables.items()}
        super().__init__(dim, k + dim, arguments, [("box", k), ("ball", dim)])

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, K + dim): K coordinates pick, dim place; (batch, dim)."""
        (_, picking), (_, placing) = runs(e, self.roles)
        k = pick(picking, self._weights.at(e.device, torch.float64))
        means, scales = (table.at(e.device, e.dtype) for table in (self._means, self._scales))
        return means[k] + scales[k].unsqueeze(-1) * placing


def _column(name: str, values: float | Sequence[float] | None, count: int) -> Tensor:
    """Return `count` numbers above zero as float64; one stands for all, None for ones."""
    values = 1.0 if values is None else values
    column = torch.as_tensor(values, dtype=torch.float64)
    column = column.expand(count) if column.ndim == 0 else column
    checks.shape(name, column, (count,))
    checks.finite(name, column)
    checks.positive(f"the least of {name}", float(column.min()))
    return column
