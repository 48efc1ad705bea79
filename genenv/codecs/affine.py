"""Codecs whose map is affine: a range, or a range a column, to [-1, 1]."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor

from genenv.codecs.base import Codec


@dataclass(frozen=True)
class Affine(Codec):
    """Samples of numbers; networks see them in the user's layout.

    A column whose low equals its high is constant: it maps to 0, and everything maps back to that
    one value.
    """

    low: tuple[float, ...]  # value that maps to -1: one number, or one a column (vectors)
    high: tuple[float, ...]  # value that maps to +1
    ends: tuple[tuple[float, ...], tuple[float, ...]] | None = None  # least and largest of each
    # column, where these are not low and high

    @property
    def layout(self) -> tuple[int, ...]:
        """See `Codec.layout`."""
        return self.shape

    @property
    def least(self) -> tuple[float, ...]:
        """See `Codec.least`."""
        return self.low if self.ends is None else self.ends[0]

    @property
    def most(self) -> tuple[float, ...]:
        """See `Codec.most`."""
        return self.high if self.ends is None else self.ends[1]

    @property
    def reach(self) -> float:
        """See `Codec.reach`."""
        return max(high - low for low, high in zip(self.low, self.high, strict=True)) / 2

    def encode(self, x: Tensor) -> Tensor:
        """See `Codec.encode`."""
        constants = _constants(self, x.device)
        return (x.float() - constants.middle).div_(constants.scale)

    def decode(self, u: Tensor) -> Tensor:
        """See `Codec.decode`; integers are rounded and clamped to the values that there are."""
        constants = _constants(self, u.device)
        x = (u * constants.half).add_(constants.middle)
        if not self.integer:
            return x
        if not x.requires_grad:
            return x.round_().clamp_(constants.least, constants.most)
        rounded = x.detach().round().clamp_(constants.least, constants.most)
        return (x - x.detach()).add_(rounded)

    def limits(self) -> tuple[Tensor, Tensor]:
        """See `Codec.limits`."""
        if self.bounded:
            return torch.tensor(-1.0), torch.tensor(1.0)
        least, most = self.encode(torch.tensor([self.least, self.most]))
        return least, most

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`; the number of axes tells the kind."""
        plain = asdict(self)
        return plain if self.ends else {k: v for k, v in plain.items() if k != "ends"}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """See `Codec.from_json`."""
        ends = plain.get("ends")
        return cls(
            tuple(plain["shape"]),
            plain["dtype"],
            tuple(plain["low"]),
            tuple(plain["high"]),
            None if ends is None else (tuple(ends[0]), tuple(ends[1])),
        )


class _Constants(NamedTuple):
    """Constants of the map, on one device; each has one number, or one a column."""

    middle: Tensor
    half: Tensor
    scale: Tensor  # half, and 1 for constant columns
    least: Any  # a tensor; a float if it is one number, which clamps several times as fast
    most: Any


@lru_cache(maxsize=64)  # or every call on a GPU would copy them there, and wait
def _constants(codec: Affine, device: torch.device) -> _Constants:
    with torch.inference_mode(False):  # they outlive the call, and may meet gradients later
        low, high = torch.tensor(codec.low), torch.tensor(codec.high)
        middle, half = (high + low) / 2, (high - low) / 2
        scale = torch.where(half == 0, 1.0, half)
        ends = torch.tensor(codec.least), torch.tensor(codec.most)
        tensors = [t.to(device) for t in (middle, half, scale, *ends)]
    limits = [end.item() for end in ends] if len(codec.low) == 1 else tensors[3:]
    return _Constants(*tensors[:3], *limits)
