"""Fully connected pair, for vectors and for images below 16 pixels."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from genenv import passes
from genenv.codecs import Codec
from genenv.generators.base import Classes
from genenv.networks.base import Critic, Generator
from genenv.networks.labels import embedded
from genenv.networks.projection import projected
from genenv.noise import Noise

EMBEDDING = 16  # numbers that tell the generator its class


class MLPGenerator(Generator):
    """z and an embedding of the label through `depth` hidden layers.

    Parameters
    ----------
    noise, units, classes
        See `Generator`.
    width
        Units of a hidden layer.
    depth
        Hidden layers; None: 3 for vectors, 2 for images.
    batch_norm
        Batch norm after each hidden layer; None: for images only. Images end in tanh, vectors
        are unbounded.
    """

    kind = "mlp"

    def __init__(
        self,
        noise: Noise,
        units: Codec,
        classes: Classes,
        width: int = 256,
        depth: int | None = None,
        batch_norm: bool | None = None,
    ) -> None:
        depth = _depth(units) if depth is None else depth
        batch_norm = units.bounded if batch_norm is None else batch_norm
        arguments = {"width": width, "depth": depth, "batch_norm": batch_norm}
        super().__init__(noise, units, classes, arguments)
        self.embedding = nn.Embedding(len(classes), EMBEDDING) if classes else None
        inputs = noise.dim + (EMBEDDING if classes else 0)
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers.append(nn.Linear(inputs, width, bias=not batch_norm))
            layers += [nn.BatchNorm1d(width)] if batch_norm else []
            layers.append(nn.ReLU())
            inputs = width
        layers.append(nn.Linear(inputs, units.width))
        self.body = nn.Sequential(*layers, nn.Tanh() if units.bounded else nn.Identity())

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), (batch,) or (batch, classes) -> (batch, *units.layout)."""
        if self.embedding is not None:
            z = torch.cat([z, embedded(self.embedding, label)], 1)
        return passes.through(self.body, z).reshape(-1, *self.units.layout)


class MLPCritic(Critic):
    """`depth` hidden layers without batch norm; the label enters by projection.

    Projection: score = w·φ(x) + v(label)·φ(x) (Miyato and Koyama, arXiv 1802.05637, equation 3).

    Parameters
    ----------
    units, classes
        See `Critic`.
    width
        Units of a hidden layer.
    depth
        Hidden layers; None: 3 for vectors, 2 for images.
    """

    def __init__(
        self, units: Codec, classes: Classes, width: int = 256, depth: int | None = None
    ) -> None:
        depth = _depth(units) if depth is None else depth
        super().__init__(units, classes, {"width": width, "depth": depth})
        sizes = [units.width] + [width] * depth
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(nn.Flatten(), *layers)
        self.head = nn.Linear(sizes[-1], 1)
        self.projection = nn.Embedding(len(classes), sizes[-1]) if classes else None
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, std=sizes[-1] ** -0.5)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *units.layout) in [-1, 1], (batch,) or (batch, slots) -> (batch,)."""
        features = self.body(x)
        score = self.head(features).squeeze(1)
        if self.projection is not None:
            score = score + projected(self.projection, label, features)
        return score  # type: ignore[no-any-return]


def _depth(units: Codec) -> int:
    return 2 if units.bounded else 3
