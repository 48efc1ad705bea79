"""Residual pair for images of 8 to 64 pixels, made for 32 and 64; conditional.

After WGAN-GP (Gulrajani et al., arXiv 1704.00028, the pair that its code has for 64 pixels) and
SNGAN (Miyato et al., arXiv 1802.05957, appendix B.4): blocks of two 3 x 3 convolutions beside a
1 x 1 one, upsampling by repeating pixels, downsampling by averaging them, batch norm in the
generator; the critic's first block is SNGAN's, its last map goes straight to the score as WGAN-GP's
does. What differs: channels are dcgan's, so that both kinds have about as many weights (a pass
takes the critic about three times as long, the generator five); the critic has LeakyReLU 0.2 where
they have ReLU, and no layer norm, which WGAN-GP's has; every block resamples.

Weights are normal, of variance 2 / fan-in where a block rectifies what they see (He et al., arXiv
1502.01852), else 1 / fan-in. The last convolution of a block starts at a tenth of that scale, so
that a block starts near its skip; Fixup (arXiv 1901.09321) starts it at zero, which spectral norm
cannot divide.
"""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from genenv.codecs import Codec, from_planes, planes
from genenv.generators.base import Classes
from genenv.networks.base import Critic, Generator
from genenv.networks.images import canvas
from genenv.networks.labels import embedded
from genenv.networks.projection import projected
from genenv.networks.resampling import ConvThenAverage, RepeatThenConv
from genenv.noise import Noise

EMBEDDING = 32  # numbers that tell the generator its class
SLOPE = 0.2  # of the critic's rectifiers below zero
START = 0.1  # scale of a block's last convolution

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


class ResnetGenerator(Generator):
    """z and an embedding of the label to a map of 4 pixels a side or more, doubled by blocks.

    Parameters
    ----------
    noise, units, classes
        See `Generator`. Sides that are no multiple of 4 are made larger and cropped.
    width
        Channels at full size and at its half; doubled at every halving below.

    Raises
    ------
    Mistake
        The data are no images, or a side is below 8 or above 64 pixels.
    """

    kind = "resnet"

    def __init__(self, noise: Noise, units: Codec, classes: Classes, width: int = 32) -> None:
        super().__init__(noise, units, classes, {"width": width})
        self.canvas = canvas(units, self.kind)
        self.notes = self.canvas.notes
        self.embedding = nn.Embedding(len(classes), EMBEDDING) if classes else None
        inputs = noise.dim + (EMBEDDING if classes else 0)
        outputs = width * 2 ** (self.canvas.halvings - 1)
        self.first = _start(nn.Linear(inputs, outputs * math.prod(self.canvas.start)))
        layers: list[nn.Module] = []
        for _ in range(self.canvas.halvings):
            inputs = outputs
            outputs = max(width, outputs // 2)
            layers.append(Doubling(inputs, outputs))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
        layers.append(_start(nn.Conv2d(outputs, units.channels, 3, padding=1)))
        self.body = nn.Sequential(*layers, nn.Tanh())

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), (batch,) -> (batch, *units.layout) in [-1, 1]."""
        if self.embedding is not None:
            z = torch.cat([z, embedded(self.embedding, label)], 1)
        x = self.body(self.first(z).unflatten(1, (-1, *self.canvas.start)))
        return from_planes(self.canvas.crop(x), self.units.layout)


class ResnetCritic(Critic):
    """Halving blocks; the label enters by projection (arXiv 1802.05637, equation 3).

    Parameters
    ----------
    units, classes
        See `Critic`.
    width
        Channels after the first block; doubled at every halving.
    batch_norm
        Batch norm before every rectifier but the first block's; for objectives without a penalty.

    Raises
    ------
    Mistake
        The data are no images, or a side is below 8 or above 64 pixels.
    """

    def __init__(
        self, units: Codec, classes: Classes, width: int = 32, batch_norm: bool = False
    ) -> None:
        super().__init__(units, classes, {"width": width, "batch_norm": batch_norm})
        self.canvas = canvas(units, "resnet")
        outputs = width
        blocks: list[nn.Module] = [FirstHalving(units.channels, width)]
        for _ in range(1, self.canvas.halvings):
            inputs = outputs
            outputs = outputs * 2
            blocks.append(Halving(inputs, outputs, batch_norm))
        self.body = nn.Sequential(*blocks, nn.LeakyReLU(SLOPE), nn.Flatten())
        size = outputs * math.prod(self.canvas.start)
        self.head = _start(nn.Linear(size, 1))
        self.projection = nn.Embedding(len(classes), size) if classes else None
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, std=size**-0.5)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *units.layout) in [-1, 1], (batch,) or (batch, slots) -> (batch,)."""
        features = self.body(self.canvas.pad(planes(x)))
        score = self.head(features).squeeze(1)
        if self.projection is not None:
            score = score + projected(self.projection, label, features)
        return score  # type: ignore[no-any-return]


class Doubling(nn.Module):
    """A block of the generator: (batch, inputs, h, w) -> (batch, outputs, 2 h, 2 w)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.skip = _start(nn.Conv2d(inputs, outputs, 1, bias=False))
        self.branch = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.ReLU(),
            _start(RepeatThenConv(inputs, outputs), 2.0),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            _start(nn.Conv2d(outputs, outputs, 3, padding=1), 2.0, START),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add skip and branch; a 1 x 1 convolution and the repeating of pixels commute."""
        skip: Tensor = functional.interpolate(self.skip(x), scale_factor=2)
        return skip + self.branch(x)  # type: ignore[no-any-return]


class Halving(nn.Module):
    """A block of the critic: (batch, inputs, h, w) -> (batch, outputs, h / 2, w / 2)."""

    def __init__(self, inputs: int, outputs: int, batch_norm: bool) -> None:
        super().__init__()
        norm = nn.BatchNorm2d if batch_norm else nn.Identity
        self.skip = _start(nn.Conv2d(inputs, outputs, 1))
        self.branch = nn.Sequential(
            norm(inputs),
            nn.LeakyReLU(SLOPE),
            _start(nn.Conv2d(inputs, inputs, 3, padding=1, bias=not batch_norm), 2.0),
            norm(inputs),
            nn.LeakyReLU(SLOPE),
            _start(ConvThenAverage(inputs, outputs), 2.0, START),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add skip and branch; a 1 x 1 convolution and the mean of pixels commute."""
        return self.skip(functional.avg_pool2d(x, 2)) + self.branch(x)  # type: ignore[no-any-return]


class FirstHalving(nn.Module):
    """The critic's block at the image itself, which is not rectified."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.skip = _start(nn.Conv2d(inputs, outputs, 1))
        self.branch = nn.Sequential(
            _start(nn.Conv2d(inputs, outputs, 3, padding=1)),
            nn.LeakyReLU(SLOPE),
            _start(ConvThenAverage(outputs, outputs), 2.0, START),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add skip and branch."""
        return self.skip(functional.avg_pool2d(x, 2)) + self.branch(x)  # type: ignore[no-any-return]


def _start(layer: Layer, gain: float = 1.0, scale: float = 1.0) -> Layer:
    """Draw weights from N(0, scale² · gain / fan-in), and set biases to zero."""
    fan_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=scale * (gain / fan_in) ** 0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
