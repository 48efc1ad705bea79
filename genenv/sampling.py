"""Samples on request: of one class, from other laws of noise, and the critic's best of many."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, naming
from genenv.generators import Generator
from genenv.noise import NOISES, Gaussian, Noise, Product, Scaled


def driven_by(generator: Generator, noise: Noise) -> Generator:
    """Return the same networks under another law of the latents.

    Parameters
    ----------
    generator
        Left as it is; weights are shared.
    noise
        Of the same `dim`.

    Raises
    ------
    Mistake
        Latents of another length.
    """
    if noise.dim != generator.noise.dim:
        raise checks.Mistake(
            f"noise of {generator.noise.dim} dimensions", noise.dim, "choose another law"
        )
    other = copy.copy(generator)
    other.noise = noise
    return other


def noise_named(generator: Generator, name: str | None, strength: float) -> Noise:
    """Return the law `name` (in NOISES, or module:name), None: its own, multiplied by `strength`.

    Of codes and noise side by side the Gaussian part alone changes: a code keeps its law.

    Raises
    ------
    Mistake
        An unknown name, a strength that is not above 0, or codes without a Gaussian part.
    """
    checks.positive("strength", strength)
    law = generator.noise
    if not isinstance(law, Product):
        return _changed(law, name, strength)
    if (name, strength) == (None, 1):
        return law
    if not any(isinstance(part, Gaussian) for part in law.parts):
        raise checks.Mistake(
            "Gaussian noise beside the codes",
            "codes alone",
            "leave noise and strength out",
        )
    return Product(
        [_changed(p, name, strength) if isinstance(p, Gaussian) else p for p in law.parts]
    )


def _changed(law: Noise, name: str | None, strength: float) -> Noise:
    if name is not None:
        law = naming.make("noise", name, NOISES, Noise, law.dim)
    return law if strength == 1 else Scaled(law, strength)


def class_index(generator: Generator, name: str | None) -> int | None:
    """Return the index of a class that the user named; None stays None."""
    if name is None:
        return None
    names = [str(c) for c in generator.classes]
    if not names:
        raise checks.Mistake("a conditional generator", "one without classes", "leave out label")
    return names.index(checks.choice("label", name, names))


def best(
    generator: Generator, count: int, seed: int, label: int | None, keep: float
) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Draw samples and keep those that the critic scores best.

    Parameters
    ----------
    generator
        With its critic.
    count
        Samples to return: of each class its own best share, to a sample.
    seed, label
        See `Generator.sample`.
    keep
        Share that is kept, above 0 and up to 1.

    Returns
    -------
    Samples (n, *units.shape) in order of address, and class indices (n,) or None.

    Raises
    ------
    Mistake
        A share out of range, or a generator without its critic.
    """
    checks.integer("count", count)
    if not 0 < keep <= 1:
        raise checks.Mistake("keep above 0 and up to 1", keep, "give a share")
    drawn = math.ceil(count / keep)
    x, index = generator.sample(drawn, seed, label)
    if keep == 1:
        return x, index
    score = generator.score(x, index)
    group = np.zeros(drawn, np.int64) if index is None else index
    kept = np.zeros(drawn, np.bool_)
    classes, sizes = np.unique(group, return_counts=True)
    for c, share in zip(classes, _shares(keep * sizes, count), strict=True):
        rows = np.flatnonzero(group == c)
        kept[rows[np.argsort(-score[rows], kind="stable")[:share]]] = True
    return x[kept], None if index is None else index[kept]


def _shares(wanted: NDArray[np.floating[Any]], total: int) -> NDArray[np.int64]:
    """Round to whole numbers of that sum: down, then up where most was lost."""
    whole: NDArray[np.int64] = np.floor(wanted).astype(np.int64)
    lost = np.argsort(whole - wanted, kind="stable")
    whole[lost[: total - whole.sum()]] += 1
    return whole


def write(path: Path, x: NDArray[Any], y: NDArray[Any] | None) -> Path:
    """Write samples, and labels if there are any, as one whole .npz file.

    Parameters
    ----------
    path
        The file; .npz is added where it is missing.
    x, y
        Samples (n, ...); the user's labels (n,) or None.

    Returns
    -------
    The file's path.
    """
    if not path.name:
        raise checks.Mistake("the name of a file to write", f"{path}", "give one, as samples.npz")
    path = path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")
    columns: dict[str, Any] = {"x": x} if y is None else {"x": x, "y": y}
    files.write_atomically(path, lambda file: np.savez_compressed(file, **columns))
    return path
