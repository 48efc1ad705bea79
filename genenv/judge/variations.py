"""Natural variation of real rows: what a row may undergo and still be what its label says.

Images are turned, scaled, sheared, shifted, bent, drawn with a thicker or thinner stroke, and made
noisy; every amount is a share of the image's side. Columns of vectors are jittered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from genenv import checks
from genenv.judge.neighbours import Neighbours

TURN = math.radians(15)  # largest rotation
STRETCH = 0.18  # largest logarithm of a scale, along each axis
SHEAR = 0.2
SHIFT = 0.14  # of half the side: two pixels of 28
BEND = 0.06  # largest standard deviation of the elastic field, of half the side
KNOTS = 5  # a side of the elastic field before it is smoothed
STROKED = 0.2  # share of rows with a thicker stroke, and with a thinner one
LEAST_STROKED = 16  # pixels of a side below which a stroke is a pixel wide
SOME = 4096  # rows that tell how far neighbours lie
NOISE = 0.4  # largest standard deviation of pixel noise, in [-1, 1]; a third of rows have none


def between(low: float, high: float, count: int, rng: torch.Generator) -> Tensor:
    """Draw uniform numbers, shape (count,)."""
    return torch.rand(count, generator=rng) * (high - low) + low


def field(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """Draw smooth displacements of unit variance at the knots: (n, c, h, w) -> (n, h, w, 2)."""
    rows, _, height, width = shape
    knots = torch.randn(rows, 2, KNOTS, KNOTS, generator=rng)
    smooth = functional.interpolate(knots, (height, width), mode="bicubic", align_corners=True)
    return smooth.permute(0, 2, 3, 1)


def moved(images: Tensor, grid: Tensor) -> Tensor:
    """Read images (n, c, h, w) at the places of a grid (n, h, w, 2) in [-1, 1]."""
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


@dataclass(frozen=True)
class Variation:
    """How far images are varied."""

    share: float = 1.0
    """Of the largest amounts above, of every kind; from 0 to 1."""

    def __post_init__(self) -> None:
        if not (isinstance(self.share, int | float) and 0 <= self.share <= 1):
            raise checks.Mistake("a share from 0 to 1", self.share, "give one in between")

    @property
    def words(self) -> str:
        """Name it."""
        return "full amounts" if self.share == 1 else f"{self.share:.0%} of the amounts"


FULL = Variation()
GENTLER = (Variation(0.5), Variation(0.25))  # tried in turn while they save loss


def vary_images(images: Tensor, rng: torch.Generator, variation: Variation = FULL) -> Tensor:
    """Return images (n, c, h, w) in [-1, 1], each varied in its own way."""
    rows = len(images)
    share = variation.share
    bend = between(0, share * BEND, rows, rng)[:, None, None, None]
    affine = _affine(rows, rng, share)
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
    varied = moved(images, grid + bend * field(images.shape, rng))
    if min(images.shape[2:]) >= LEAST_STROKED:
        varied = _stroked(varied, rng, share * STROKED)
    noise = between(-share * NOISE / 2, share * NOISE, rows, rng).clamp_min(0)
    noise = noise[:, None, None, None]
    return (varied + noise * torch.randn(varied.shape, generator=rng)).clamp(-1, 1)


def _affine(rows: int, rng: torch.Generator, share: float) -> Tensor:
    """Draw maps of the plane, (rows, 2, 3)."""
    turn = between(-share * TURN, share * TURN, rows, rng)
    wide, high = (between(-share * STRETCH, share * STRETCH, rows, rng).exp() for _ in range(2))
    shear = between(-share * SHEAR, share * SHEAR, rows, rng)
    right, down = (between(-share * SHIFT, share * SHIFT, rows, rng) for _ in range(2))
    cosine, sine = turn.cos(), turn.sin()
    top = torch.stack([wide * cosine, shear - wide * sine, right], dim=1)
    return torch.stack([top, torch.stack([high * sine, high * cosine, down], dim=1)], dim=1)


def _stroked(images: Tensor, rng: torch.Generator, share: float) -> Tensor:
    """Blend some images with their greatest, some with their least values of 3x3 pixels."""
    lot = torch.rand(len(images), generator=rng)
    blend = torch.rand(len(images), generator=rng)[:, None, None, None]
    for sign, chosen in ((1, lot < share), (-1, lot > 1 - share)):
        part = images[chosen]
        if len(part):
            pooled = sign * functional.max_pool2d(sign * part, 3, 1, 1)
            images[chosen] = torch.lerp(part, pooled, blend[chosen])
    return images


def vary_columns(rows: Tensor, spread: float, rng: torch.Generator) -> Tensor:
    """Return vectors (n, columns), each with noise of a standard deviation up to `spread`."""
    noise = between(0, spread, len(rows), rng)[:, None]
    return rows + noise * torch.randn(rows.shape, generator=rng)


def spread(rows: Tensor) -> float:
    """Return the standard deviation of noise that moves a vector as far as its neighbours lie.

    Of images 0: their variations have amounts of their own.
    """
    if rows.ndim == 4:
        return 0.0
    some = rows[:: -(-len(rows) // SOME)]
    return float(Neighbours(some)(some).median()) / math.sqrt(some.shape[1])
