"""Corruptions of images that move their pixels; what enters from outside repeats the edge."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from genenv.codecs import Codec, from_planes, planes
from genenv.corruptions.base import Corruption
from genenv.corruptions.draws import even


def _places(u: Tensor) -> tuple[Tensor, Tensor]:
    """Where the pixels are, counted from the image's centre: down (h, 1) and across (1, w)."""
    h, w = u.shape[1:3]
    down, across = torch.arange(h) - (h - 1) / 2, torch.arange(w) - (w - 1) / 2
    return down.unsqueeze(1), across.unsqueeze(0)


def _taken_from(u: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Fill each pixel with what is at another place, linearly between pixels.

    The places, (n, h, w) after broadcasting, are in pixels from the centre.
    """
    n, h, w = u.shape[:3]
    grid = torch.stack([across.expand(n, h, w) * (2 / w), down.expand(n, h, w) * (2 / h)], -1)
    pictures = planes(u)
    moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    return from_planes(moved, u.shape[1:])


class Rotate(Corruption):
    """A turn about the centre by an angle that is even between -amount and amount.

    Amount: the largest angle, in degrees; e > 0 turns counter-clockwise.
    """

    kind, domain = "rotate", "image"
    levels = (8.0, 16.0, 25.0, 35.0, 50.0)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 1)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Take each pixel from where it was before the turn."""
        angle = math.radians(amount) * even(e).unsqueeze(-1)
        down, across = _places(u)
        cos = angle.cos()
        sin = angle.sin()
        return _taken_from(u, cos * down + sin * across, cos * across - sin * down)


class Shear(Corruption):
    """Rows slide sideways, the more the farther they are from the middle one.

    Amount: the largest slide, in pixels a row; it is even between -amount and amount.
    """

    kind, domain = "shear", "image"
    levels = (0.15, 0.3, 0.5, 0.7, 0.9)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 1)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Take the pixel at (y, x) from (y, x - slide·y)."""
        (down, across), slide = _places(u), amount * even(e).unsqueeze(-1)
        return _taken_from(u, down, across - slide * down)


class Scale(Corruption):
    """Growth or shrinkage about the centre by (1 + amount)^t, t even between -1 and 1.

    Amount: what the largest factor exceeds 1 by; e > 0 enlarges.
    """

    kind, domain = "scale", "image"
    levels = (0.1, 0.25, 0.5, 0.75, 1.1)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 1)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Take each pixel from 1 / factor of its distance."""
        (down, across), factor = _places(u), (1 + amount) ** even(e).unsqueeze(-1)
        return _taken_from(u, down / factor, across / factor)


class Translate(Corruption):
    """A shift down and a shift to the right, each even between -amount and amount.

    Amount: the largest shift, as a share of the height and of the width.
    """

    kind, domain = "translate", "image"
    levels = (0.04, 0.08, 0.12, 0.17, 0.23)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 2)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Take each pixel from above and from the left of it."""
        (down, across), shift = _places(u), amount * even(e)[:, :, None, None]
        return _taken_from(u, down - shift[:, 0] * u.shape[1], across - shift[:, 1] * u.shape[2])
