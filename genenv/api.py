"""The Python front door: fit a generator, load one, stress a model, replay its failures."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genenv import checks, data, failures, networks, runs
from genenv.data import Dataset
from genenv.downstream import Downstream
from genenv.metrics import generator_metrics, metric_steps
from genenv.networks import Generator
from genenv.report import Report
from genenv.stages import Stages
from genenv.stressing import StressConfig, Stressing
from genenv.tracking import Tracker
from genenv.training import TrainingConfig, preset, train
from genenv.training.config import kind_of
from genenv.training.machine import pick_device, pick_threads, settled

__all__ = ["fit", "load", "replay", "stress"]


def load(run: str | Path) -> Generator:
    """Load the generator of a run; executes nothing that the folder holds.

    Parameters
    ----------
    run
        A folder that `fit` or `stress` left.
    """
    return networks.load(Path(run) / "generator")


def training_config(dataset: Dataset, objective: str, **changes: Any) -> TrainingConfig:
    """Return the preset of an objective on these data, with what the user changed.

    Parameters
    ----------
    dataset, objective
        What is learned, and how.
    **changes
        Fields of TrainingConfig; None keeps the preset's.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(preset(objective, dataset.units), **given)


def fit(
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    objective: str = "relativistic",
    network: str = "auto",
    steps: int | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: str = "32",
    threads: int = 0,
    metrics: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
) -> Generator:
    """Train a generator on arrays.

    Parameters
    ----------
    x
        (n, features), (n, h, w) or (n, h, w, c), numbers as stored.
    y
        (n,) class names; None: unconditional.
    objective, network
        Names in `objectives.OBJECTIVES` and `networks.NETWORKS`; auto: by the data.
    steps
        Generator updates; None: the preset's.
    seed
        Address of everything random.
    device, precision, threads
        Where and how, see `training.TrainingConfig`.
    metrics
        Hold out a stratified fifth of the rows, measure GAN-train accuracy and agreement with it,
        and write them to `out`/metrics.json. Needs `y` and `out`.
    out
        The run's folder: config, checkpoints, TensorBoard events, generator. None: none.
    resume
        Go on from the newest whole checkpoint in `out`.

    Raises
    ------
    Mistake
        Data or settings that cannot be used, or a folder that holds another run.
    """
    dataset = data.from_arrays(x, y)
    config = training_config(
        dataset,
        objective,
        network=network,
        steps=steps,
        seed=seed,
        device=device,
        precision=precision,
        threads=threads,
    )
    if metrics and (y is None or out is None):
        raise checks.Mistake("y and out with metrics", "none", "give both, or leave out metrics")
    folder = None if out is None else Path(out)
    return fit_dataset(dataset, config, folder, Stages(), resume, metrics)


def fit_dataset(
    dataset: Dataset,
    config: TrainingConfig,
    folder: Path | None,
    stages: Stages,
    resume: bool = False,
    metrics: bool = False,
) -> Generator:
    """Train a generator on a data set and leave a run in `folder`; None: no folder, no metrics.

    With `metrics`, rows of conditional data are held out as `data.hold_out` does it.
    """
    label, classes = (None, ()) if dataset.unconditional else (dataset.label, dataset.classes)
    if folder is None:
        with stages.stage("generator") as advance:
            return train(dataset.x, label, dataset.units, classes, config, advance=advance)
    rows = np.arange(len(dataset))
    if metrics and label is not None:
        rows, test = data.hold_out(dataset, config.seed)
    pick_device(config.device)  # a mistake must not leave a folder
    whole = len(rows) == len(dataset)
    settings = {
        "training": runs.settings(config),
        "data": runs.describe(dataset),
        "train": None if whole else rows.tolist(),
    }
    runs.begin(folder, "fit", settings, resume)
    measured = metrics and label is not None
    steps = {"generator metrics": metric_steps(len(rows))} if measured else {}
    stages.plan({"generator": config.steps} | steps)
    with Tracker(folder) as tracker:
        with stages.stage("generator") as advance:
            generator = train(
                dataset.x[rows],
                None if label is None else label[rows],
                dataset.units,
                classes,
                config,
                folder=folder / "checkpoints",
                tracker=tracker,
                advance=advance,
                resume=resume,
            )
        runs.whole(folder / "generator", generator.save)
        runs.write_pictures(folder / "samples.png", generator)
        if measured:
            with stages.stage("generator metrics") as advance, settled(_threads(generator, config)):
                figures = generator_metrics(generator, dataset.pick(rows), test, test, advance)
            runs.write_json(folder / "metrics.json", figures)
            tracker.scalars({f"metrics/{k}": v for k, v in figures.items()}, config.steps)
    if not whole:
        told = f"{len(dataset) - len(rows):,} of {len(dataset):,} rows were held out for metrics."
        generator.notes = (*generator.notes, told)
    return generator


