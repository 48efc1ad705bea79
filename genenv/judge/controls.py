"""Controls that must fail: what is no instance of any class, made from the data by rule."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from genenv import seeding
from genenv.codecs import Codec
from genenv.judge import swapped
from genenv.judge.layout import lawful

COUNT = 500  # of each kind
OF_TABLE = 3000  # of each kind, where a detector of the very kind is to learn of them
LIMIT = 0.01  # share of a kind that may be accepted as any class
LIMIT_SHUFFLED = 0.1  # of vectors with shuffled columns, which are often true ones by chance
SHUFFLED = "shuffled columns"
UNTRAINED = "an untrained generator"  # a control that the run's own generator makes
LEAST_COLUMNS = 8  # below, noise often is a true row: printed, and decides nothing
LONGEST = 6  # stripes: periods across an image, at most


def marginals(rows: Tensor, rng: torch.Generator, count: int = COUNT) -> Tensor:
    """Draw each number by itself from the data: (n, ...) -> (count, ...)."""
    flat = rows.flatten(1)
    place = torch.randint(0, len(flat), (count, flat.shape[1]), generator=rng)
    return flat.gather(0, place).reshape(count, *rows.shape[1:])


def uniform(rows: Tensor, rng: torch.Generator, count: int = COUNT) -> Tensor:
    """Draw each number evenly between the least and the largest of its place."""
    low, high = rows.amin(0), rows.amax(0)
    return low + (high - low) * torch.rand((count, *rows.shape[1:]), generator=rng)


def shuffled(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Put the pixels of real images in another order, each image its own."""
    images = _some(rows, rng).flatten(2)
    order = torch.rand((COUNT, 1, images.shape[2]), generator=rng).argsort(2)
    return images.gather(2, order.expand_as(images)).reshape(COUNT, *rows.shape[1:])


def constant(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Paint images in one colour."""
    colour = 2 * torch.rand((COUNT, rows.shape[1], 1, 1), generator=rng) - 1
    return colour.expand(COUNT, *rows.shape[1:]).clone()


def stripes(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Paint stripes of any direction, period and phase, soft or hard."""
    height, width = rows.shape[2:]
    y = torch.linspace(-1, 1, height)[:, None]
    x = torch.linspace(-1, 1, width)
    lot = torch.rand((4, COUNT, 1, 1), generator=rng)
    quarter = (lot[0] * 4).floor() * math.pi / 4  # upright, lying, or diagonal
    along = x * quarter.cos() + y * quarter.sin()
    wave = (math.pi * (1 + lot[1] * (LONGEST - 1)) * along + 2 * math.pi * lot[2]).sin()
    painted = torch.where(lot[3] < 0.5, wave.sign(), wave)
    return painted[:, None].expand(COUNT, *rows.shape[1:]).clone()


def _some(rows: Tensor, rng: torch.Generator) -> Tensor:
    return rows[torch.randint(0, len(rows), (COUNT,), generator=rng)]


OF_IMAGES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "noise of the marginals": marginals,
    "uniform noise": uniform,
    "shuffled pixels": shuffled,
    "constant images": constant,
    "stripes": stripes,
}
OF_VECTORS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    SHUFFLED: marginals,
    "uniform noise": uniform,
}


def make_controls(rows: Tensor, seed: int, units: Codec | None = None) -> dict[str, Tensor]:
    """Make 500 of each kind from real rows, (n, c, h, w) or (n, columns) in [-1, 1].

    3,000 rows of a table, whose columns, which `units` tell, stay whole.
    """
    if units is not None and units.groups is not None:
        return _of_table(rows, seed, units)
    kinds = OF_IMAGES if rows.ndim == 4 else OF_VECTORS
    return {
        name: kind(rows, seeding.torch_generator(seed, "control", name))
        for name, kind in kinds.items()
    }


def _of_table(rows: Tensor, seed: int, units: Codec) -> dict[str, Tensor]:
    groups = torch.tensor(units.groups)
    columns, noise = (seeding.torch_generator(seed, "control", name) for name in OF_VECTORS)
    made = swapped.shuffled(rows, groups, OF_TABLE, columns), uniform(rows, noise, OF_TABLE)
    return {name: lawful(each, units) for name, each in zip(OF_VECTORS, made, strict=True)}


def limit(name: str) -> float:
    """Return the share of a kind that may be accepted."""
    return LIMIT_SHUFFLED if name == SHUFFLED else LIMIT


def decides(name: str, shape: tuple[int, ...]) -> bool:
    """Whether a kind decides the judge's light, on rows of a shape."""
    return len(shape) == 3 or math.prod(shape) >= LEAST_COLUMNS or name not in OF_VECTORS
