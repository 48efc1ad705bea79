"""What the studies of generated samples begin with: their generator, and their judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, judge, networks, seeding
from genenv.codecs import Codec
from genenv.data import Dataset, Split
from genenv.generators import Generator
from genenv.judge import Judge, judge_steps, make_judge
from genenv.monitoring import Curves
from genenv.monitoring.pictures import write_all
from genenv.parts import Advance, Part
from genenv.study import Study
from genenv.training import TrainingConfig, preset, shrunk, stated, train
from genenv.training.aim import Aim


def training(
    objective: Aim, steps: int | None, seed: int, threads: int, dataset: Dataset, rows: int
) -> TrainingConfig:
    """Return the settings of the generator that is fitted where none is given.

    Parameters
    ----------
    objective, steps, seed, threads
        Fields of TrainingConfig; steps None: the preset's.
    dataset, rows
        Of the data, and how many rows it learns from.
    """
    usual = preset(objective, dataset.units)
    updates = usual.steps if steps is None else steps
    config = replace(usual, seed=seed, threads=threads, steps=updates)
    return shrunk(config, dataset.units, rows)


def generator_part(
    study: Study[Any],
    dataset: Dataset,
    rows: NDArray[np.int64],
    config: TrainingConfig,
    given: Generator | None,
) -> Part[Generator]:
    """Return the generator of a run as a part: the one that was given, or one that is trained.

    Parameters
    ----------
    study
        Whose run it is; its folder takes checkpoints and pictures, its tracker curves.
    dataset, rows
        Labelled data, and the rows to learn from.
    config
        Of the training.
    given
        None: one is trained.
    """

    def make(advance: Advance) -> Generator:
        learned = dataset.at(rows)
        others = dataset.pick(np.setdiff1d(np.arange(len(dataset)), rows))
        made = given or train(
            learned,
            config,
            folder=study.folder / "checkpoints",
            monitor=Curves(study.tracker, (learned.x, learned.label), others, learned.modes),
            advance=advance,
            resume=study.resuming,
        )
        if given is None:
            made.notes = (*made.notes, *stated(config))
        write_all(study.folder, made, learned.x, study.tracker, config.steps)
        return made

    def load(place: Path) -> Generator:
        """Read it; one that only its owner can make is taken as it is."""
        if given is None or networks.knows(given):
            return networks.load(place)
        return given.settled()

    stage = "generator" if given is None else None
    steps = config.steps if given is None else 0
    return Part("generator", "the generator", make, _save, load, stage, steps)


def _save(generator: Generator, place: Path) -> None:
    generator.save(place)


def judge_part(
    dataset: Dataset,
    source: Dataset,
    split: Split,
    seed: int,
    answer: Callable[[NDArray[Any]], NDArray[np.int64]] | None = None,
) -> Part[Judge]:
    """Return the judge of a run as a part, guide and audit.

    Parameters
    ----------
    dataset, source, split
        See `make_judge`.
    seed
        Of the run.
    answer
        The model under test: stored samples -> class indices, which set the cut; None: there is
        none.
    """

    def make(advance: Advance) -> Judge:
        return make_judge(dataset, source, split, seeding.fold(seed, "judge"), advance, answer)

    units = judge_steps(dataset, split)
    return Part("judge", "the judge", make, judge.save, judge.load, "judge", units)


def check_fits(generator: Generator, dataset: Dataset) -> None:
    """Raise a Mistake unless a generator makes samples like the data, of the data's classes."""
    wanted = kind(dataset.units, dataset.classes)
    got = kind(generator.units, generator.classes)
    if wanted != got:
        coded = generator.recognition is not None and bool(generator.recognition.categorical)
        beside = ", and without categorical codes" if coded else ""
        advice = f"fit one on these data, with labels{beside}"
        raise checks.Mistake(f"a generator of {wanted}", got, advice)


def kind(units: Codec, classes: tuple[int | str, ...]) -> str:
    """Say what kind of samples something makes or judges."""
    return f"shape {units.shape}, dtype {units.dtype} and classes {list(classes)}"
