"""What generated rows have to beat: as many rows that were made of the real ones alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.codecs import Codec, planes
from genenv.codecs.planes import from_planes
from genenv.judge.variations import spread, vary_columns, vary_images

NEIGHBOURS = 5  # of a row, of SMOTE

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


def smote(real: Labelled, total: int, units: Codec, seed: int) -> Labelled:
    """Return the real rows, and for the rest what imbalanced-learn's SMOTE makes between them.

    Such a row lies between a real row and one of its five nearest of the class, in the numbers that
    a generator learns; categories snap to the nearer end. Classes of one row are repeated.
    """
    from imblearn.over_sampling import SMOTE

    x, label = repeated(real, total, units, seed)
    counts = [np.bincount(own, minlength=label.max() + 1) for own in (real[1], label)]
    have, want = counts
    classes = np.flatnonzero((have > 1) & (want > have))
    if not len(classes):
        return x, label
    u = units.encode(units.tensor(real[0])).double()
    near = min(NEIGHBOURS, int(have[classes].min()) - 1)
    wanted = {int(c): int(want[c]) for c in classes}
    sampler = SMOTE(sampling_strategy=wanted, k_neighbors=near, random_state=seed % 2**32)
    between, named = (own[len(u) :] for own in sampler.fit_resample(u.flatten(1).numpy(), real[1]))
    made = units.decode(torch.from_numpy(between).float().reshape(-1, *u.shape[1:]))
    rest = np.flatnonzero(~np.isin(label, classes) & (np.arange(total) >= len(u)))
    parts = [real, (units.store(made), named), (x[rest], label[rest])]
    rows, labels = (np.concatenate(each) for each in zip(*parts, strict=True))
    return rows, labels


IMAGES: dict[str, Null] = {"repeated": repeated, "augmented": augmented}
COLUMNS: dict[str, Null] = {**IMAGES, "marginals": marginals}
PEERS: dict[str, Null] = {"smote": smote}  # that are asked for by name


def nulls(units: Codec, peers: Sequence[str] = ()) -> dict[str, Null]:
    """Return the nulls that suit the data, by name, and those of PEERS that are asked for."""
    usual = IMAGES if units.channels else COLUMNS
    return usual | {name: PEERS[name] for name in peers}


def check_installed(peers: Sequence[str]) -> None:
    """Raise a Mistake unless what the peers need is installed."""
    if peers and find_spec("imblearn") is None:
        raise checks.Mistake(
            "imbalanced-learn, which makes the rows of SMOTE", "none installed",
            "pip install 'genenv[smote]'",
        )  # fmt: skip
