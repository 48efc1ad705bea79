"""What a sample looks like in a few numbers with names: ink, width, height and slant, or columns.

They are measures of the data alone: no model is asked. A search spreads over them, and a mode is
told from its class by them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genenv.codecs import Codec, Rows

PICTURE = ("ink", "width", "height", "slant")


def names(units: Codec) -> tuple[str, ...]:
    """Name the factors of samples: four of pictures, the columns of all else."""
    if units.channels:
        return PICTURE
    if isinstance(units, Rows):
        return units.trait_names()
    return tuple(f"x[{name}]" if name.isdecimal() else name for name in units.names())


def step(units: Codec, factor: int, above: bool, at: float) -> str:
    """Write a step of a rule, a factor above or at most a threshold."""
    if isinstance(units, Rows):
        return units.step(factor, above, at)
    return f"{names(units)[factor]} {'above' if above else 'at most'} {at:.3g}"


def factors(x: Tensor, units: Codec) -> Tensor:
    """Measure samples.

    Of a picture, brightness being mass: `ink`, its mean; `width` and `height`, the standard
    deviation of the mass along each axis, as a share of the picture's side; `slant`, by how far the
    mass moves to the right where it rises by one. Pictures that are bright at the border are taken
    as their negative, so that ink is what stands on the ground.

    Parameters
    ----------
    x
        (n, *units.shape) in the data's units.
    units
        Of the data.

    Returns
    -------
    (n, factors), in the order of `names`.
    """
    if isinstance(units, Rows):
        return units.traits(x)
    if not units.channels:
        return x.flatten(1).double()
    return _moments(units.picture(x).double().mean(1))


def _moments(light: Tensor) -> Tensor:
    """Measure pictures (n, h, w) in [0, 1]: (n, 4)."""
    ground = torch.cat([light[:, 0], light[:, -1], light[:, :, 0], light[:, :, -1]], 1).mean(1)
    mass = torch.where((ground > 0.5)[:, None, None], 1 - light, light)
    total = mass.sum((1, 2)).clamp_min(1e-9)
    h, w = light.shape[1:]
    row = torch.arange(h, dtype=torch.float64)[:, None]
    column = torch.arange(w, dtype=torch.float64)[None, :]
    y, x = (((mass * axis).sum((1, 2)) / total)[:, None, None] for axis in (row, column))
    down, right = row - y, column - x
    high = (mass * down.square()).sum((1, 2)) / total
    wide = (mass * right.square()).sum((1, 2)) / total
    both = (mass * down * right).sum((1, 2)) / total
    slant = -both / high.clamp_min(1e-9)
    return torch.stack([mass.mean((1, 2)), wide.sqrt() / w, high.sqrt() / h, slant], 1)
