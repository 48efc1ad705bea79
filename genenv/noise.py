"""Laws for latents, each a deterministic map of a standard-normal base vector `e`.

Quantile functions are evaluated on the nearer tail in float64, for Φ(e) is 1 in float32 from
e ≈ 5.4; sums over coordinates are taken in one fixed order, so that a row is the same in any batch.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, final

import numpy as np
import torch
from scipy import special
from torch import Tensor

from genenv import checks, seeding

PLAUSIBLE_MASS = 0.95  # the share of N(0, I) that the ball holds, and that the box holds

Role = Literal["ball", "box", "sphere"]
"""What keeps a base coordinate plausible: the norm of all coordinates that are not on a sphere;
that and a bound of its own (it picks a class or drives a series); a sphere (it has no length)."""

Roles = Sequence[tuple[Role, int]]  # runs of coordinates, in order


class Noise(ABC):
    """A law for latents z, as a map of e ~ N(0, I).

    A kind takes `dim` first and has defaults for all else, so that a row in NOISES is enough.

    Parameters
    ----------
    dim
        Length of one latent vector z.
    base_dim
        Number of standard-normal coordinates that make it.
    arguments
        The constructor's arguments after `dim`, which `to_json` writes down. None: there are none.
    roles
        The role of the base coordinates, as runs (role, length) in order. None: one ball.

    Raises
    ------
    Mistake
        `dim` is no whole number above zero.
    """

    differentiable = True  # False where z is a step function of every coordinate of e

    def __init__(
        self,
        dim: int,
        base_dim: int,
        arguments: Mapping[str, Any] | None = None,
        roles: Roles | None = None,
    ) -> None:
        self.dim, self.base_dim = checks.whole("dim", dim), base_dim
        self.arguments = dict(arguments or {})
        self.roles: Roles = tuple(roles or [("ball", base_dim)])

    @abstractmethod
    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, base_dim) to (batch, dim); differentiable where the law allows."""

    @final
    def energy(self, e: Tensor) -> Tensor:
        """½‖e‖², shape (batch,); coordinates on a sphere of dimension d count ½d whatever they are.

        The larger, the less likely: the log-density of e falls by what the energy rises.
        """
        on_spheres = sum(length for role, length in self.roles if role == "sphere")
        return 0.5 * (_row_sum(_free(self._runs(e)).square()) + on_spheres)

    @final
    def project(self, e: Tensor) -> Tensor:
        """Bring (batch, base_dim) into the plausible set.

        Each boxed coordinate is clamped to the bound that all of them keep jointly with
        probability 0.95; then all that are not on a sphere shrink by one factor to
        ‖e‖² ≤ χ²₀.₉₅(k), k their number; a sphere's coordinates move to ‖e‖ = √d.
        Projecting again changes nothing (on a sphere: but for rounding).
        """
        bound = box_bound(sum(length for role, length in self.roles if role == "box"))
        runs = [(r, p.clamp(-bound, bound) if r == "box" else p) for r, p in self._runs(e)]
        share = _ball_share(_free(runs))
        return torch.cat([_on_sphere(p) if r == "sphere" else p * share for r, p in runs], -1)

    @final
    def base(self, count: int, seed: int, start: int = 0) -> Tensor:
        """Draw e for addresses start to start + count - 1: (count, base_dim) float32."""
        keys = seeding.fold_rows(seed, "noise", np.arange(start, start + count))
        return torch.from_numpy(seeding.normals(keys, self.base_dim))

    @final
    def sample(self, count: int, seed: int, start: int = 0) -> Tensor:
        """Draw z for addresses start to start + count - 1: (count, dim), bit-equal in any batch."""
        return self.from_base(self.base(count, seed, start))

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers that `from_json` reads.

        Raises
        ------
        Mistake
            The kind has no row in NOISES.
        """
        for name, kind in NOISES.items():
            if kind is type(self):
                return {"kind": name, "dim": self.dim, **self.arguments}
        raise checks.Mistake(
            "a noise with a row in genenv.noise.NOISES", type(self).__name__, "add the row"
        )

    def _runs(self, e: Tensor) -> list[tuple[Role, Tensor]]:
        pieces = torch.split(e, [length for _, length in self.roles], -1)
        return [(role, piece) for (role, _), piece in zip(self.roles, pieces, strict=True)]


@cache
def ball_radius(k: int) -> float:
    """Radius that the norm of k standard-normal coordinates keeps with probability 0.95."""
    return math.sqrt(special.chdtri(k, 1 - PLAUSIBLE_MASS)) if k else 0.0


@cache
def box_bound(k: int) -> float:
    """Bound on |e_i| that k standard-normal coordinates keep jointly with probability 0.95."""
    return float(special.ndtri((1 + PLAUSIBLE_MASS ** (1 / k)) / 2)) if k else math.inf


def _free(runs: list[tuple[Role, Tensor]]) -> Tensor:
    """Join the coordinates that are on no sphere: (batch, 0 or more)."""
    return torch.cat([p if role != "sphere" else p[..., :0] for role, p in runs], -1)


def _row_sum(x: Tensor) -> Tensor:
    """Sum over the last axis by halving: an order that no batch size or thread count changes."""
    while x.shape[-1] > 1:
        half = x.shape[-1] // 2
        x = torch.cat([x[..., :half] + x[..., half : 2 * half], x[..., 2 * half :]], -1)
    return x.sum(-1)


def _ball_share(e: Tensor) -> Tensor:
    """Return the factor (batch, 1), at most 1, that brings rows into the ball."""
    radius = ball_radius(e.shape[-1])
    norm = _row_sum(e.double().square()).sqrt().unsqueeze(-1)
    inside = radius * (1 - 1e-6)  # a hair inside, or rounding could leave a row just outside
    return torch.where(norm > radius, inside / norm, 1.0).to(e.dtype)


def _on_sphere(e: Tensor) -> Tensor:
    """√d·e/‖e‖, rows of zeros to all ones."""
    wide = torch.where((e == 0).all(-1, keepdim=True), 1.0, e.double())
    length = (_row_sum(wide.square()) / e.shape[-1]).sqrt().unsqueeze(-1)
    return (wide / length).to(e.dtype)


def _odd(e: Tensor, lower: Callable[[Tensor], Tensor]) -> Tensor:
    """Extend a map of e ≤ 0, evaluated in float64, to an odd function of e."""
    negative = e < 0
    z = lower(torch.where(negative, e, -e).double())
    return torch.where(negative, z, -z).to(e.dtype)


def _lower_tail(e: Tensor) -> Tensor:
    """Φ(e), without cancellation for e ≤ 0."""
    return 0.5 * torch.erfc(-math.sqrt(0.5) * e)


def _pick(e: Tensor, weights: Tensor) -> Tensor:
    """Pick a class by Gumbel-max: (batch, K), (K,) -> (batch,) indices, P(k) = w_k / Σw.

    With g = -log(-log Φ(e)), argmax(g + log w) = argmin(-log Φ(e) / w): what is taken here.
    """
    arrival: Tensor = -torch.special.log_ndtr(e.double()) / weights.to(e.device)
    return arrival.argmin(-1)


def _column(name: str, values: float | Sequence[float] | None, count: int) -> Tensor:
    """Return `count` numbers above zero as float64; one stands for all, None for ones."""
    values = 1.0 if values is None else values
    column = torch.as_tensor(values, dtype=torch.float64)
    column = column.expand(count) if column.ndim == 0 else column
    checks.shape(name, column, (count,))
    checks.finite(name, column)
    checks.positive(f"the least of {name}", float(column.min()))
    return column


class Gaussian(Noise):
    """z = e ~ N(0, I)."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim)

    def from_base(self, e: Tensor) -> Tensor:
        """Return e itself."""
        return e


