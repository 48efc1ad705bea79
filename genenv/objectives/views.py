"""Samples seen a little otherwise: small random moves that leave their kind as it is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from genenv.codecs import from_planes, planes

PIXELS = 1.0  # of a move, at most
TURN = 0.2  # radians of rotation and of shear, at most
GROWTH = 0.15  # of each side, at most
JITTER = 0.1  # of vectors, in standard deviations
FARTHEST = 0.125  # of the side: a shift, at most


def moved(x: Tensor, rng: torch.Generator) -> Tensor:
    """Move samples a little: images by a random affine map, vectors by Gaussian noise.

    Parameters
    ----------
    x
        (n, *units.layout) in [-1, 1].
    rng
        This step's.
    """
    if x.ndim == 2:
        return x + JITTER * torch.randn(x.shape, generator=rng, device=x.device)
    height, width = x.shape[1:3]
    angle, wide, high, shear, across, down = _symmetric(6, len(x), rng, x.device)
    cosine, sine = (TURN * angle).cos(), (TURN * angle).sin()
    wide, high = 1 + GROWTH * wide, 1 + GROWTH * high
    rows = [
        [wide * cosine, TURN * shear - wide * sine, across * PIXELS * 2 / width],
        [high * sine, high * cosine, down * PIXELS * 2 / height],
    ]
    return _warped(x, torch.stack([torch.stack(row, 1) for row in rows], 1))


def shifted(x: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Shift images; returns them and by how much, (n, 2) across and down, half a side being 1."""
    by = 2 * FARTHEST * _symmetric(2, len(x), rng, x.device).T
    maps = torch.eye(2, 3, device=x.device).repeat(len(x), 1, 1)
    maps[:, :, 2] = by
    return _warped(x, maps), by


def neighbours(x: Tensor) -> Tensor:
    """Index of each row's nearest other row, (n,)."""
    flat = x.flatten(1)
    return torch.cdist(flat, flat).fill_diagonal_(torch.inf).argmin(1)


def _symmetric(count: int, rows: int, rng: torch.Generator, device: torch.device) -> Tensor:
    """Draw U(-1, 1): (count, rows)."""
    return 2 * torch.rand(count, rows, generator=rng, device=device) - 1


def _warped(x: Tensor, maps: Tensor) -> Tensor:
    """Resample images through affine maps (n, 2, 3); beyond the border it goes on.

    On CUDA the gradient to x is summed in no fixed order, so it repeats to rounding alone.
    """
    images = planes(x)
    places = affine_grid(maps, list(images.shape), align_corners=False)
    out = grid_sample(images, places, padding_mode="border", align_corners=False)
    return from_planes(out, x.shape[1:])
