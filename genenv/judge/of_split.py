"""The judge of a split: every row but the test rows, the generator's and the model's too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.data import Dataset, Split
from genenv.judge.fitting import make, steps
from genenv.judge.judging import UNSEEN, Judge
from genenv.judge.teaching import Advance


def judge_rows(
    dataset: Dataset, source: Dataset, split: Split
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the rows that a judge learns from, and which of them the default model has not seen.

    Parameters
    ----------
    dataset, source
        Where the generator's rows (`split.train`) and all other rows come from; both labelled.
    split
        Disjoint rows.

    Returns
    -------
    Samples (n, *units.shape), class indices (n,), and (n,) bool.
    """
    rest = np.sort(np.concatenate([split.guide, split.audit, split.calibration]))
    parts = dataset.pick(split.train), source.pick(rest)
    x, label = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    return x, label, np.arange(len(label)) >= len(split.train)


def make_judge(
    dataset: Dataset,
    source: Dataset,
    split: Split,
    seed: int,
    advance: Advance = None,
    answer: Any = None,
) -> Judge:
    """Train and calibrate the judge of a split.

    Parameters
    ----------
    dataset, source, split
        See `judge_rows`.
    seed
        Address of everything random.
    advance
        Called with the training steps done.
    answer
        The model under test: stored samples -> class indices; None: the cut is set without it.

    Raises
    ------
    Mistake
        Too few rows of a class.
    """
    x, label, unseen = judge_rows(dataset, source, split)
    said = None
    if answer is not None:
        said = np.full(len(label), UNSEEN)
        said[unseen] = answer(x[unseen])
    test = source.pick(split.test)
    return make(
        dataset.units, dataset.classes, (x, label), seed, answers=said, test=test, advance=advance
    )


def judge_steps(dataset: Dataset, split: Split) -> int:
    """Count the training steps that `make_judge` reports through `advance`."""
    rows = sum(len(part) for part in (split.train, split.guide, split.audit, split.calibration))
    return steps(rows, dataset.units)