class Uniform(Noise):
    """z_i ~ U(-1, 1): z = 2Φ(e) - 1 = erf(e/√2)."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim)

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) into [-1, 1]."""
        return torch.erf(math.sqrt(0.5) * e.double()).to(e.dtype)


class Sphere(Noise):
    """z uniform on the sphere of radius √d: z = √d·e/‖e‖; e = 0 goes to all ones."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim, roles=[("sphere", dim)])

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to ‖z‖ = √d."""
        return _on_sphere(e)


class TruncatedGaussian(Noise):
    """z_i ~ N(0, 1) given |z_i| ≤ bound: z = Φ⁻¹(Φ(-bound) + Φ(e)·(1 - 2Φ(-bound))).

    The truncation trick (Brock et al. 2018, arXiv 1809.11096) as a law of its own.
    """

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

    def __init__(self, dim: int, df: float = 5.0) -> None:
        if not 1 <= df < math.inf:
            raise checks.Mistake("df of 1 or more", df, "give a larger one, or take gaussian")
        super().__init__(dim, dim, {"df": float(df)})
        self.df = float(df)

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to heavy tails."""
        return _odd(e, lambda e: _StudentQuantile.apply(e, self.df))  # type: ignore[no-untyped-call]


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


class Laplace(Noise):
    """z_i ~ Laplace(0, scale): z = scale·log(2Φ(e)) for e ≤ 0, and odd; variance 2·scale²."""

    def __init__(self, dim: int, scale: float = 1.0) -> None:
        checks.positive("scale", scale)
        super().__init__(dim, dim, {"scale": float(scale)})
        self.scale = float(scale)

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to exponential tails."""
        return _odd(e, lambda e: self.scale * (torch.special.log_ndtr(e) + math.log(2)))


