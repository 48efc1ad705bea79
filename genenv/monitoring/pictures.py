"""What a generator makes, to look at: samples, a loop between latents, codes, vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import files
from genenv.drawing.grids import enlargement, name_width, stack, table
from genenv.generators import Generator
from genenv.generators.base import CHUNK
from genenv.monitoring import charts
from genenv.noise import Categorical, Noise, Product, Uniform
from genenv.tracking import Tracker, animation, picture, still

COLUMNS = 10  # samples of a class
CLASSES = 20  # most rows of a picture
DOTS = 2500  # vectors in a picture
FRAMES = 32  # of a loop
ANIMATED = 4_800_000  # pixels that all frames of a loop have together: 0.4 to 0.9 MB of GIF
STARTS = 3  # fixed latents behind the traversal of a code
VALUES = 9  # of a continuous code, from -1 to 1
CODES = 8  # most continuous codes; a longer uniform part is noise, no code


def samples(generator: Generator, seed: int = 0) -> NDArray[np.uint8]:
    """Draw images at fixed latents as one picture (h, w, 1 or 3), a row a class.

    Parameters
    ----------
    generator
        Of images; the first 20 classes are shown, ten samples each. Without classes: ten rows.
    seed
        Address of the latents.
    """
    names = class_names(generator)
    down = len(names) or COLUMNS
    label = np.repeat(np.arange(down), COLUMNS) if names else None
    x, _ = generator.sample(down * COLUMNS, seed, label)
    return table(_cells(x, generator, down), names)


def interpolation(generator: Generator, seed: int = 0) -> NDArray[np.uint8]:
    """Draw a walk around great circles of the base space: frames (32, h, w, 1 or 3) that loop.

    e(t) = r (u cos 2πt + v sin 2πt) with orthonormal u, v: a Gaussian latent lies near the sphere
    of radius √d, and so does every e(t). Coordinates that pick a class or drive a series stay.

    Parameters
    ----------
    generator
        Of images: a row a class (the first ten), as many loops beside each other as make
        less than 1 MB of GIF.
    seed
        Address of the latents.
    """
    height, width = generator.units.shape[:2]
    cells = max(ANIMATED // (FRAMES * height * width * enlargement((height, width)) ** 2), 1)
    names = class_names(generator)[: min(COLUMNS, cells)]
    down = len(names) or min(5, cells)
    across = min(cells // down, COLUMNS)
    count = down * across
    circles = _circles(generator.noise, count, seed)
    label = np.repeat(np.arange(down), across) if names else None
    frames = []
    for turn in np.arange(FRAMES) * (2 * math.pi / FRAMES):
        z = generator.noise.from_base(circles(turn))
        frames.append(table(_cells(_make(generator, z, label), generator, down), names))
    return np.stack(frames)


def traversals(generator: Generator, seed: int = 0) -> NDArray[np.uint8] | None:
    """Draw what each code does: a picture (h, w, 1 or 3), rows are codes, columns their values.

    Categorical codes run through their classes, each uniform one from -1 to 1; all other latents
    stay at one of three fixed draws, a row each.

    Parameters
    ----------
    generator
        Of images.
    seed
        Address of the fixed draws.

    Returns
    -------
    None where the noise is no product with such parts.
    """
    found = list(codes(generator.noise))
    if not found:
        return None
    start = generator.noise.sample(STARTS, seed)
    label = None
    if generator.conditional:
        label = generator.labels(STARTS, seed)
    margin = name_width([name for name, _, _ in found])
    sheets, above = [], [""]
    for name, at, values in found:
        z = start.repeat_interleave(len(values), 0)
        z[:, at : at + values.shape[1]] = values.repeat(STARTS, 1)
        x = _make(generator, z, None if label is None else label.repeat(len(values)))
        one_hot = values.shape[1] > 1
        heads = [f"{i}" if one_hot else f"{v[0]:.2g}" for i, v in enumerate(values.tolist())]
        named = [name] + [""] * (STARTS - 1)
        cells = _cells(x, generator, STARTS)
        sheets.append(table(cells, named, () if heads == above else heads, margin))
        above = heads
    return stack(sheets)


def codes(noise: Noise) -> Iterator[tuple[str, int, Tensor]]:
    """Find the codes of a product.

    Yields
    ------
    Name, the first of its coordinates in z, and the values (n, coordinates) that it runs through.
    """
    at = count = 0
    for part in noise.parts if isinstance(noise, Product) else ():
        if isinstance(part, Categorical):
            yield f"code {count}", at, torch.eye(part.dim)
            count += 1
        elif isinstance(part, Uniform) and part.dim <= CODES:
            for i in range(part.dim):
                yield f"code {count}", at + i, torch.linspace(-1, 1, VALUES)[:, None]
                count += 1
        at += part.dim


def write_all(
    folder: Path | str,
    generator: Generator,
    real: NDArray[Any],
    tracker: Tracker | None = None,
    step: int = 0,
) -> list[Path]:
    """Write the pictures that apply to a trained generator, each whole or not at all.

    `samples.png` for every kind of data; `interpolation.gif` for images; `traversals.png` for
    images where the noise has codes; `critic.png` for vectors of two columns, if the critic was
    kept.

    Parameters
    ----------
    folder
        The run's.
    generator
        Trained.
    real
        What it was trained on, (n, *units.shape) in the data's units: drawn beside vectors.
    tracker, step
        Take the same pictures, as `result/samples` and so on; None: nothing does.

    Returns
    -------
    The files, in that order.
    """
    pictures: dict[str, NDArray[np.uint8] | None] = {}
    if generator.units.channels:
        pictures["samples.png"] = samples(generator)
        pictures["interpolation.gif"] = interpolation(generator)
        pictures["traversals.png"] = traversals(generator)
    else:
        made, _ = generator.sample(DOTS)
        pictures["samples.png"] = charts.vectors(real[:DOTS], made, generator.units)
        pictures["critic.png"] = charts.surface(generator, generator.kept_critic, real[:DOTS])
    paths = []
    for name, sheet in pictures.items():
        if sheet is None:
            continue
        data = animation(sheet) if sheet.ndim == 4 else still(sheet)
        path = Path(folder) / name
        files.write_atomically(path, partial(_fill, data))
        paths.append(path)
        if tracker is not None:
            tracker.encoded(f"result/{Path(name).stem}", data, sheet.shape[-3:], step)
    return paths


def class_names(generator: Generator) -> list[str]:
    """Return the first 20 classes as the user calls them; [] without classes."""
    return [str(name) for name in generator.classes[:CLASSES]]


def _cells(x: NDArray[Any], generator: Generator, down: int) -> NDArray[np.uint8]:
    shown = picture(x, generator.units)
    assert shown is not None, "images"
    return shown.reshape(down, -1, *shown.shape[1:])


def _circles(noise: Noise, count: int, seed: int) -> Callable[[float], Tensor]:
    """Return the map from an angle to e (count, base_dim) on as many great circles."""
    e = noise.base(2 * count, seed).double()
    start, other = e[:count], e[count:]
    fixed = torch.cat([torch.full((n,), role == "box") for role, n in noise.roles])
    fixed = torch.zeros_like(fixed) if fixed.all() else fixed
    moved = start.masked_fill(fixed, 0)
    radius = moved.norm(dim=1, keepdim=True)
    u = moved / radius
    v = other.masked_fill(fixed, 0)
    v = v - (v * u).sum(1, keepdim=True) * u
    v = v / v.norm(dim=1, keepdim=True).clamp_min(1e-9)  # of one coordinate nothing is left

    def at(turn: float) -> Tensor:
        circle = radius * (u * math.cos(turn) + v * math.sin(turn))
        return torch.where(fixed, start, circle).float()

    return at


def _make(generator: Generator, z: Tensor, label: NDArray[np.int64] | None) -> NDArray[Any]:
    """Make samples (n, *units.shape) of given latents."""
    device = generator.device
    units = generator.units
    parts = []
    with torch.no_grad(), generator.evaluated():
        for at in range(0, len(z), CHUNK):
            piece = slice(at, at + CHUNK)
            own = None if label is None else torch.from_numpy(label[piece]).to(device)
            parts.append(units.store(units.decode(generator.from_latent(z[piece].to(device), own))))
    return np.concatenate(parts)


def _fill(data: bytes, file: BinaryIO) -> None:
    file.write(data)
