"""The contract of a corruption: a deterministic map of x, a base vector `e` and a strength."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.codecs import Codec

STRONGEST = 5  # strengths go from 0, the identity, to this

Levels = tuple[float, float, float, float, float]


class Corruption(ABC):
    """What spoils samples: by how much says a strength from 0 to 5, in which way says e ~ N(0, I).

    One e serves at all strengths, so that the path of a sample as its strength grows is continuous,
    or, where cells are hit or not, one on which a cell once hit stays hit; rounding and JPEG move
    in steps. A kind writes `change`, and has a row in CORRUPTIONS.

    Parameters
    ----------
    units
        Of the data: shape, dtype and range of one sample.
    base_dim
        Number of standard-normal coordinates that drive it; 0: nothing in it is random.

    Raises
    ------
    Mistake
        The kind does not apply to these data; see `refusal`.
    """

    kind: ClassVar[str]  # its name in CORRUPTIONS
    domain: ClassVar[str]  # "image", "vector" or "table"
    levels: ClassVar[Levels]  # the amount at strengths 1 to 5, in the unit that the kind names

    def __init__(self, units: Codec, base_dim: int = 0) -> None:
        refusal = self.refusal(units)
        if refusal is not None:
            raise refusal
        self.units, self.base_dim = units, base_dim
        self.real = units.stored_as("float32")  # the same map, without rounding and ends

    @classmethod
    def refusal(cls, units: Codec) -> checks.Mistake | None:
        """Return why the kind does not apply to data of these units; None: it applies."""
        if units.kind == cls.domain:
            return None
        return checks.Mistake(
            f"{cls.domain} data for {cls.kind}",
            f"samples of shape {units.shape}",
            "choose a kind that genenv.corruptions.names_for lists",
        )

    @abstractmethod
    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Return corrupted samples, and leave u as it is.

        Parameters
        ----------
        u
            (n, *units.shape) float32: images in [-1, 1], columns of vectors standardised.
        e
            (n, base_dim) float32.
        amount
            Above 0, in the kind's own unit.

        Returns
        -------
        Like u. Images may leave [-1, 1] and are clipped afterwards; a number that is left as it is
        in u keeps its exact value in the user's units.
        """

    @final
    def amount(self, strength: float) -> float:
        """Return the amount at a strength: linear between `levels`, and 0 at strength 0.

        Raises
        ------
        Mistake
            The strength is not from 0 to 5.
        """
        if not 0 <= strength <= STRONGEST:
            raise checks.Mistake("a strength from 0 to 5", strength, "give one in between")
        return float(np.interp(strength, range(STRONGEST + 1), (0.0, *self.levels)))

    @final
    def apply(self, x: NDArray[Any], e: Tensor, strength: float) -> NDArray[Any]:
        """Corrupt samples; strength 0 returns them bit for bit.

        Parameters
        ----------
        x
            (n, *units.shape) in the user's units and dtype.
        e
            (n, base_dim), standard normal.
        strength
            From 0 to 5.

        Returns
        -------
        An array like x: images between the least and the largest value of the data, integers
        rounded and within their dtype. A constant column of vectors stays as it is.

        Raises
        ------
        Mistake
            Another shape of x or e, NaN or infinity in x, or a strength that is not from 0 to 5.
        """
        x, amount = np.asarray(x), self.amount(strength)
        checks.shape("x", x, (None, *self.units.shape))
        checks.shape("e", e, (len(x), self.base_dim))
        checks.finite("x", x)
        if strength == 0 or not len(x):
            return x.copy()
        u = self.units.encode(self.units.tensor(x))
        changed = self.change(u, e.to(u), amount)
        spoilt = self.units.stored_as(x.dtype.name).store(self.real.decode(changed))
        if self.units.bounded:
            least, most = self.units.least[0], self.units.most[0]
            np.clip(spoilt, x.dtype.type(least), x.dtype.type(most), out=spoilt)
        return self.units.kept(x, spoilt, (changed == u).numpy())

    @final
    def base(self, count: int, seed: int, start: int = 0) -> Tensor:
        """Draw e for addresses start to start + count - 1: (count, base_dim) float32."""
        rows = np.arange(start, start + count)
        keys = seeding.fold_rows(seed, "corruption", self.kind, rows)
        return torch.from_numpy(seeding.normals(keys, self.base_dim))

    @final
    def sample(self, x: NDArray[Any], strength: float, seed: int, start: int = 0) -> NDArray[Any]:
        """Corrupt x with the e of addresses start to start + n - 1: `apply` otherwise."""
        return self.apply(x, self.base(len(x), seed, start), strength)