class Bernoulli(Noise):
    """z_i in {0, 1}, P(z_i = 1) = p: z = 1 where e > -Φ⁻¹(p)."""

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

    differentiable = False

    def __init__(self, dim: int, weights: Sequence[float] | None = None) -> None:
        super().__init__(dim, dim, roles=[("box", dim)])
        self.weights = _column("weights", weights, dim)
        self.arguments = {"weights": self.weights.tolist()}

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, dim) to one-hot rows."""
        return torch.nn.functional.one_hot(_pick(e, self.weights), self.dim).to(e.dtype)


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

    def __init__(
        self,
        dim: int,
        means: int | Sequence[Sequence[float]] = 8,
        scales: float | Sequence[float] = 0.5,
        weights: Sequence[float] | None = None,
    ) -> None:
        if isinstance(means, int):
            keys = seeding.fold_rows(0, "mixture", np.arange(checks.whole("means", means)))
            means = seeding.normals(keys, checks.whole("dim", dim)).tolist()
        self.means = torch.as_tensor(means, dtype=torch.float32)
        checks.shape("means", self.means, (None, dim))
        checks.finite("means", self.means)
        k = len(self.means)
        self.scales, self.weights = _column("scales", scales, k), _column("weights", weights, k)
        tables = {"means": self.means, "scales": self.scales, "weights": self.weights}
        arguments = {name: table.tolist() for name, table in tables.items()}
        super().__init__(dim, k + dim, arguments, [("box", k), ("ball", dim)])

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, K + dim): K coordinates pick, dim place; (batch, dim)."""
        (_, picking), (_, placing) = self._runs(e)
        k = _pick(picking, self.weights)
        return self.means.to(e)[k] + self.scales.to(e)[k].unsqueeze(-1) * placing


