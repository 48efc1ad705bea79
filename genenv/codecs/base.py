"""What one sample is: how it is stored, how a network sees it, and what suits it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks


@dataclass(frozen=True)
class Codec(ABC):
    """The map between samples as the user stores them, x, and as networks see them, u.

    A kind writes the map and names what suits its data. Rooms below ask for the name alone, so
    that nothing outside of the codecs asks what the data are.
    """

    shape: tuple[int, ...]  # of one sample, as the user stores it
    dtype: str  # NumPy's name

    kind: ClassVar[str]  # its name in CODECS, and the domain of its corruptions
    bounded: ClassVar[bool]  # whether u lies in [-1, 1]; else its columns are standardised
    one_scale: ClassVar[bool]  # whether all numbers of a sample have one unit
    shiftable: ClassVar[bool]  # whether a sample moved by a few places is one of its class
    learned_features: ClassVar[bool]  # whether distances need the features of a classifier
    usual_view: ClassVar[str | None] = None  # what models are handed; None: what their kind says
    classifiers: ClassVar[tuple[str, ...]]  # of genenv's own, the usual one first
    oracles: ClassVar[tuple[str, ...]]  # makes of the audit's members, see `judge.crossfit`
    guides: ClassVar[tuple[str, ...]]  # makes of the guide's networks, two
    learners: ClassVar[tuple[str, ...]]  # that are quick on any number of rows

    @property
    @abstractmethod
    def layout(self) -> tuple[int, ...]:
        """Shape of one sample as networks see it."""

    @property
    @abstractmethod
    def networks(self) -> tuple[str, ...]:
        """Kinds of generators that take these data, the one that `auto` takes first."""

    @property
    @abstractmethod
    def family(self) -> str:
        """The family of presets that suits."""

    @property
    def coded_family(self) -> str:
        """The family of presets that suits where codes are learned."""
        return self.family

    @property
    @abstractmethod
    def least(self) -> tuple[float, ...]:
        """The least value in x: one number, or one a column."""

    @property
    @abstractmethod
    def most(self) -> tuple[float, ...]:
        """The largest value in x: one number, or one a column."""

    @property
    @abstractmethod
    def reach(self) -> float:
        """How far x moves, at most, where u moves by 1."""

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Map (n, *shape) in the data's units to (n, *layout) of about [-1, 1], float32."""

    @abstractmethod
    def decode(self, u: Tensor) -> Tensor:
        """Map (n, *layout) back to (n, *shape) in the data's units, as values that there are.

        Gradients pass roundings and limits straight through.
        """

    @abstractmethod
    def limits(self) -> tuple[Tensor, Tensor]:
        """Least and largest values of u: one number each, or one a column."""

    @abstractmethod
    def packed(self, pack: int) -> Codec:
        """Return the codec of `pack` samples that a critic sees as one."""

    @abstractmethod
    def pack(self, u: Tensor) -> Tensor:
        """Lay (packs, pack, *layout) out as `packed` has it: (packs, *packed(pack).layout)."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers, `kind` among them unless the shape tells it."""

    @classmethod
    @abstractmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""

    @property
    def groups(self) -> tuple[int, ...] | None:
        """Which column of a table each number of u is of; None: no samples of mixed columns."""
        return None

    @property
    def channels(self) -> int:
        """Colour channels of the picture that a sample is; 0: it is none."""
        return 0

    def picture(self, x: Tensor) -> Tensor:  # noqa: ARG002
        """Map samples that are pictures, (n, *shape), to float32 (n, c, h, w) in [0, 1].

        Raises
        ------
        Mistake
            They are none.
        """
        raise checks.Mistake("samples that are pictures", f"{self.kind}s", "ask for `channels`")

    def module_view(self, x: Tensor) -> Tensor:
        """Return (n, *shape) in the data's units as torch modules are used to it, float32."""
        return x.float().clone()

    def raw_view(self, x: NDArray[Any]) -> Any:
        """Return stored samples (n, *shape) as the user's own functions take them."""
        return x

    def flat_view(self, x: NDArray[Any]) -> Any:
        """Return stored samples (n, *shape) as scikit-learn's estimators take them, rows."""
        return x.reshape(len(x), -1)

    def names(self) -> tuple[str, ...]:
        """Return what the columns of a row are called; of vectors their numbers."""
        return tuple(map(str, range(self.size)))

    def words(self, x: NDArray[Any]) -> list[list[str]]:
        """Return what people read of stored samples (n, *shape), a text a name."""
        return [[f"{value:.4g}" for value in row] for row in x.reshape(len(x), -1).tolist()]

    def kept(self, x: NDArray[Any], other: NDArray[Any], same: NDArray[np.bool_]) -> NDArray[Any]:
        """Take x where networks see the `same` (n, *layout), and the `other` samples elsewhere."""
        return np.where(same, x, other)

    def tensor(self, x: NDArray[Any]) -> Tensor:
        """Copy stored samples (n, *shape) into a float32 tensor in the data's units."""
        return torch.from_numpy(np.array(x, np.float32, order="C"))

    def store(self, x: Tensor) -> NDArray[Any]:
        """Copy a tensor in the data's units into an array of the data's dtype."""
        array = x.detach().cpu().numpy()
        if self.integer:  # a cast beyond the dtype's limits would wrap around
            limits = np.iinfo(self.dtype)
            array = np.rint(array)
            np.clip(array, limits.min, limits.max, out=array)
        return array.astype(self.dtype)

    @final
    def stored_as(self, dtype: str) -> Self:
        """Return the same map for samples of another dtype: floats are not rounded."""
        return replace(self, dtype=dtype)

    @final
    @property
    def size(self) -> int:
        """Numbers in one stored sample."""
        return math.prod(self.shape)

    @final
    @property
    def width(self) -> int:
        """Numbers in one sample as networks see it."""
        return math.prod(self.layout)

    @final
    @property
    def integer(self) -> bool:
        """Whether the data are integers, so that samples are rounded."""
        return np.dtype(self.dtype).kind in "ui"
