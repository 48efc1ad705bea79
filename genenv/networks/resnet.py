"""Residual pair for images of 8 to 64 pixels, made for 32 and 64; conditional.

After the generator and critic of WGAN-GP (Gulrajani et al., arXiv 1704.00028, appendix C and F) and
SNGAN (Miyato et al., arXiv 1802.05957, appendix B.4): blocks of two 3 x 3 convolutions beside a
1 x 1 convolution, upsampling by repeating pixels, downsampling by averaging them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from genenv.data.dataset import Units
from genenv.networks.base import Classes, Critic, Generator
from genenv.networks.images import canvas, channels, image_layout, user_layout
from genenv.networks.projection import projected
from genenv.noise import Noise

EMBEDDING = 32  # numbers that tell the generator its class
SLOPE = 0.2  # of the critic's LeakyReLU below 0
START = 0.1  # scale of a block's last convolution


class ResnetGenerator(Generator):
    def __init__(self, noise: Noise, units: Units, classes: Classes, width: int = 32) -> None:
        super().__init__(noise, units, classes, {"width": width})
        self.canvas = canvas(units, self.kind)
        self.notes = self.canvas.notes
        self.embedding = nn.Embedding(len(classes), EMBEDDING) if classes else None
        halvings = self.canvas.halvings
        outputs = width * 2 ** (halvings - 1)
        self.first = nn.Linear(
            noise.dim + (EMBEDDING if classes else 0), outputs * math.prod(self.canvas.start)
        )
        blocks: list[nn.Module] = []
        for i in range(halvings):
            inputs, outputs = outputs, max(width, outputs // 2)
            blocks.append(Up(inputs, outputs))
        last = nn.Conv2d(outputs, channels(units), 3, padding=1)
        self.body = nn.Sequential(*blocks, nn.BatchNorm2d(outputs), nn.ReLU(), last, nn.Tanh())
        initialise(self.first, 1.0)
        initialise(last, 1.0)

    kind = "resnet"

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(label)], 1)
        x = self.body(self.first(z).unflatten(1, (-1, *self.canvas.start)))
        return user_layout(self.canvas.crop(x), self.units)


class Up(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.before = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU())
        self.upconv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.after = nn.Sequential(
            nn.BatchNorm2d(outputs), nn.ReLU(), nn.Conv2d(outputs, outputs, 3, padding=1)
        )
        initialise(self.skip, 1.0)
        initialise(self.upconv, 2**0.5)
        initialise(self.after[2], 2**0.5 * START)

    def forward(self, x: Tensor) -> Tensor:
        h = self.before(x)
        if FUSED:
            w = self.upconv.weight
            k = functional.avg_pool2d(functional.pad(w, (1, 1, 1, 1)), 2, 1) * 4
            h = functional.conv_transpose2d(h, k.flip(2, 3).transpose(0, 1), stride=2, padding=1)
        else:
            h = self.upconv(functional.interpolate(h, scale_factor=2))
        return functional.interpolate(self.skip(x), scale_factor=2) + self.after(h)


FUSED = True


class Down(nn.Module):
    def __init__(self, inputs: int, outputs: int, first: bool, batch_norm: bool) -> None:
        super().__init__()
        hidden = outputs if first else inputs
        self.skip = nn.Conv2d(inputs, outputs, 1)
        norm = batch_norm and not first
        layers: list[nn.Module] = []
        if not first:
            layers += [nn.BatchNorm2d(inputs)] if norm else []
            layers.append(nn.LeakyReLU(SLOPE))
        conv = nn.Conv2d(inputs, hidden, 3, padding=1, bias=not norm)
        layers.append(conv)
        layers += [nn.BatchNorm2d(hidden)] if norm else []
        layers.append(nn.LeakyReLU(SLOPE))
        self.branch = nn.Sequential(*layers)
        self.downconv = nn.Conv2d(hidden, outputs, 3, padding=1)
        initialise(self.skip, 1.0)
        initialise(conv, 2**0.5)
        initialise(self.downconv, 2**0.5 * START)

    def forward(self, x: Tensor) -> Tensor:
        h = self.branch(x)
        if FUSED:
            k = functional.avg_pool2d(functional.pad(self.downconv.weight, (1, 1, 1, 1)), 2, 1)
            h = functional.conv2d(h, k, self.downconv.bias, stride=2, padding=1)
        else:
            h = functional.avg_pool2d(self.downconv(h), 2)
        return self.skip(functional.avg_pool2d(x, 2)) + h


class ResnetCritic(Critic):
    def __init__(
        self, units: Units, classes: Classes, width: int = 32, batch_norm: bool = False
    ) -> None:
        super().__init__(units, classes, {"width": width, "batch_norm": batch_norm})
        self.canvas = canvas(units, "resnet")
        inputs, outputs = channels(units), width
        blocks: list[nn.Module] = []
        for i in range(self.canvas.halvings):
            blocks.append(Down(inputs, outputs, i == 0, batch_norm))
            inputs, outputs = outputs, outputs * 2
        self.sum = SUM
        size = inputs * (1 if self.sum else math.prod(self.canvas.start))
        self.body = nn.Sequential(*blocks, nn.LeakyReLU(SLOPE))
        self.head = nn.Linear(size, 1)
        initialise(self.head, 1.0)
        self.projection = nn.Embedding(len(classes), size) if classes else None
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, std=size**-0.5)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        features = self.body(self.canvas.pad(image_layout(x)))
        features = features.sum((2, 3)) if self.sum else features.flatten(1)
        score = self.head(features).squeeze(1)
        if self.projection is not None:
            score = score + projected(self.projection, label, features)
        return score


SUM = False


def initialise(layer: nn.Conv2d | nn.Linear, gain: float) -> None:
    fan = layer.weight[0].numel()
    nn.init.normal_(layer.weight, std=gain * fan**-0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
