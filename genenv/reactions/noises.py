"""Noise that trained learners meet: of latents, of samples, and of real rows, in strengths 0 to 5.

One sample keeps its base vectors at every strength, so its path over strengths is continuous; at
strength 0 it is the generator's own sample, or the real row as stored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from genenv import checks, corruptions, seeding
from genenv.codecs import Codec
from genenv.generators import Generator
from genenv.generators.base import CHUNK
from genenv.noise import NOISES, Learned, Noise

STRENGTHS = (0, 1, 2, 3, 4, 5)
STRONGEST = STRENGTHS[-1]
LAWS = ("uniform", "laplace", "student-t", "sphere")  # each is reached at the greatest strength

Samples = NDArray[Any]  # (n, *units.shape) in the data's units and dtype
Labels = NDArray[np.int64]


class LatentNoise(ABC):
    """A change of the latents or of the condition, before the generator.

    Parameters
    ----------
    generator
        Conditional.
    """

    kind: ClassVar[str]

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    @abstractmethod
    def change(self, e: Tensor, label: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Return latents (n, dim) and labels, (n,) or (n, classes).

        From e (n, base_dim) and labels (n,).
        """


class Temperature(LatentNoise):
    """z · (1 + strength / 5): latents up to twice as far out as in training."""

    kind = "temperature"

    def change(self, e: Tensor, label: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Stretch the latents."""
        return (1 + strength / STRONGEST) * self.generator.noise.from_base(e), label


class Truncation(LatentNoise):
    """z · (1 - 0.18 · strength): latents down to a tenth, samples ever more alike."""

    kind = "truncation"

    def change(self, e: Tensor, label: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Shrink the latents."""
        return (1 - 0.18 * strength) * self.generator.noise.from_base(e), label


class OtherLaw(LatentNoise):
    """From the trained law to another, driven by the same e: student-t has the heavier tails."""

    def __init__(self, generator: Generator, law: str) -> None:
        super().__init__(generator)
        self.law = NOISES[law](generator.noise.dim)

    def change(self, e: Tensor, label: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Move every latent along the line between both laws' values."""
        share = strength / STRONGEST
        own = self.generator.noise.from_base(e)
        return (1 - share) * own + share * self.law.from_base(e), label


class Classes(LatentNoise):
    """From the condition towards the next class, half-way at the greatest strength."""

    kind = "classes"

    def change(self, e: Tensor, label: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Mix the embeddings of both."""
        k = len(self.generator.classes)
        share = strength / (2 * STRONGEST)
        own, other = (functional.one_hot(c, k).float() for c in (label, (label + 1) % k))
        return self.generator.noise.from_base(e), (1 - share) * own + share * other


LATENT: dict[str, Callable[[Generator], LatentNoise]] = {
    kind.kind: kind for kind in (Temperature, Truncation, Classes)
}
LATENT |= {law: partial(OtherLaw, law=law) for law in LAWS}

SOURCES = ("latent", "sample", "real")


LEARNED = ("sample:learned", "real:learned")  # with a generator of residuals
MET = 1000  # real rows that meet noise, at most


def possible(units: Codec) -> tuple[str, ...]:
    """Name every noise of a kind of data, as SOURCE:KIND.

    `latent` noise changes latents, `sample` noise corrupts generated samples, `real` noise the same
    on real rows.
    """
    kinds = corruptions.names_for(units)
    changed = [f"{source}:{kind}" for source in ("sample", "real") for kind in kinds]
    return (*(f"latent:{kind}" for kind in LATENT), *changed)


def names(units: Codec, law: Noise, mixes_labels: bool = True) -> tuple[str, ...]:
    """Name those that a generator allows: a law must be driven by as many base coordinates.

    Parameters
    ----------
    units
        Of the data.
    law
        Of the generator's latents.
    mixes_labels
        Whether the generator makes samples between classes.
    """
    apart = {f"latent:{name}" for name in LAWS if NOISES[name](law.dim).base_dim != law.base_dim}
    apart |= set() if mixes_labels else {f"latent:{Classes.kind}"}
    return tuple(name for name in possible(units) if name not in apart)


class SampleBatch:
    """Samples with labels, the same ones at every strength of every noise.

    Parameters
    ----------
    generator
        Conditional.
    real
        Real rows (n, *units.shape) and their labels (n,), in stratified order; the first 1,000 meet
        `real` noise.
    count
        Generated samples, their labels drawn evenly.
    seed
        Address of latents, labels and corruptions.
    residuals
        A generator of what real rows differ by, in the data's units, for the kind `learned`: the
        zero of its data is no change, and their scale is its own. None: there is none.
    """

    def __init__(
        self,
        generator: Generator,
        real: tuple[Samples, Labels],
        count: int,
        seed: int,
        residuals: Generator | None = None,
    ) -> None:
        self.generator = generator
        self.real = real
        self.seed = seed
        self.e = generator.noise.base(count, seed)
        self.label = generator.labels(count, seed)
        self.residuals = residuals
        self._made: tuple[Samples, Labels] | None = None

    @property
    def units(self) -> Codec:
        """Of the data."""
        return self.generator.units

    @property
    def met(self) -> tuple[Samples, Labels]:
        """Real rows that meet noise, and their labels."""
        x, label = self.real
        return x[:MET], label[:MET]

    def at(self, noise: str, strength: float) -> tuple[Samples, Labels]:
        """Return the samples under a noise, and their labels.

        Parameters
        ----------
        noise
            SOURCE:KIND, see `possible`; also those in LEARNED with `residuals`.
        strength
            From 0 to 5.

        Raises
        ------
        Mistake
            An unknown noise.
        """
        source, _, kind = noise.partition(":")
        checks.choice("source of a noise", source, SOURCES)
        if source == "latent":
            changed = LATENT[checks.choice("latent noise", kind, LATENT)](self.generator)
            return self._generate(changed, strength), self.label
        x, label = self.met if source == "real" else self._own()
        return self._corrupt(kind, x, strength), label

    def _own(self) -> tuple[Samples, Labels]:
        """Generate without noise, once."""
        if self._made is None:
            self._made = self._generate(Temperature(self.generator), 0), self.label
        return self._made

    def _generate(self, noise: LatentNoise, strength: float) -> Samples:
        parts = []
        units = self.units
        with torch.no_grad(), self.generator.evaluated():
            for rows in torch.split(torch.arange(len(self.e)), CHUNK):
                label = torch.from_numpy(self.label)[rows]
                z, asked = noise.change(self.e[rows], label, strength)
                parts.append(units.store(units.decode(self.generator.from_latent(z, asked))))
        return np.concatenate(parts)

    def _corrupt(self, kind: str, x: Samples, strength: float) -> Samples:
        address = seeding.fold(self.seed, "corruption", kind)
        if kind == "learned" and self.residuals is not None:
            return self._drift(x, strength, address)
        checks.choice("corruption", kind, corruptions.CORRUPTIONS)
        return corruptions.CORRUPTIONS[kind](self.units).sample(x, strength, address)

    def _drift(self, x: Samples, strength: float, address: int) -> Samples:
        """Return x + strength / 5 · residual, the residual in its own units, not in the data's.

        Images and integers stay within the data's range, as generated ones do.
        """
        assert self.residuals is not None
        if strength == 0:
            return x.copy()
        units = self.units
        made = Learned(self.residuals).sample(len(x), address)
        added = self.residuals.units.decode(made.view(len(x), *units.shape))
        moved = units.tensor(x) + strength / STRONGEST * added
        if units.bounded or units.integer:
            moved = moved.clamp(torch.tensor(units.least), torch.tensor(units.most))
        return units.store(moved)
