"""Failures of a finished run as the starts of the next: what the search `stored` asks first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks


def starts_of(run: Path, law: str) -> tuple[Tensor, Tensor]:
    """Read base vectors (m, base_dim) and labels (m,) of a run's confirmed failures, in turn.

    Parameters
    ----------
    run
        A folder that `stress` left.
    law
        Of the run to come, see `Finished.law`: an address means something to that alone.

    Raises
    ------
    Mistake
        The folder is no run of stress, holds no confirmed failure, or had another law.
    """
    from genenv import finished  # whose packages import the studies that start from runs

    if not (run / "config.json").is_file() or not (run / "failures").is_dir():
        raise checks.Mistake("a folder that `stress` left", f"{run}", "check --starts-from")
    done = finished.opened(run)
    found = done.found()  # refuses those of an older version by name
    done.check_law(law)
    if found is None:
        raise checks.Mistake("a run with confirmed failures", f"none in {run}", "give another run")
    rows = in_turn(found.group)
    return torch.from_numpy(found.e[rows].astype(np.float32)), torch.from_numpy(found.label[rows])


def in_turn(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order rows so that groups (n,) take turns: the first of each, then the second of each."""
    place = np.zeros(len(group), np.int64)
    for own in np.unique(group):
        rows = np.flatnonzero(group == own)
        place[rows] = np.arange(len(rows))
    return np.argsort(place, kind="stable")
