"""Corruptions of images pixel by pixel: noise, contrast, and what covers or smears them."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy import special
from torch import Tensor

from genenv.codecs import Codec
from genenv.corruptions.base import Corruption
from genenv.corruptions.draws import even, hit_either_side


class Gaussian(Corruption):
    """Independent normal noise on every number.

    Amount: its standard deviation, as a share of the range from least to largest value.
    """

    kind, domain = "gaussian", "image"
    levels = (0.05, 0.09, 0.14, 0.2, 0.28)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, units.size)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Return u + 2·amount·e."""
        return u + 2 * amount * e.view_as(u)


class Shot(Corruption):
    """Noise of counted photons: a Gaussian with the Poisson's variance, not the Poisson itself.

    A brightness p in [0, 1] that is counted as Poisson(λp)/λ has the variance p/λ; the Gaussian
    moves on continuously with λ, and leaves black as it is.
    Amount: 1/λ, λ the photons at full brightness.
    """

    kind, domain = "shot", "image"
    levels = (0.02, 0.05, 0.1, 0.2, 0.4)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, units.size)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Return p + √(amount·p)·e, p = (u + 1) / 2, as u."""
        p = ((u + 1) / 2).clamp(min=0)
        return u + 2 * (amount * p).sqrt() * e.view_as(u)


class Impulse(Corruption):
    """Salt and pepper: pixels turn to the largest or the least value, all colours at once.

    Amount: the share of pixels.
    """

    kind, domain = "impulse", "image"
    levels = (0.02, 0.04, 0.07, 0.11, 0.17)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, units.shape[0] * units.shape[1])

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Set ±1 where e lies in one of its tails."""
        side = hit_either_side(e, amount).view(u.shape[:3])
        side = side if u.ndim == 3 else side.unsqueeze(-1)
        return torch.where(side == 0, u, side)


class Contrast(Corruption):
    """Everything comes nearer to the image's mean, each colour to its own.

    Amount: the share of contrast that is lost; 1 leaves a flat image.
    """

    kind, domain = "contrast", "image"
    levels = (0.25, 0.45, 0.6, 0.7, 0.8)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:  # noqa: ARG002
        """Return u + amount·(mean - u)."""
        mean = u.double().mean((1, 2), keepdim=True).float()  # float64: alike in any batch
        return u + amount * (mean - u)


class Blur(Corruption):
    """Gaussian blur of the picture that is linear between its pixels.

    Beyond the edges the outermost pixels go on. Less than a pixel blurs too, so that small images
    lose sharpness as evenly as large ones.
    Amount: the standard deviation of the Gaussian, as a share of the image's smaller side.
    """

    kind, domain = "blur", "image"
    levels = (0.015, 0.03, 0.045, 0.06, 0.08)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:  # noqa: ARG002
        """Smear along the height, then along the width."""
        weights = _gaussian(amount * min(self.units.shape[:2]))
        return _smear(_smear(u, weights, 1), weights, 2)


def _gaussian(sigma: float) -> list[float]:
    """Weights of a pixel and its neighbours: E[max(0, 1 - |X - k|)], X ~ N(0, σ²), k = -r to r.

    The second difference of F(t) = E[max(0, X - t)] = σ·φ(t/σ) - t·Φ(-t/σ).
    """
    reach = math.ceil(4 * sigma) + 1
    t = np.arange(-reach - 1, reach + 2)
    density = np.exp(-0.5 * (t / sigma) ** 2) / math.sqrt(2 * math.pi)
    return np.diff(sigma * density - t * special.ndtr(-t / sigma), 2).tolist()  # type: ignore[no-any-return]


def _smear(u: Tensor, weights: list[float], axis: int) -> Tensor:
    """Sum shifted copies along an axis, one after the other: a row is alike in any batch."""
    reach = len(weights) // 2
    length = u.shape[axis]
    total = torch.zeros_like(u)
    for shift, w in zip(range(-reach, reach + 1), weights, strict=True):
        total += w * u.index_select(axis, (torch.arange(length) + shift).clamp(0, length - 1))
    return total


class Occlusion(Corruption):
    """A square of the middle value covers a part (Cutout, DeVries and Taylor 2017, 1708.04552).

    It lies anywhere within the image, and grows about its place; pixels at its rim are covered in
    part. Amount: the square's side, as a share of the image's smaller side.
    """

    kind, domain = "occlusion", "image"
    levels = (0.2, 0.3, 0.4, 0.5, 0.6)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 2)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Return u·(1 - the covered share of each pixel)."""
        side, place = amount * min(self.units.shape[:2]), (even(e) + 1) / 2
        down, across = (_covered(place[:, i], side, u.shape[i + 1]) for i in (0, 1))
        cover = down.unsqueeze(2) * across.unsqueeze(1)
        return u * (1 - cover.view(*cover.shape, *(1,) * (u.ndim - 3)))


def _covered(place: Tensor, side: float, length: int) -> Tensor:
    """Share of each of `length` pixels that a stretch covers: (n,) places in [0, 1] -> (n, length).

    The stretch, `side` pixels long, touches one end at place 0 and the other at place 1.
    """
    first = (place * (length - side)).unsqueeze(1)
    pixel = torch.arange(length)
    end = torch.minimum(first + side, pixel + 1.0)
    return (end - torch.maximum(first, pixel.float())).clamp(0, 1)
