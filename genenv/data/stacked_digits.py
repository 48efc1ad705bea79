"""Stacked digits: three digits as the three channels of a picture, so that there are 1,000 modes.

The protocol of Metz et al. (arXiv 1611.02163) and PacGAN (1712.04086), on any digits; 25 modes in
the plane say little about a thousand. `metrics.StackedModes` counts them. Labels are the number of
the mode; fits ignore them unless told.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genenv import checks, seeding
from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset
from genenv.data.digits import digits

PREFIX = "stacked-digits:"  # of a source: the folder or file of the digits follows
CHANNELS = 3
LEAST_CLASSES = 3
ROWS = 50_000


def stacked_digits() -> Dataset:
    """Stack the digits that come with scikit-learn: float32 (50000, 8, 8, 3), values 0 to 16."""
    return stacked(digits())


def stacked(source: Dataset, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Stack pictures of any classes, drawn by chance, with replacement.

    Parameters
    ----------
    source
        Labelled grey pictures.
    rows
        To draw.
    seed
        Address of the draw.

    Returns
    -------
    Samples (rows, h, w, 3) in the dtype of the source. Every triple (a, b, c) of its K classes is a
    mode, number (a·K + b)·K + c, all equally likely where the classes are.

    Raises
    ------
    Mistake
        Vectors or pictures of colour, no labels, or fewer than three classes.
    """
    check_stackable(source)
    grey = source.x.reshape(len(source), *source.units.shape[:2])
    rng = seeding.numpy_generator(seed, "stacked digits", source.name)
    drawn = rng.integers(len(grey), size=(CHANNELS, rows))
    x = np.stack([grey[own] for own in drawn], axis=3)
    assert source.label is not None  # as there are classes
    mode = np.ravel_multi_index(tuple(source.label[drawn]), (len(source.classes),) * CHANNELS)
    return replace(from_arrays(x, mode, f"stacked-{source.name}"), unconditional=True)


def check_stackable(source: Dataset) -> None:
    """Raise a Mistake unless these are labelled grey pictures of three classes or more."""
    if source.units.channels != 1:
        shape, kind = source.units.shape, source.units.kind
        raise checks.Mistake(
            "grey pictures to stack", f"{kind}s of shape {shape}", "give digits as pictures"
        )
    if len(source.classes) < LEAST_CLASSES:
        raise checks.Mistake(
            f"digits of {LEAST_CLASSES} classes or more to stack",
            f"{len(source.classes)} in {source.name}",
            "give more, with their labels as y",
        )
