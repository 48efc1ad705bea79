"""A data set in the user's own units, and the affine map between those units and [-1, 1]."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Units:
    """How one sample is stored, and the affine map of its values to about [-1, 1].

    Images are (h, w) or (h, w, c), and their range maps to [-1, 1]; anything of one axis is a
    vector, whose columns map to mean 0 and standard deviation 1. A column whose low equals its high
    is constant: it maps to 0, and everything maps back to that one value.
    """

    shape: tuple[int, ...]  # of one sample, as the user stores it
    dtype: str  # NumPy's name
    low: tuple[float, ...]  # value that maps to -1: one number, or one a column (vectors)
    high: tuple[float, ...]  # value that maps to +1
    ends: tuple[tuple[float, ...], tuple[float, ...]] | None = None  # least and largest of each
    # column, where these are not low and high

    @property
    def least(self) -> tuple[float, ...]:
        """The least value: one number, or one a column."""
        return self.low if self.ends is None else self.ends[0]

    @property
    def most(self) -> tuple[float, ...]:
        """The largest value: one number, or one a column."""
        return self.high if self.ends is None else self.ends[1]

    @property
    def is_image(self) -> bool:
        """Whether samples have height and width."""
        return len(self.shape) >= 2

    @property
    def size(self) -> int:
        """Numbers in one sample."""
        return math.prod(self.shape)

    @property
    def integer(self) -> bool:
        """Whether the data are integers, so that samples are rounded."""
        return np.dtype(self.dtype).kind in "ui"

    def tensor(self, x: NDArray[Any]) -> Tensor:
        """Copy stored samples (n, *shape) into a float32 tensor in the data's units."""
        return torch.from_numpy(np.array(x, np.float32, order="C"))

    def to_unit(self, x: Tensor) -> Tensor:
        """Map (n, *shape) from the data's units to about [-1, 1], float32."""
        affine = _affine(self, x.device)
        return (x.float() - affine.middle).div_(affine.scale)

    def from_unit(self, u: Tensor) -> Tensor:
        """Map (n, *shape) back to the data's units, float32; integers are rounded.

        They are clamped to the values that there are. Gradients pass both straight through.
        """
        affine = _affine(self, u.device)
        x = (u * affine.half).add_(affine.middle)
        if not self.integer:
            return x
        if not x.requires_grad:
            return x.round_().clamp_(affine.least, affine.most)
        rounded = x.detach().round().clamp_(affine.least, affine.most)
        return (x - x.detach()).add_(rounded)

    def store(self, x: Tensor) -> NDArray[Any]:
        """Copy a tensor in the data's units into an array of the data's dtype."""
        array = x.detach().cpu().numpy()
        if self.integer:  # a cast beyond the dtype's limits would wrap around
            limits = np.iinfo(self.dtype)
            array = np.rint(array)
            np.clip(array, limits.min, limits.max, out=array)
        return array.astype(self.dtype)

    def picture(self, x: Tensor) -> Tensor:
        """Map images in the data's units, (n, h, w) or (n, h, w, c), to (n, c, h, w) in [0, 1].

        Float32, (x - low) / (high - low); images of one value throughout are 0.5.
        """
        low, span = self.low[0], self.high[0] - self.low[0]
        low, span = (low, span) if span else (low - 0.5, 1.0)
        unit = (x.float() - low).div_(span) if low else x.float() / span
        return unit.unsqueeze(1) if len(self.shape) == 2 else unit.permute(0, 3, 1, 2)

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers that `from_json` reads."""
        plain = asdict(self)
        return plain if self.ends else {k: v for k, v in plain.items() if k != "ends"}

    @staticmethod
    def from_json(plain: dict[str, Any]) -> Units:
        """Read what `to_json` wrote."""
        ends = plain.get("ends")
        return Units(
            tuple(plain["shape"]),
            plain["dtype"],
            tuple(plain["low"]),
            tuple(plain["high"]),
            None if ends is None else (tuple(ends[0]), tuple(ends[1])),
        )


class _Affine(NamedTuple):
    """Constants of the map, on one device; each has one number, or one a column."""

    middle: Tensor
    half: Tensor
    scale: Tensor  # half, and 1 for constant columns
    least: Any  # a tensor; a float if it is one number, which clamps several times as fast
    most: Any


@lru_cache(maxsize=64)  # or every call on a GPU would copy them there, and wait
def _affine(units: Units, device: torch.device) -> _Affine:
    with torch.inference_mode(False):  # they outlive the call, and may meet gradients later
        low, high = torch.tensor(units.low), torch.tensor(units.high)
        middle, half = (high + low) / 2, (high - low) / 2
        scale = torch.where(half == 0, 1.0, half)
        ends = torch.tensor(units.least), torch.tensor(units.most)
        tensors = [t.to(device) for t in (middle, half, scale, *ends)]
    limits = [end.item() for end in ends] if len(units.low) == 1 else tensors[3:]
    return _Affine(*tensors[:3], *limits)


@dataclass(frozen=True, eq=False)
class Modes:
    """A mixture's known components, all of one spread."""

    centres: NDArray[np.float64]  # (modes, columns)
    sigma: float  # standard deviation of each column about its centre


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels, as the user stores them."""

    name: str
    x: NDArray[Any]  # (n, *units.shape), the user's dtype
    label: NDArray[np.int64] | None  # (n,), index into classes; None: no labels
    classes: tuple[int | str, ...]  # sorted unique labels of the user; () without labels
    units: Units
    held_out: Dataset | None = None  # rows that came as a test set of their own
    modes: Modes | None = None  # where they are known, so that metrics can count them
    unconditional: bool = False  # fit ignores the labels unless told (mode-counting toys)
    notes: tuple[str, ...] = field(default=())  # what loading changed: padded, grey to colour

    def __len__(self) -> int:
        return len(self.x)

    def pick(self, rows: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return some rows of labelled data: samples (n, *units.shape), class indices (n,)."""
        assert self.label is not None
        return self.x[rows], self.label[rows]
