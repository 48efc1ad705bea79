"""What the realism gates are proved on: no instances either, of other kinds than the controls."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from genenv import seeding
from genenv.codecs import Codec
from genenv.judge import swapped
from genenv.judge.layout import lawful

COUNT = 300  # of each kind


def _clouds(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Noise that is smooth over a fifth of the side, between the data's ends."""
    _, planes, height, width = rows.shape
    coarse = torch.rand((COUNT, planes, 5, 5), generator=rng) * 2 - 1
    return functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=True)


def _rings(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Waves around a point."""
    height, width = rows.shape[2:]
    y = torch.linspace(-1, 1, height)[:, None]
    x = torch.linspace(-1, 1, width)
    lot = torch.rand((3, COUNT, 1, 1), generator=rng) * 2 - 1
    far = ((x - lot[0]).square() + (y - lot[1]).square()).sqrt()
    return (3 * math.pi * (2 + lot[2]) * far).sin()[:, None].expand(COUNT, *rows.shape[1:]).clone()


def _torn(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Real images with their lines in another order, each image its own."""
    lines = torch.rand((COUNT, 1, rows.shape[2], 1), generator=rng).argsort(2)
    some = rows[torch.randint(0, len(rows), (COUNT,), generator=rng)]
    return some.gather(2, lines.expand_as(some))


def _normal(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Draw normal columns, each of the data's mean and standard deviation."""
    noise = torch.randn((COUNT, rows.shape[1]), generator=rng)
    return rows.mean(0) + rows.std(0) * noise


def _pieced(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Each column from one of three rows."""
    lot = torch.randint(0, len(rows), (3, COUNT), generator=rng)
    which = torch.randint(0, 3, (COUNT, rows.shape[1]), generator=rng)
    return rows[lot].permute(1, 0, 2).gather(1, which[:, None]).squeeze(1)


def _far(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Real rows, four times as far from the mean."""
    some = rows[torch.randint(0, len(rows), (COUNT,), generator=rng)]
    return rows.mean(0) + 4 * (some - rows.mean(0))


Kind = Callable[[Tensor, torch.Generator], Tensor]
OF_IMAGES: dict[str, Kind] = {"clouds": _clouds, "rings": _rings, "torn images": _torn}
OF_VECTORS: dict[str, Kind] = {
    "normal columns": _normal,
    "pieced rows": _pieced,
    "far rows": _far,
}


def make_proofs(rows: Tensor, seed: int, units: Codec | None = None) -> dict[str, Tensor]:
    """Make 300 of each kind from real rows, (n, c, h, w) or (n, columns) in [-1, 1].

    The columns of a table, whose `units` tell them, are whole in what is made.
    """
    kinds = OF_IMAGES if rows.ndim == 4 else OF_VECTORS
    made = {
        name: kind(rows, seeding.torch_generator(seed, "proof", name))
        for name, kind in kinds.items()
    }
    if units is None or units.groups is None:
        return made
    rng, groups = seeding.torch_generator(seed, "proof", "columns"), torch.tensor(units.groups)
    made["pieced rows"] = swapped.shuffled(rows, groups, COUNT, rng)
    return {name: lawful(each, units) for name, each in made.items()}
