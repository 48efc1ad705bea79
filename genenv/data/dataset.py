"""A data set in the user's own units, and the affine map between those units and [-1, 1]."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Units:
    """How one sample is stored, and the affine map of its values to [-1, 1].

    Images are (h, w) or (h, w, c); anything of one axis is a vector. A column whose low equals its
    high is constant: it maps to 0, and everything maps back to that one value.
    """

    shape: tuple[int, ...]  # of one sample, as the user stores it
    dtype: str  # NumPy's name
    low: tuple[float, ...]  # value that maps to -1: one number, or one a column (vectors)
    high: tuple[float, ...]  # value that maps to +1

    @property
    def is_image(self) -> bool:
        """Whether samples have height and width."""
        return len(self.shape) >= 2

    @property
    def size(self) -> int:
        """Numbers in one sample."""
        return int(np.prod(self.shape))

    @property
    def integer(self) -> bool:
        """Whether the data are integers, so that samples are rounded."""
        return np.dtype(self.dtype).kind in "ui"

    @cached_property
    def _low(self) -> Tensor:
        return torch.tensor(self.low)

    @cached_property
    def _high(self) -> Tensor:
        return torch.tensor(self.high)

    @cached_property
    def _middle(self) -> Tensor:
        return (self._high + self._low) / 2

    @cached_property
    def _half(self) -> Tensor:
        return (self._high - self._low) / 2

    @cached_property
    def _scale(self) -> Tensor:
        return torch.where(self._half == 0, 1.0, self._half)

    def tensor(self, x: NDArray[Any]) -> Tensor:
        """Copy stored samples (n, *shape) into a float32 tensor in the data's units."""
        return torch.from_numpy(np.array(x, np.float32, order="C"))

    def to_unit(self, x: Tensor) -> Tensor:
        """Map (n, *shape) from the data's units to [-1, 1], float32."""
        return (x.float() - self._middle.to(x.device)) / self._scale.to(x.device)

    def from_unit(self, u: Tensor) -> Tensor:
        """Map (n, *shape) from [-1, 1] to the data's units, float32; integers are rounded.

        Gradients pass the rounding and its clamp straight through.
        """
        x = u * self._half.to(u.device) + self._middle.to(u.device)
        if self.integer:
            rounded = x.detach().round().clamp(self._low.to(u.device), self._high.to(u.device))
            x = rounded + (x - x.detach())
        return x

    def store(self, x: Tensor) -> NDArray[Any]:
        """Copy a tensor in the data's units into an array of the data's dtype."""
        array = x.detach().cpu().numpy()
        if self.integer:  # a cast beyond the dtype's limits would wrap around
            limits = np.iinfo(self.dtype)
            array = np.clip(np.rint(array), limits.min, limits.max)
        return array.astype(self.dtype)

    def picture(self, x: Tensor) -> Tensor:
        """Map images in the data's units, (n, h, w) or (n, h, w, c), to (n, c, h, w) in [0, 1]."""
        unit = (self.to_unit(x) + 1) / 2
        return unit.unsqueeze(1) if len(self.shape) == 2 else unit.permute(0, 3, 1, 2)

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers that `from_json` reads."""
        return asdict(self)

    @staticmethod
    def from_json(plain: dict[str, Any]) -> Units:
        """Read what `to_json` wrote."""
        return Units(
            tuple(plain["shape"]), plain["dtype"], tuple(plain["low"]), tuple(plain["high"])
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels, as the user stores them."""

    name: str
    x: NDArray[Any]  # (n, *units.shape), the user's dtype
    label: NDArray[np.int64] | None  # (n,), index into classes; None: no labels
    classes: tuple[int | str, ...]  # sorted unique labels of the user; () without labels
    units: Units
    held_out: Dataset | None = None  # rows that came as a test set of their own
    unconditional: bool = False  # fit ignores the labels unless told (mode-counting toys)
    notes: tuple[str, ...] = field(default=())  # what loading changed: padded, grey to colour

    def __len__(self) -> int:
        return len(self.x)
