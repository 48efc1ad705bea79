"""None of these: rows made from real ones that show no class, for the oracles to learn as such.

Chimeras of two classes, fragments, warps, shuffled blocks, overlays and averages of images; rows
of two classes with their columns exchanged. They go through the same variations as the real rows
of a batch: without these the noise of a variation would be a shortcut.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from genenv.judge.variations import between, field, moved

WARP = 0.35  # standard deviation of the displacement at a knot, of half the side
OFF_CENTRE = 0.3  # largest distance of a cut from the centre, of half the side
MOST_BLOCKS = 4  # a side


def none_of_these(batch: Tensor, label: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Make at most `count` rows that show no class from a batch of real ones.

    Parameters
    ----------
    batch, label
        (n, c, h, w) or (n, columns) in [-1, 1], and (n,).
    count
        Rows that are tried; where both parents are of one class there is none.
    rng
        Draws parents and kinds.
    """
    one, two = torch.randint(0, len(batch), (2, count), generator=rng)
    differ = label[one] != label[two]
    one, two = batch[one[differ]], batch[two[differ]]
    if batch.ndim == 2:
        return torch.where(torch.rand(one.shape, generator=rng) < 0.5, one, two)
    made = one.clone()
    kind = torch.randint(0, len(KINDS), (len(one),), generator=rng)
    for i, make in enumerate(KINDS.values()):
        chosen = torch.nonzero(kind == i).squeeze(1)
        if len(chosen):
            made[chosen] = make(one[chosen], two[chosen], rng)
    return made


def _side_of_a_cut(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """Draw half-planes: (n, c, h, w) -> (n, 1, h, w) bool."""
    rows, _, height, width = shape
    angle = between(0, 2 * math.pi, rows, rng)[:, None, None]
    place = between(-OFF_CENTRE, OFF_CENTRE, rows, rng)[:, None, None]
    y = torch.linspace(-1, 1, height)[:, None]
    x = torch.linspace(-1, 1, width)
    return (x * angle.cos() + y * angle.sin() > place)[:, None]


def _chimera(one: Tensor, two: Tensor, rng: torch.Generator) -> Tensor:
    return torch.where(_side_of_a_cut(one.shape, rng), one, two)


def _fragment(one: Tensor, _two: Tensor, rng: torch.Generator) -> Tensor:
    return torch.where(_side_of_a_cut(one.shape, rng), one, ground(one))


def ground(images: Tensor) -> Tensor:
    """Guess what lies behind: the median of an image's border, (n, c, h, w) -> (n, c, 1, 1)."""
    border = [images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1]]
    return torch.cat(border, dim=-1).median(-1).values[..., None, None]


def _warp(one: Tensor, _two: Tensor, rng: torch.Generator) -> Tensor:
    still = torch.eye(2, 3).expand(len(one), 2, 3)
    grid = functional.affine_grid(still, list(one.shape), align_corners=False)
    return moved(one, grid + WARP * field(one.shape, rng))


def _shuffle(one: Tensor, _two: Tensor, rng: torch.Generator) -> Tensor:
    """Exchange the blocks of each image; a rest at right and bottom stays."""
    made = one.clone()
    sides = torch.randint(2, MOST_BLOCKS + 1, (len(one),), generator=rng).tolist()
    for image, k in zip(made, sides, strict=True):
        c = image.shape[0]
        h = image.shape[1] // k
        w = image.shape[2] // k
        blocks = image[:, : k * h, : k * w].reshape(c, k, h, k, w).permute(1, 3, 0, 2, 4)
        order = torch.randperm(k * k, generator=rng)
        mixed = blocks.reshape(k * k, c, h, w)[order].reshape(k, k, c, h, w)
        image[:, : k * h, : k * w] = mixed.permute(2, 0, 3, 1, 4).reshape(c, k * h, k * w)
    return made


def _overlay(one: Tensor, two: Tensor, _rng: torch.Generator) -> Tensor:
    """Take what stands out more from what lies behind the first."""
    back = ground(one)
    return torch.where((one - back).abs() > (two - back).abs(), one, two)


def _average(one: Tensor, two: Tensor, _rng: torch.Generator) -> Tensor:
    return (one + two) / 2


KINDS: dict[str, Callable[[Tensor, Tensor, torch.Generator], Tensor]] = {
    "chimera": _chimera,
    "fragment": _fragment,
    "warp": _warp,
    "shuffled blocks": _shuffle,
    "overlay": _overlay,
    "average": _average,
}
