"""Corruptions of larger images by kornia (the extra `corruptions`), driven by e alone.

They compute in float64, so that sums whose order depends on the batch round to the same float32.
"""

from __future__ import annotations

import math
from importlib.util import find_spec

import torch
from torch import Tensor

from genenv import checks
from genenv.codecs import Codec, from_planes, planes
from genenv.corruptions.base import Corruption

SMALLEST = 32  # pixels a side


def large_enough(units: Codec) -> bool:
    """Whether the kinds of this file apply to data of these units."""
    return units.kind == Larger.domain and min(units.shape[:2]) >= SMALLEST


def is_absent() -> bool:
    """Whether the package is not installed."""
    return find_spec("kornia") is None


class Larger(Corruption):
    """What kinds through kornia have in common: images of 32 pixels or more, and the package."""

    domain = "image"

    @classmethod
    def refusal(cls, units: Codec) -> checks.Mistake | None:
        """Refuse small images, and a machine without kornia, too."""
        refused = super().refusal(units)
        if refused is not None:
            return refused
        if not large_enough(units):
            return checks.Mistake(
                f"images of {SMALLEST} pixels or more a side for {cls.kind}",
                f"samples of shape {units.shape}",
                "choose a kind that genenv.corruptions.names_for lists",
            )
        if is_absent():
            return checks.Mistake(
                f"the package kornia for {cls.kind}", "none", "pip install 'genenv[corruptions]'"
            )
        return None


class Elastic(Larger):
    """Rubber-like distortion by a smooth random field (Simard, Steinkraus and Platt 2003).

    White noise, a Gaussian of an eighth of the smaller side over it.
    Amount: the standard deviation of a shift, as a share of the side.
    """

    kind = "elastic"
    levels = (0.01, 0.025, 0.04, 0.055, 0.075)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 2 * units.shape[0] * units.shape[1])

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Shift by the field, whose smoothing divides the deviation by 2σ√π."""
        from kornia.geometry.transform import elastic_transform2d

        sigma = min(self.units.shape[:2]) / 8  # pixels
        reach = 2 * math.ceil(3 * sigma) + 1
        alpha = 2 * amount * 2 * sigma * math.sqrt(math.pi)  # the whole side is 2 long
        pictures: Tensor = elastic_transform2d(
            planes(u).double(),
            e.double().view(len(u), 2, *u.shape[1:3]),
            kernel_size=(reach, reach),
            sigma=(sigma, sigma),
            alpha=(alpha, alpha),
            padding_mode="border",
        )
        return from_planes(pictures, self.units.layout).to(u.dtype)


class MotionBlur(Larger):
    """A streak in a random direction, all directions alike.

    Amount: its length, as a share of the image's smaller side.
    """

    kind = "motion-blur"
    levels = (0.08, 0.13, 0.2, 0.28, 0.4)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 2)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Mix the streaks of the two odd lengths about the one asked for."""
        length = max(amount * min(self.units.shape[:2]), 1.0)
        shorter = 2 * math.floor((length - 1) / 2) + 1
        share = (length - shorter) / 2
        streaks = [self._streak(u, e, pixels) for pixels in (shorter, shorter + 2)]
        return torch.lerp(streaks[0], streaks[1], share)

    def _streak(self, u: Tensor, e: Tensor, pixels: int) -> Tensor:
        from kornia.filters import motion_blur

        if pixels == 1:
            return from_planes(planes(u).double(), self.units.layout).to(u.dtype)
        degrees = torch.rad2deg(torch.atan2(e[:, 1], e[:, 0])).double()
        pictures: Tensor = motion_blur(
            planes(u).double(),
            pixels,
            degrees,
            torch.zeros_like(degrees),
            border_type="replicate",
            mode="bilinear",
        )
        return from_planes(pictures, self.units.layout).to(u.dtype)


class Jpeg(Larger):
    """Coded and decoded as JPEG, by kornia's differentiable codec (arXiv 2309.06978).

    Three channels are taken as red, green and blue, whose hues are stored at half the resolution
    at any strength but 0; any other number of channels as grey images.
    Amount: 100 - the quality.
    """

    kind = "jpeg"
    levels = (60.0, 80.0, 90.0, 95.0, 98.0)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:  # noqa: ARG002
        """Code in [0, 1]."""
        from kornia.enhance import jpeg_codec_differentiable

        pictures = (planes(u).double() + 1) / 2
        colour = pictures.shape[1] == 3
        three = pictures if colour else pictures.flatten(0, 1).unsqueeze(1).expand(-1, 3, -1, -1)
        quality = torch.tensor([100.0 - amount], dtype=torch.float64)
        coded: Tensor = jpeg_codec_differentiable(three.clamp(0, 1), quality)
        coded = coded if colour else coded.mean(1).view_as(pictures)
        return from_planes(2 * coded - 1, self.units.layout).to(u.dtype)
