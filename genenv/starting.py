"""Failures of a finished run as the starts of the next: what the search `stored` asks first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, failures, networks, reading
from genenv.generators import Generator
from genenv.parts import checked


def starts_of(run: Path, generator: Generator) -> tuple[Tensor, Tensor]:
    """Read base vectors (m, base_dim) and labels (m,) of a run's confirmed failures, in turn.

    Parameters
    ----------
    run
        A folder that `stress` left.
    generator
        Of the run to come: an address means something to the generator that it was found with.

    Raises
    ------
    Mistake
        The folder is no run of stress, holds no confirmed failure, or had another generator.
    """
    path = run / "config.json"
    if not path.is_file() or not (run / "failures").is_dir():
        raise checks.Mistake("a folder that `stress` left", f"{run}", "check --starts-from")
    found = failures.load(run / "failures")  # refuses those of an older version by name
    if _digest(run, path) != generator.digest():
        raise checks.Mistake(
            f"the generator of {run}, whose failures are addresses in it", "another one",
            f"give --generator {run}, or leave it out",
        )  # fmt: skip
    if found is None:
        raise checks.Mistake("a run with confirmed failures", f"none in {run}", "give another run")
    rows = in_turn(found.label * found.output.shape[1] + found.prediction)
    return torch.from_numpy(found.e[rows].astype(np.float32)), torch.from_numpy(found.label[rows])


def in_turn(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order rows so that groups (n,) take turns: the first of each, then the second of each."""
    place = np.zeros(len(group), np.int64)
    for own in np.unique(group):
        rows = np.flatnonzero(group == own)
        place[rows] = np.arange(len(rows))
    return np.argsort(place, kind="stable")


def _digest(run: Path, config: Path) -> str:
    """Tell the run's generator: config.json has the digest of a given one."""
    recorded = reading.plain(config).get("generator", "fitted")
    return (
        networks.stored(checked(run, "generator")).digest()
        if recorded == "fitted"
        else str(recorded)
    )
