"""What generated rows have to beat: as many rows that were made of the real ones alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.codecs import Codec, planes
from genenv.codecs.planes import from_planes
from genenv.judge.variations import spread, vary_columns, vary_images

Labelled = tuple[NDArray[Any], NDArray[np.int64]]  # x (n, *units.shape), class indices (n,)
Null = Callable[[Labelled, int, Codec, int], Labelled]


def repeated(real: Labelled, total: int, units: Codec, seed: int) -> Labelled:  # noqa: ARG001
    """Return the real rows again and again, each as often as the others but by one.

    A learner that takes its steps by the number of rows takes as many as with generated ones.
    """
    rows = np.arange(total) % len(real[0])
    return real[0][rows], real[1][rows]


def augmented(real: Labelled, total: int, units: Codec, seed: int) -> Labelled:
    """Return the real rows, and variations of them for the rest.

    Images are turned, scaled, sheared, shifted, bent and made noisy; the columns of vectors are
    jittered as far as neighbours lie (`judge.variations`).
    """
    x, label = repeated(real, total, units, seed)
    if total <= len(real[0]):
        return x, label
    u = units.encode(units.tensor(x[len(real[0]) :]))
    rng = seeding.torch_generator(seed, "augmented")
    if units.channels:
        varied = from_planes(vary_images(planes(u), rng), units.layout)
    else:
        varied = vary_columns(u, spread(units.encode(units.tensor(real[0]))), rng)
    made = units.store(units.decode(varied))
    return np.concatenate([real[0], made]), label


def marginals(real: Labelled, total: int, units: Codec, seed: int) -> Labelled:
    """Return the real rows, and for the rest rows whose columns are drawn one by one in a class."""
    x, label = repeated(real, total, units, seed)
    rng = seeding.numpy_generator(seed, "marginals")
    made = x.copy()
    for c in np.unique(label):
        own = np.flatnonzero(real[1] == c)
        places = np.flatnonzero(label == c)
        places = places[places >= len(real[0])]
        for column in range(x.shape[1]):
            made[places, column] = real[0][rng.choice(own, len(places)), column]
    return made, label


IMAGES: dict[str, Null] = {"repeated": repeated, "augmented": augmented}
COLUMNS: dict[str, Null] = {**IMAGES, "marginals": marginals}


def nulls(units: Codec) -> dict[str, Null]:
    """Return the nulls that suit the data, by name."""
    return IMAGES if units.channels else COLUMNS
