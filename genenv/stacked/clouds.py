"""Sets of points in the plane, each drawn by an address: what a family of problems learns."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from genenv import seeding

Points = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Points]


def ring(rng: np.random.Generator, count: int) -> Points:
    """Three to twelve modes on a circle, one spread for all."""
    modes, turn = rng.integers(3, 13), rng.uniform(0, 2 * np.pi)
    angle = turn + 2 * np.pi * rng.integers(modes, size=count) / modes
    centres = np.stack([np.cos(angle), np.sin(angle)], 1)
    return _blurred(rng, centres, rng.uniform(0.01, 0.15))


def grid(rng: np.random.Generator, count: int) -> Points:
    """Two to five modes a side, stretched along one axis."""
    sides = rng.integers(2, 6, size=2)
    centres = rng.integers(sides, size=(count, 2)) * np.array([1.0, rng.uniform(0.5, 2.0)])
    return _blurred(rng, centres, rng.uniform(0.02, 0.2))


def spirals(rng: np.random.Generator, count: int) -> Points:
    """Two arms that wind out by a half to one and a half turns."""
    arm, along = rng.integers(2, size=count), np.sqrt(rng.uniform(size=count))
    angle = np.pi * arm + 2 * np.pi * rng.uniform(0.5, 1.5) * along
    points = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return _blurred(rng, points, rng.uniform(0.01, 0.08))


def moons(rng: np.random.Generator, count: int) -> Points:
    """Two half circles, one turned into the other."""
    kind = rng.integers(2, size=count)
    angle = np.pi * rng.uniform(size=count)
    sign = 1.0 - 2.0 * kind
    gap = rng.uniform(0.2, 0.8)
    x, y = sign * np.cos(angle) + kind, sign * np.sin(angle) + kind * gap
    return _blurred(rng, np.stack([x, y], 1), rng.uniform(0.02, 0.15))


def mixture(rng: np.random.Generator, count: int) -> Points:
    """Two to twelve modes at random, each with a spread and a weight of its own."""
    modes = rng.integers(2, 13)
    centres, weight = rng.standard_normal((modes, 2)), np.exp(rng.standard_normal(modes))
    spread = np.exp(rng.uniform(np.log(0.02), np.log(0.4), modes))
    mode = rng.choice(modes, size=count, p=weight / weight.sum())
    return _blurred(rng, centres[mode], spread[mode, None])


def digits(rng: np.random.Generator, count: int) -> Points:
    """Digits of two to ten classes, seen along two random directions of the largest eight."""
    x, label = _digits()
    classes = rng.choice(10, size=rng.integers(2, 11), replace=False)
    return _seen(rng, x[np.isin(label, classes)], count)


def table(rng: np.random.Generator, count: int) -> Points:
    """Rows of the breast-cancer table, two of its columns."""
    x = _table()
    return _seen(rng, x[:, rng.choice(x.shape[1], size=2, replace=False)], count)


CLOUDS: dict[str, Draw] = {
    "ring": ring,
    "grid": grid,
    "spirals": spirals,
    "moons": moons,
    "mixture": mixture,
    "digits": digits,
    "table": table,
}


def cloud(key: int, kind: int, count: int) -> NDArray[np.float32]:
    """Draw the set of an address.

    Parameters
    ----------
    key
        Its address: of its shape and of its points.
    kind
        Number of a row of CLOUDS.
    count
        Points.

    Returns
    -------
    (count, 2), of mean 0 and mean square 1 a column, in random order.
    """
    rng = seeding.numpy_generator(key, "cloud")
    x = list(CLOUDS.values())[kind](rng, count)
    x = x - x.mean(0)
    scaled: Points = x / np.sqrt(np.square(x).mean())
    return scaled.astype(np.float32)


def _blurred(rng: np.random.Generator, x: Points, spread: float | Points) -> Points:
    noisy: Points = x + spread * rng.standard_normal(x.shape)
    return noisy


def _seen(rng: np.random.Generator, x: Points, count: int) -> Points:
    """Draw rows and look at them along two random directions, orthogonal to each other."""
    axes, _ = np.linalg.qr(rng.standard_normal((x.shape[1], 2)))
    return _blurred(rng, x[rng.integers(len(x), size=count)] @ axes, 0.02)  # rows come twice


@lru_cache(maxsize=1)
def _digits() -> tuple[Points, NDArray[np.int64]]:
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA

    x, label = load_digits(return_X_y=True)
    along = PCA(8, svd_solver="full").fit_transform(x)
    return along / along.std(), label


@lru_cache(maxsize=1)
def _table() -> Points:
    from sklearn.datasets import load_breast_cancer

    x = np.log1p(load_breast_cancer().data)
    scaled: Points = (x - x.mean(0)) / x.std(0)
    return scaled
