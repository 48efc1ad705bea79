"""Drawn shapes: a generator whose every sample has a known class, for benchmarks of judges.

A disk, a square or a triangle, by its distance field (negative inside), moved, turned, scaled and
painted by e. One coordinate turns the shape into the next one: what a sample shows is known by
construction, also where it shows neither.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.codecs import Pictures
from genenv.generators.base import Generator
from genenv.noise import Gaussian

SHAPES = ("disk", "square", "triangle")
SIDE = 16  # pixels
DIM = 8  # of e: morph, right, down, size, turn, light, edge, ground
BETWEEN = (0.4, 0.6)  # shares of the next shape between which a sample shows neither
MORPHED = 2.0  # e at which a sample is half the next shape; a fortieth of samples lie beyond
NEITHER = -1


class Shapes(Generator):
    """Shapes of 16 x 16 pixels, uint8; e ~ N(0, I) of 8 coordinates."""

    differentiable = True

    def __init__(self) -> None:
        self.noise = Gaussian(DIM)
        self.classes = tuple(range(len(SHAPES)))
        self.units = Pictures((SIDE, SIDE), "uint8", (0.0,), (255.0,))

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, 8), labels (batch,) -> (batch, 16, 16) in [-1, 1]."""
        assert label is not None
        x, y = _places(e)
        fields = torch.stack([_disk(x, y), _square(x, y), _triangle(x, y)], dim=1)
        rows = torch.arange(len(e))
        share = morph(e)[:, None, None]
        own, following = fields[rows, label], fields[rows, (label + 1) % len(SHAPES)]
        edge = 0.1 + 0.1 * torch.sigmoid(e[:, 6])[:, None, None]
        inside = torch.sigmoid(-torch.lerp(own, following, share) / edge)
        light = 0.7 + 0.3 * torch.tanh(e[:, 5])[:, None, None]
        ground = 0.15 * torch.sigmoid(e[:, 7])[:, None, None]
        return 2 * (ground + (light - ground) * inside) - 1

    def truth(self, e: Tensor, label: Tensor) -> Tensor:
        """Return the class that each sample shows, (batch,); -1 where it shows neither."""
        share = morph(e)
        shown = torch.where(share < BETWEEN[0], label, (label + 1) % len(SHAPES))
        return torch.where((share >= BETWEEN[0]) & (share <= BETWEEN[1]), NEITHER, shown)

    def rows(
        self, count: int, seed: int, start: int = 0
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Draw data: those of so many samples that show their condition, and their classes.

        Parameters
        ----------
        count, seed, start
            See `sample`; about a thirtieth of the samples is left out.
        """
        e, label = self.noise.base(count, seed, start), self.labels(count, seed, start)
        kept = self.truth(e, torch.from_numpy(label)).numpy() == label
        x, _ = self.sample(count, seed, label, start)
        return x[kept], label[kept]

    def digest(self) -> str:
        """Return a digest of its samples at 64 addresses."""
        return hashlib.sha256(self.sample(64)[0].tobytes()).hexdigest()

    def facts(self) -> dict[str, Any]:
        """Tell what it is."""
        return {"network": "shapes", "noise": "Gaussian", "digest": self.digest()}

    def save(self, folder: Path) -> None:
        """Write spec.json: what it is, its units and classes."""
        folder.mkdir(parents=True, exist_ok=True)
        spec = {"units": self.units.to_json(), "classes": list(self.classes), **self.facts()}
        (folder / "spec.json").write_text(json.dumps(spec, indent=2) + "\n")


def morph(e: Tensor) -> Tensor:
    """Return the share of the next shape: (batch, 8) -> (batch,) in 0 to 1."""
    return torch.sigmoid(3 * (e[:, 0] - MORPHED))


def _places(e: Tensor) -> tuple[Tensor, Tensor]:
    """Return where each pixel lies in the shape's own frame, (batch, 16, 16) each."""
    line = torch.linspace(-1, 1, SIDE)
    right, down = 0.2 * torch.tanh(e[:, 1]), 0.2 * torch.tanh(e[:, 2])
    size = 0.55 * torch.exp(0.25 * torch.tanh(e[:, 3]))
    turn = math.radians(20) * torch.tanh(e[:, 4])
    x = (line[None, None, :] - right[:, None, None]) / size[:, None, None]
    y = (line[None, :, None] - down[:, None, None]) / size[:, None, None]
    cosine, sine = turn.cos()[:, None, None], turn.sin()[:, None, None]
    return cosine * x + sine * y, cosine * y - sine * x


def _disk(x: Tensor, y: Tensor) -> Tensor:
    return (x.square() + y.square() + 1e-6).sqrt() - 1


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.9


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    """Three half-planes whose borders lie 0.6 from the centre; a corner points up."""
    sides = (math.pi / 2, math.pi / 2 + 2 * math.pi / 3, math.pi / 2 + 4 * math.pi / 3)
    planes = [x * math.cos(a) + y * math.sin(a) for a in sides]
    return torch.stack(planes).amax(0) - 0.6
