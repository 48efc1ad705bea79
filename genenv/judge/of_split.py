"""The judge of a split: every row but the test rows, the generator's and the model's too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.data import Dataset, Split
from genenv.judge import recipe
from genenv.judge.fitting import beside_model, make, steps
from genenv.judge.judging import UNSEEN, Judge
from genenv.judge.teaching import Advance
from genenv.judge.variations import FULL, GENTLER

MOST_ROWS = 50_000  # of a table that a judge learns from


def judge_rows(
    dataset: Dataset, source: Dataset, split: Split
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the rows that a judge learns from, and which of them the default model has not seen.

    Of a table they are MOST_ROWS at most, drawn evenly from all: trees and detectors take seconds
    in proportion to the rows, and learn little from more.

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
    own = _thinned(len(split.train) + len(rest), dataset)
    seen = own < len(split.train)
    train, rest = split.train[own[seen]], rest[own[~seen] - len(split.train)]
    parts = dataset.pick(train), source.pick(rest)
    x, label = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    return x, label, ~seen


def make_judge(
    dataset: Dataset,
    source: Dataset,
    split: Split,
    seed: int,
    advance: Advance = None,
    effort: str = "default",
) -> Judge:
    """Train and calibrate the judge of a split, beside no model.

    Parameters
    ----------
    dataset, source, split
        See `judge_rows`.
    seed
        Address of everything random.
    advance
        Called with the training steps done.
    effort
        See `fitting.fit`.

    Raises
    ------
    Mistake
        Too few rows of a class.
    """
    x, label, _ = judge_rows(dataset, source, split)
    test = source.pick(split.test)
    return make(
        dataset.units, dataset.classes, (x, label), seed, effort, test=test, advance=advance
    )


def judge_beside(
    judge: Judge,
    dataset: Dataset,
    source: Dataset,
    split: Split,
    seed: int,
    answer: Callable[[NDArray[Any]], NDArray[np.int64]],
) -> Judge:
    """Set the cut and the figures of a split's judge beside a model.

    Parameters
    ----------
    judge, dataset, source, split, seed
        As it was made, see `make_judge`.
    answer
        The model under test: stored samples -> class indices. It is asked about the rows that the
        default model has not seen.
    """
    x, label, unseen = judge_rows(dataset, source, split)
    said = np.full(len(label), UNSEEN)
    said[unseen] = answer(x[unseen])
    return beside_model(judge, x, said, seed, source.pick(split.test))


def recipe_of(dataset: Dataset, split: Split, effort: str) -> list[dict[str, Any]]:
    """Return what the judge of a split is made of, as plain values."""
    lessons = recipe.lessons(_rows(dataset, split), dataset.units, effort)
    every = *lessons, recipe.guide_lesson(lessons[-1], dataset.units)
    tried = [variation.words for variation in (FULL, *GENTLER)] if dataset.units.channels else []
    made = [{"makes": list(lesson.makes), "epochs": lesson.epochs} for lesson in every]
    return [*made, {"varied": tried}]


def judge_steps(dataset: Dataset, split: Split, effort: str = "default") -> int:
    """Count the training steps that `make_judge` reports through `advance`."""
    return steps(_rows(dataset, split), dataset.units, effort)


def thinning(dataset: Dataset, split: Split) -> tuple[str, ...]:
    """Say that a judge learns from some rows alone; (): from all."""
    whole, kept = _all(split), _rows(dataset, split)
    if kept == whole:
        return ()
    return (f"The judge learned from {kept:,} rows, drawn evenly from {whole:,}.",)


def _all(split: Split) -> int:
    return sum(len(part) for part in (split.train, split.guide, split.audit, split.calibration))


def _rows(dataset: Dataset, split: Split) -> int:
    return len(_thinned(_all(split), dataset))


def _thinned(count: int, dataset: Dataset) -> NDArray[np.int64]:
    """Choose the rows of a table's judge among so many: numbers, ascending; of others all."""
    if dataset.units.groups is None or count <= MOST_ROWS:
        return np.arange(count)
    order = seeding.numpy_generator(0, "the judge's rows").permutation(count)
    return np.sort(order[:MOST_ROWS])
