"""Laws made of laws: side by side, times a factor, and what a trained generator makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from genenv import checks
from genenv.noise.base import Noise
from genenv.noise.discrete import pick
from genenv.noise.geometry import Roles


class Product(Noise):
    """Independent parts side by side: z and e are the parts' z and e in order.

    The plausible set is one: a joint ball over all that is on no sphere, one box bound for all that
    picks or drives, and each sphere by itself.
    """

    kind = "product"

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
        return {"kind": self.kind, "parts": [part.to_json() for part in self.parts]}


class Scaled(Noise):
    """z = strength · (another law's z): a temperature, in latent space.

    The base space and its plausible set stay those of the law: energy prices e, not z.

    Parameters
    ----------
    noise
        The law.
    strength
        Factor above 0: below 1 z comes nearer to the origin, above 1 it goes farther out.
    """

    kind = "scaled"

    def __init__(self, noise: Noise, strength: float) -> None:
        checks.positive("strength", strength)
        super().__init__(noise.dim, noise.base_dim, roles=noise.roles)
        self.noise = noise
        self.strength = float(strength)
        self.differentiable = noise.differentiable

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, base_dim) by the law, times strength."""
        return self.strength * self.noise.from_base(e)

    def to_json(self) -> dict[str, Any]:
        """Return the law, nested, and the factor."""
        return {"kind": self.kind, "noise": self.noise.to_json(), "strength": self.strength}


class Learned(Noise):
    """z = what a trained generator makes, flattened, in [-1, 1]; equal to 1e-5 in any batch.

    The law is fixed at construction: a frozen copy of the generator in eval mode. With K classes, K
    further base coordinates pick the label, all classes alike, so the noise needs nothing else.

    Parameters
    ----------
    generator
        A `generators.Generator`; a frozen one is kept.
    """

    def __init__(self, generator: Any) -> None:
        self.generator = generator.frozen()
        inner: Noise = generator.noise
        k = len(generator.classes)
        picking: Roles = [("box", k)] if k else []
        super().__init__(generator.units.size, inner.base_dim + k, None, [*inner.roles, *picking])
        self.differentiable = generator.differentiable

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, base of the generator's noise + K) to (batch, units.size)."""
        k = len(self.generator.classes)
        inner, picking = torch.split(e, [self.base_dim - k, k], -1)
        label = pick(picking) if k else None
        return self.generator.on(e.device).from_base(inner, label).flatten(1)  # type: ignore[no-any-return]

    def in_units(self, z: Tensor) -> Tensor:
        """Map (batch, dim) to the units of the data that the generator learned: (batch, dim)."""
        units = self.generator.units
        x: Tensor = units.decode(z.reshape(len(z), *units.shape))
        return x.flatten(1)

    def to_json(self) -> dict[str, Any]:
        """Refuse: a generator is a folder of weights, not a few numbers."""
        raise checks.Mistake(
            "a noise that a few numbers describe", "a learned one", "save its generator instead"
        )