def _threads(generator: Generator, config: TrainingConfig) -> int:
    parameters = sum(p.numel() for p in generator.parameters())
    return pick_threads(config.threads, parameters, kind_of(generator.units) == "image")


def stress(
    model: Any,
    generator: Generator | None,
    x: ArrayLike,
    y: ArrayLike,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    search: Sequence[str] = ("random", "evolution"),
    budget: int = 20_000,
    seeds: Sequence[int] = (0,),
    out: str | Path | None = None,
    *,
    train_queries: int = 100_000,
    input: str = "auto",
    output: str = "auto",
    objective: str = "relativistic",
    steps: int | None = None,
    seed: int = 0,
    threads: int = 0,
    resume: bool = False,
) -> Report:
    """Search a model for failures on plausible inputs, and judge them.

    Parameters
    ----------
    model
        Whatever `downstream.wrap` takes; None: a small classifier is trained on the data.
    generator
        Trained on `x`; None: one is fitted.
    x, y
        The generator's training data and labels. Without `held_out` they are split, and the
        report says which rows the judge may share with the model.
    held_out
        Rows that neither model nor generator saw: they train and calibrate the judge.
    search
        Names in `agents.SEARCHES`.
    budget, seeds, train_queries
        Queries a search and seed; seeds of the searches; training queries of `policy`.
    out
        The run's folder; None: nothing is left on disk.
    input, output
        What the model is handed and what it returns, see `downstream.wrap`.
    objective, steps
        Of the generator that is fitted where none is given; None: the preset's steps.
    seed
        Address of the split, generator, judge and default model.
    threads
        CPU threads; 0: by rule.
    resume
        Go on with what `out` holds.

    Raises
    ------
    Mistake
        Anything that cannot be used, in one sentence.
    """
    config = StressConfig(
        search=tuple(search),
        budget=budget,
        seeds=tuple(seeds),
        train_queries=train_queries,
        input=input,
        output=output,
        objective=objective,
        steps=steps,
        seed=seed,
        threads=threads,
    )
    dataset = data.from_arrays(x, y)
    other = None if held_out is None else data.from_arrays(*held_out, name="held-out arrays")
    folder = Path(tempfile.mkdtemp(prefix="genenv-")) if out is None else Path(out)
    try:
        run = Stressing(config, dataset, other, model, generator, folder, kept=out is not None)
        return run.run(resume)
    finally:
        if out is None:
            shutil.rmtree(folder)


@dataclass(frozen=True)
class Replayed:
    """Stored failures, asked again."""

    rows: int
    failing: NDArray[np.bool_]  # (rows,): the model still fails
    same: NDArray[np.bool_]  # (rows,): it fails with the recorded probabilities
    label: NDArray[np.int64]  # (rows,), the condition
    told: tuple[str, ...]  # what is unlike the record

    def unexpected(self, expect: str) -> NDArray[np.int64]:
        """Return rows that are not as expected: `fail`, as recorded, or `pass`, mended."""
        checks.choice("expect", expect, ["fail", "pass"])
        return np.flatnonzero(self.failing if expect == "pass" else ~self.failing)


def replay(run: str | Path, model: Any = None) -> Replayed:
    """Ask a model about the stored failures of a run, from the raw arrays.

    Parameters
    ----------
    run
        A folder that `stress` left.
    model
        Whatever `downstream.wrap` takes, for example a mended model; None: the recorded one.

    Raises
    ------
    Mistake
        The folder holds no failures, or the recorded model cannot be found.
    """
    folder = Path(run)
    if not (folder / "failures").is_dir():
        raise checks.Mistake("a folder that `stress` left", f"{folder}", "check the path")
    record = failures.load(folder / "failures")
    wrapped: Downstream = runs.load_model(folder, model)
    if record is None:
        nothing = np.zeros(0, np.bool_)
        return Replayed(0, nothing, nothing, np.zeros(0, np.int64), ())
    answer = failures.replay(wrapped, record)
    told = runs.compare_outputs(folder / "model", wrapped) if model is None else ()
    return Replayed(len(record), answer.failing, answer.same, record.label, told)
