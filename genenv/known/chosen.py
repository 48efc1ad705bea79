"""Which failures of a run are worth keeping, and how that run asks its model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, model_spec, networks
from genenv.known.samples import Asking, Known


def of_run(folder: Path, count: int) -> Known:
    """Choose failures of a run: the surest of each pair of condition and prediction, in turn.

    Parameters
    ----------
    folder
        What `stress` left.
    count
        The most that are taken.

    Raises
    ------
    Mistake
        The run confirmed no failure, or holds none of these files.
    """
    checks.integer("count", count)
    told = [(part.pair, part.p) for part in failures.shards(folder / "failures")]
    if not told:
        raise checks.Mistake(
            f"confirmed failures in {folder}/failures", "none", "give a run that found some"
        )
    pair, p = map(np.concatenate, zip(*told, strict=True))
    return of_rows(folder, spread(pair, p)[:count])


def of_rows(folder: Path, rows: NDArray[np.int64]) -> Known:
    """Take failures of a run by their row in RUN/failures, where that holds some."""
    found = failures.picked(folder / "failures", rows)
    return Known(found.x, found.label, rows, asking_of(folder))


def spread(pair: NDArray[np.int64], p: NDArray[np.float32]) -> NDArray[np.int64]:
    """Order failures: the surest of each pair of condition and prediction, then the second of each.

    Parameters
    ----------
    pair, p
        (m,): the pair as a number, and the audit's probability.

    Returns
    -------
    (m,): row numbers.
    """
    turn = np.zeros(len(pair), np.int64)
    for each in np.unique(pair):
        own = np.flatnonzero(pair == each)
        turn[own[np.argsort(-p[own], kind="stable")]] = np.arange(len(own))
    return np.lexsort((pair, turn))


def asking_of(folder: Path) -> Asking:
    """Return how a run asks its model.

    Raises
    ------
    Mistake
        The folder holds no run, or a damaged one.
    """
    units, classes = networks.described(folder / "generator")
    fields = model_spec.read(folder)
    return Asking(
        units=units,
        classes=classes,
        input=fields.input,
        output=fields.output,
        layout=fields.layout,
        columns=fields.asked_classes,
        mean=fields.mean,
        std=fields.std,
    )
