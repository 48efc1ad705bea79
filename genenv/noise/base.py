"""The contract of a noise: z as a deterministic map of a standard-normal base vector `e`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Tensor

from genenv import checks, seeding
from genenv.noise.geometry import Roles, energy_of, plausible


class Noise(ABC):
    """A law for latents z, as a map of e ~ N(0, I).

    A kind takes `dim` first and has defaults for all else, so that `kind` and a row in NOISES are
    enough.

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

    kind: ClassVar[str]  # its name in NOISES
    differentiable = True  # False where z is a step function of every coordinate of e

    def __init__(
        self,
        dim: int,
        base_dim: int,
        arguments: Mapping[str, Any] | None = None,
        roles: Roles | None = None,
    ) -> None:
        self.dim = checks.integer("dim", dim)
        self.base_dim = base_dim
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
        return energy_of(e, self.roles)

    @final
    def project(self, e: Tensor) -> Tensor:
        """Bring (batch, base_dim) into the plausible set.

        Each boxed coordinate is clamped to the bound that all of them keep jointly with
        probability 0.95; then all that are not on a sphere shrink by one factor to
        ‖e‖² ≤ χ²₀.₉₅(k), k their number; a sphere's coordinates move to ‖e‖ = √d.
        Projecting again changes nothing (on a sphere: but for rounding).
        """
        return plausible(e, self.roles)

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
            The kind has no name of its own; one that it inherits is another law's.
        """
        if "kind" not in vars(type(self)):
            raise checks.Mistake(
                "a noise with a row in genenv.noise.NOISES",
                type(self).__name__,
                "give the class its `kind` and add the row",
            )
        return {"kind": self.kind, "dim": self.dim, **self.arguments}