class AutoRegressive(Noise):
    """Series of `channels` independent stationary AR(1) processes of variance 1, step-major.

    z_0 = e_0, z_t = a·z_{t-1} + √(1 - a²)·e_t, autocorrelation a^|lag|. Ornstein-Uhlenbeck with
    rate θ at time steps of δ is a = exp(-θδ).

    Parameters
    ----------
    dim
        Steps times channels: z.view(-1, dim // channels, channels) is the series.
    channels
        Numbers a step.
    coefficient
        a, in (-1, 1).
    """

    def __init__(self, dim: int, channels: int = 1, coefficient: float = 0.9) -> None:
        if checks.whole("dim", dim) % checks.whole("channels", channels):
            raise checks.Mistake(
                f"dim to be a multiple of the {channels} channels", dim, "give steps x channels"
            )
        if not -1 < coefficient < 1:
            raise checks.Mistake("coefficient between -1 and 1", coefficient, "give a smaller one")
        self.channels, self.coefficient = int(channels), float(coefficient)
        arguments = {"channels": self.channels, "coefficient": self.coefficient}
        super().__init__(dim, dim, arguments, [("box", dim)])

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, steps·channels) to as many, by the recursion."""
        series = list(torch.split(e, self.channels, -1))
        innovation = math.sqrt(1 - self.coefficient**2)
        for t in range(1, len(series)):
            series[t] = self.coefficient * series[t - 1] + innovation * series[t]
        return torch.cat(series, -1)


class Product(Noise):
    """Independent parts side by side: z and e are the parts' z and e in order.

    The plausible set is one: a joint ball over all that is on no sphere, one box bound for all that
    picks or drives, and each sphere by itself.
    """

    def __init__(self, parts: Sequence[Noise]) -> None:
        if not parts:
            raise checks.Mistake("at least one part", "none", "give a list of noises")
        super().__init__(
            sum(part.dim for part in parts),
            sum(part.base_dim for part in parts),
            roles=[run for part in parts for run in part.roles],
        )
        self.parts = tuple(parts)
        self.differentiable = any(part.differentiable for part in parts)

    def from_base(self, e: Tensor) -> Tensor:
        """Map each part's coordinates by its own law."""
        pieces = torch.split(e, [part.base_dim for part in self.parts], -1)
        mapped = [part.from_base(p) for part, p in zip(self.parts, pieces, strict=True)]
        return torch.cat(mapped, -1)

    def to_json(self) -> dict[str, Any]:
        """Return the parts, nested."""
        return {"kind": "product", "parts": [part.to_json() for part in self.parts]}


class Learned(Noise):
    """z = what a trained generator makes, flattened, in [-1, 1]; equal to 1e-5 in any batch.

    The law is fixed at construction: a frozen copy of the generator in eval mode. With K classes, K
    further base coordinates pick the label, all classes alike, so the noise needs nothing else.

    Parameters
    ----------
    generator
        A `networks.Generator`: of it are used `noise`, `units.size`, `classes`, `from_base`.
    """

    def __init__(self, generator: Any) -> None:
        self.generator = copy.deepcopy(generator).eval().requires_grad_(False)
        inner: Noise = generator.noise
        k = len(generator.classes)
        picking: Roles = [("box", k)] if k else []
        super().__init__(generator.units.size, inner.base_dim + k, None, [*inner.roles, *picking])
        self.differentiable = inner.differentiable

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, base of the generator's noise + K) to (batch, units.size)."""
        k = len(self.generator.classes)
        inner, picking = torch.split(e, [self.base_dim - k, k], -1)
        label = _pick(picking, torch.ones(k)) if k else None
        return self.generator.to(e.device).from_base(inner, label).flatten(1)  # type: ignore[no-any-return]

    def to_json(self) -> dict[str, Any]:
        """Refuse: a generator is a folder of weights, not a few numbers."""
        raise checks.Mistake(
            "a noise that a few numbers describe", "a learned one", "save its generator instead"
        )


NOISES: dict[str, Callable[..., Noise]] = {
    "gaussian": Gaussian,
    "uniform": Uniform,
    "sphere": Sphere,
    "truncated-gaussian": TruncatedGaussian,
    "student-t": StudentT,
    "laplace": Laplace,
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "mixture": Mixture,
    "autoregressive": AutoRegressive,
}


def from_json(plain: Mapping[str, Any]) -> Noise:
    """Make the noise that `to_json` wrote.

    Raises
    ------
    Mistake
        The kind has no row in NOISES, or its arguments do not fit.
    """
    kind, arguments = plain.get("kind"), {k: v for k, v in plain.items() if k != "kind"}
    if kind == "product":
        return Product([from_json(part) for part in arguments["parts"]])
    make = NOISES[checks.choice("the noise's kind", str(kind), [*NOISES, "product"])]
    try:
        return make(**arguments)
    except TypeError as error:
        raise checks.Mistake(f"arguments of {kind}", ", ".join(arguments), "mend them") from error
