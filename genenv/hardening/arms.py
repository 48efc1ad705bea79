"""What each arm is trained on: real rows, and as many rows more as failures were added."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.failures import Confirmed
from genenv.generators import Generator

ARMS = ("before", "retrained", "generated", "hardened")
"""Real rows alone; with real rows repeated; with samples as they come; with failures."""

Labelled = tuple[NDArray[Any], NDArray[np.int64]]
"""Samples as stored (n, *units.shape), class indices (n,)."""


def arms(
    real: Labelled, failures: Confirmed, generator: Generator, seed: int
) -> dict[str, Labelled]:
    """Return the training rows of each arm; all but the first have as many.

    Parameters
    ----------
    real
        Rows that the model learns from anyway.
    failures
        Those to learn from, under the classes that they show.
    generator
        Of the run, for the control.
    seed
        Address of what the controls add.
    """
    x, label = real
    count = len(failures)
    rng = seeding.numpy_generator(seeding.fold(seed, "repeat real rows"))
    again = rng.choice(len(x), count, replace=count > len(x))
    drawn, condition = generator.sample(count, seed=seeding.fold(seed, "generated rows"))
    assert condition is not None
    added = {
        "retrained": (x[again], label[again]),
        "generated": (drawn, np.asarray(condition, np.int64)),
        "hardened": (failures.x, failures.label),
    }
    return {"before": real} | {name: joined(real, rows) for name, rows in added.items()}


def joined(real: Labelled, more: Labelled) -> Labelled:
    """Put rows behind others, in the type of these."""
    return (
        np.concatenate([real[0], np.asarray(more[0], real[0].dtype)]),
        np.concatenate([real[1], more[1]]),
    )
