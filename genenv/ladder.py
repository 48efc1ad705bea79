"""The ladder of a run: its generators from early to late, and real rows that none of them saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genenv import bundled, checks, data, networks
from genenv.data import Dataset
from genenv.generators import Generator
from genenv.parts import checked
from genenv.runs import data_name, fingerprint, trained_on
from genenv.training import checkpoint

AVERAGED = "module/ema/module."  # where a checkpoint holds the averaged generator

Rows = NDArray[np.int64]


def generators(folder: Path) -> tuple[Generator, ...]:
    """Load the generators of a run in the order of their training.

    Parameters
    ----------
    folder
        What `fit` or `stress` left, or the bundled set.

    Returns
    -------
    The averaged generator of each checkpoint that is still there, then the run's own where it is
    another one (`best` was asked for, or no checkpoint is left); on the CPU, in eval mode, frozen.

    Raises
    ------
    Mistake
        The folder holds no generator, or a file is damaged.
    """
    if folder == bundled.FOLDER:
        return tuple(networks.load(bundled.rung(step)) for step in bundled.LADDER)
    own = last(folder)
    found = [_of_checkpoint(path, folder) for path in checkpoint.every(folder / "checkpoints")]
    if not found or fingerprint(found[-1]) != fingerprint(own):
        found.append(own)
    return tuple(found)


def last(folder: Path) -> networks.Generator:
    """Load a run's own generator, with the critic that it kept, see `generators`."""
    return networks.load(checked(folder, "generator"))


def _of_checkpoint(path: Path, folder: Path) -> Generator:
    generator = last(folder)  # of the same make
    tensors, _ = checkpoint.read(path)
    own = {k.removeprefix(AVERAGED): v for k, v in tensors.items() if k.startswith(AVERAGED)}
    generator.load_state_dict(own)
    return generator


def unseen(folder: Path, dataset: Dataset | None = None) -> tuple[Dataset, Rows]:
    """Find real rows that the generators of a run did not learn from.

    Parameters
    ----------
    folder
        See `generators`.
    dataset
        The run's data; None: read again by the name that the run recorded.

    Returns
    -------
    The data and row numbers of them. Data that came with a test set of their own give that; data
    that are not the run's give all rows, and so do a run's that was trained on every one.

    Raises
    ------
    Mistake
        No data were given, and the run's cannot be read by their name.
    """
    if folder == bundled.FOLDER and dataset is None:
        digits, learned = bundled.dataset()
        return digits, np.setdiff1d(np.arange(len(digits)), learned)
    if dataset is None:
        name = data_name(folder)
        if name not in data.DATA:
            got = "a run that names none" if name is None else f"a run on {name!r}"
            raise checks.Mistake(
                f"a run on {', '.join(data.DATA)}, whose data can be read again",
                got,
                "give the data too",
            )
        dataset = data.load(name)
    if dataset.held_out is not None:
        dataset = dataset.held_out
    everything = np.arange(len(dataset))
    seen = trained_on(folder, dataset)
    rows = everything if seen is None else np.setdiff1d(everything, seen)
    return dataset, rows if len(rows) else everything
