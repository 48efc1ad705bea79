"""The canvas that convolutions work at."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from genenv import checks
from genenv.codecs import Codec

LEAST, MOST = 8, 64  # pixels a side


class Canvas(NamedTuple):
    """The sides of an image, rounded up to multiples of 4, and how often they can be halved."""

    height: int
    width: int
    margin: tuple[int, int, int, int]  # pixels more than the image: left, right, top, bottom
    halvings: int  # of both sides, that leave 4 pixels or more; at least one

    @property
    def start(self) -> tuple[int, int]:
        """Height and width after all halvings."""
        return self.height >> self.halvings, self.width >> self.halvings

    @property
    def notes(self) -> tuple[str, ...]:
        """What a generator tells of its canvas; () where it is the image."""
        left, right, top, bottom = self.margin
        if not any(self.margin):
            return ()
        height, width = self.height - top - bottom, self.width - left - right
        return (
            f"images of {height} x {width} pixels are made as "
            f"{self.height} x {self.width} and cropped",
        )

    def pad(self, x: Tensor) -> Tensor:
        """(n, c, h, w) of the image -> of the canvas, the margin at -1."""
        return functional.pad(x, self.margin, value=-1.0)

    def crop(self, x: Tensor) -> Tensor:
        """(n, c, h, w) of the canvas -> of the image."""
        left, right, top, bottom = self.margin
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]


def canvas(units: Codec, kind: str) -> Canvas:
    """Lay out the canvas of a kind of network.

    Raises
    ------
    Mistake
        The data are no images, or a side is below 8 or above 64 pixels.
    """
    if kind not in units.networks:
        got = f"{units.kind}s of length {units.width}"
        raise checks.Mistake(f"images for {kind}", got, f"use {units.networks[0]}")
    height, width = units.layout[:2]
    if min(height, width) < LEAST or max(height, width) > MOST:
        raise checks.Mistake(
            f"images of {LEAST} to {MOST} pixels a side for {kind}",
            f"{height} x {width}",
            "resize them, or use mlp",
        )
    more_rows, more_columns = -height % 4, -width % 4
    left, top = more_columns // 2, more_rows // 2
    margin = (left, more_columns - left, top, more_rows - top)
    sides = (height + more_rows, width + more_columns)
    return Canvas(*sides, margin, _halvings(sides))


def _halvings(sides: tuple[int, int]) -> int:
    """How often both sides can be halved and keep 4 pixels; at least once."""
    count = 0
    while all(side % 2 ** (count + 1) == 0 and side >> (count + 1) >= 4 for side in sides):
        count += 1
    return count
