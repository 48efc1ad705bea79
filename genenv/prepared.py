"""What the studies of generated samples begin with: generator, its figures, and judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import cache, checks, judge, networks, runs, seeding
from genenv.codecs import Codec, Rows
from genenv.data import Dataset, Split
from genenv.generators import Generator
from genenv.generators.rows import learn
from genenv.judge import Judge, judge_beside, judge_steps, make_judge
from genenv.metrics import (
    FULL,
    Evaluation,
    build,
    generator_metrics,
    metric_steps,
    own_features,
    own_steps,
    row_metrics,
)
from genenv.monitoring import Curves
from genenv.monitoring.pictures import write_all
from genenv.parts import Advance, Part, load_json, save_json
from genenv.study import Study
from genenv.training import TrainingConfig, preset, shrunk, stated, train
from genenv.training.aim import Aim

LabelledRows = tuple[NDArray[Any], NDArray[np.int64]]  # x (n, *shape), class index (n,)


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
    others: Callable[[], LabelledRows],
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
    others
        Makes rows that it does not learn from, see `unseen`: they show what the critic remembers.
    """

    def make(advance: Advance) -> Generator:
        learned = dataset.at(rows)
        if given is not None:
            made = given
        elif isinstance(dataset.units, Rows):
            made = learn(dataset.units, *dataset.pick(rows), config.seed)
        else:
            made = train(
                learned,
                config,
                folder=study.folder / "checkpoints",
                monitor=Curves(study.tracker, (learned.x, learned.label), others(), learned.modes),
                advance=advance,
                resume=study.resuming,
            )
            made.notes = (*made.notes, *stated(config))
        write_all(study.folder, made, learned.x, study.tracker, config.steps)
        return made

    def load(place: Path) -> Generator:
        """Read it; one that only its owner can make is taken as it is."""
        if given is None or networks.knows(given):
            return networks.stored(place)
        return given.in_eval()

    stage = "generator" if given is None else None
    steps = config.steps if given is None and not isinstance(dataset.units, Rows) else 0
    return Part(
        "generator", "the generator", make, lambda made, place: made.save(place), load, stage, steps
    )


def fitted(
    learned: Dataset, config: TrainingConfig, seed: int, advance: Advance | None = None
) -> Generator:
    """Fit a generator as a study does, without curves, pictures or checkpoints.

    Parameters
    ----------
    learned
        Labelled rows.
    config, seed
        Settings, and the seed in the place of theirs.
    advance
        See `train`.
    """
    if isinstance(learned.units, Rows):
        assert learned.label is not None
        return learn(learned.units, learned.x, learned.label, seed)
    own = shrunk(replace(config, seed=seed), learned.units, len(learned))
    return train(learned, own, advance=advance)


def unseen(source: Dataset, split: Split) -> LabelledRows:
    """Return the rows that no generator learns from: those of guide, audit, calibration and test.

    Parameters
    ----------
    source, split
        See `judge_part`: with held-out data of their own these are the source's.
    """
    return source.pick(np.concatenate([split.guide, split.audit, split.calibration, split.test]))


def judge_part(
    dataset: Dataset,
    source: Dataset,
    split: Split,
    seed: int,
    effort: str = "default",
) -> Part[Judge]:
    """Return the judge of a run as a part, guide and audit; it outlives the run in the cache.

    Parameters
    ----------
    dataset, source, split, effort
        See `make_judge`.
    seed
        Of the run.
    """
    address = seeding.fold(seed, "judge")

    def make(advance: Advance) -> Judge:
        return make_judge(dataset, source, split, address, advance, effort)

    def key() -> str:
        return cache.key(
            part="judge",
            format=judge.FORMAT,
            recipe=judge.recipe_of(dataset, split, effort),
            seed=address,
            **_of_data(dataset, source, split),
        )

    units = judge_steps(dataset, split, effort)
    return Part("judge", "the judge", make, judge.save, judge.load, "judge", units, key)


def beside_part(
    study: Study[Any],
    made: Part[Judge],
    dataset: Dataset,
    source: Dataset,
    split: Split,
    seed: int,
    answer: Callable[[NDArray[Any]], NDArray[np.int64]],
) -> Part[Judge]:
    """Return a run's judge with the cut that the model under test sets, as a part beside it.

    Parameters
    ----------
    study, made
        The run, and its judge as `judge_part` returns it.
    dataset, source, split, seed
        As that took them.
    answer
        The model: stored samples -> class indices.
    """

    def make(_: Advance) -> Judge:
        address = seeding.fold(seed, "judge")
        return judge_beside(study.get(made), dataset, source, split, address, answer)

    def load(place: Path) -> Judge:
        study.get(made)  # its files have digests of their own: checked, or made again
        return judge.load(place.parent)

    return Part("judge/beside.json", "its cut", make, judge.save_beside, load)


def _of_data(dataset: Dataset, source: Dataset, split: Split) -> dict[str, Any]:
    """Return what tells data and split from others, for a key of the cache; names do not count."""
    held, of = (runs.describe(rows) | {"name": ""} for rows in (dataset, source))
    return {
        "data": held,
        "source": of,
        "units": dataset.units.to_json(),
        "split": runs.rows_of(split),
        "threads": torch.get_num_threads(),
    }


def metrics_part(
    generator: Callable[[], Generator], dataset: Dataset, source: Dataset, split: Split, seed: int
) -> Part[dict[str, Any]]:
    """Return every metric of a generator, beside real rows in its place, as a part.

    Parameters
    ----------
    generator
        Makes or reads it.
    dataset, source, split
        See `judge_part`.
    seed
        Address of samples and of the choice of rows.
    """
    rows = len(split.train)
    units = own_steps(rows, dataset.label, dataset.units)
    units += 0 if isinstance(dataset.units, Rows) else metric_steps(rows)

    def make(advance: Advance) -> dict[str, Any]:
        return _measured(generator(), dataset, source, split, seed, advance)

    def key() -> str:
        return metrics_key(generator(), dataset, source, split, seed)

    stage = "generator metrics"
    return Part("metrics.json", "its metrics", make, save_json, load_json, stage, units, key)


def _measured(
    generator: Generator,
    dataset: Dataset,
    source: Dataset,
    split: Split,
    seed: int,
    advance: Advance,
) -> dict[str, Any]:
    real = dataset.pick(split.train)
    rest = unseen(source, split)
    test = source.pick(split.test)
    features = own_features(*real, dataset.units, len(dataset.classes), advance=advance)
    beside = Evaluation(features, real, rest, build(), seed=seed)
    figures = beside.evaluate(generator, FULL) | beside.reference(FULL) | beside.describe()
    if isinstance(dataset.units, Rows):
        return figures | row_metrics(generator, real, rest, test)
    return figures | generator_metrics(generator, real, rest, test, advance)


def metrics_key(
    generator: Generator, dataset: Dataset, source: Dataset, split: Split, seed: int
) -> str:
    """Return the key in the cache of a generator's metrics beside a split's rows.

    Parameters
    ----------
    generator, dataset, source, split, seed
        What is measured, and with which rows, see `stressing`.
    """
    about = _of_data(dataset, source, split)
    return cache.key(part="metrics", generator=runs.fingerprint(generator), seed=seed, **about)


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
