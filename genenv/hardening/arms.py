"""What each arm is trained on: real rows, and as many rows more as failures were added."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import seeding

ARMS = ("before", "retrained", "generated", "hardened")
"""Real rows alone; with real rows repeated; with samples as they come; with failures."""

Labelled = tuple[NDArray[Any], NDArray[Any]]
"""Samples as stored (n, *units.shape), class indices or values (n,)."""


def arms(real: Labelled, learned: Labelled, drawn: Labelled, seed: int) -> dict[str, Labelled]:
    """Return the training rows of each arm; all but the first have as many.

    Parameters
    ----------
    real
        Rows that the model learns from anyway.
    learned
        Failures, under what is right of them.
    drawn
        As many samples as they come.
    seed
        Address of the real rows that are repeated.
    """
    x, label = real
    count = len(learned[0])
    rng = seeding.numpy_generator(seeding.fold(seed, "repeat real rows"))
    again = rng.choice(len(x), count, replace=count > len(x))
    added = {"retrained": (x[again], label[again]), "generated": drawn, "hardened": learned}
    return {"before": real} | {name: joined(real, rows) for name, rows in added.items()}


def joined(real: Labelled, more: Labelled) -> Labelled:
    """Put rows behind others, in the type of these."""
    return (
        np.concatenate([real[0], np.asarray(more[0], real[0].dtype)]),
        np.concatenate([real[1], more[1]]),
    )
