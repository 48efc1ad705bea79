"""The Python front door: fit a generator, load one, stress a model, replay, study reactions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn

from genenv import checks, data, failures, networks, runs, tables, unanswered
from genenv.downstream import Downstream
from genenv.fitting import Fitting
from genenv.generators import Generator
from genenv.judge import Judge
from genenv.reacting import ReactConfig, Reacting
from genenv.report import Report
from genenv.stages import Stages
from genenv.stressing import StressConfig, Stressing
from genenv.training import shrinking, shrunk, stated, train
from genenv.training.aim import Aim
from genenv.training.presets import configured

__all__ = ["fit", "load", "react", "replay", "stress"]


def load(run: str | Path, network: networks.Kind | None = None) -> Generator:
    """Load the generator of a run; executes nothing that the folder holds.

    Parameters
    ----------
    run
        A folder that `fit` or `stress` left.
    network
        The class of its network, where that is one of your own.

    Raises
    ------
    Mistake
        It holds no generator, or a damaged one.
    """
    folder = Path(run) / "generator"
    if not folder.is_dir():
        raise checks.Mistake(
            "a run that holds a generator", f"none in {run}", "give a folder that `fit` left"
        )
    if tables.holds_table(run):
        raise checks.Mistake(
            "a generator of arrays", f"one of a table's rows in {run}", "use genenv.tables.load"
        )
    return networks.load(folder, network)


def fit(
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    objective: Aim = "relativistic",
    network: networks.Kind = "auto",
    steps: int | None = None,
    seed: int = 0,
    batch: int | None = None,
    categorical: Sequence[int] = (),
    continuous: int = 0,
    critic_norm: str = "auto",
    pack: int = 1,
    device: str = "auto",
    precision: str = "32",
    threads: int = 0,
    metrics: bool = False,
    features: str | nn.Module = "own",
    out: str | Path | None = None,
    resume: bool = False,
) -> Generator:
    """Train a generator on arrays.

    Every other setting is the preset's; `training.train` takes a whole `training.TrainingConfig`.

    Parameters
    ----------
    x
        (n, features), (n, h, w) or (n, h, w, c), numbers as stored.
    y
        (n,) class names; None: unconditional.
    objective
        A name in `objectives.OBJECTIVES`, or one of your own: an Objective, its class, or
        `functools.partial(MyObjective, weight=0.5)`. config.json records its import path, and what
        a partial binds, but not what an instance holds.
    network
        A name in `networks.NETWORKS`, auto (by the data), or a class with `generator` and `critic`
        of your own, see `networks.kinds`; `load` needs it again.
    steps, batch
        Generator updates and rows a step; None: the preset's.
    seed
        Address of everything random.
    categorical, continuous
        Classes of each categorical code, learned in the place of labels: then `y` serves the
        metrics alone, and the generator takes no label. Number of continuous codes, learned beside
        labels or without them: what a label leaves open, such as style.
    critic_norm, pack
        How the critic is normalised, and how many samples it judges together.
    device, precision, threads
        Where and how, see `training.TrainingConfig`.
    metrics
        Hold out a stratified fifth of the rows, measure the generator by it, and write
        `out`/metrics.json. Needs `out`.
    features
        Where samples are compared, see `fitting.Fitting`.
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
    changes = {
        "network": network,
        "seed": seed,
        "categorical": tuple(categorical),
        "continuous": continuous,
        "critic_norm": critic_norm,
        "pack": pack,
        "device": device,
        "precision": precision,
        "threads": threads,
    }
    given = {
        name: value for name, value in {"steps": steps, "batch": batch}.items() if value is not None
    }
    config = configured(objective, dataset.units, changes | given)
    if out is not None:
        return Fitting(dataset, config, Path(out), Stages(), metrics, features).run(resume)
    if metrics:
        raise checks.Mistake("out with metrics", "none", "give a folder, or leave out metrics")
    learned = dataset.without_labels() if config.unlabelled else dataset
    fitting = shrunk(config, dataset.units, len(dataset))
    generator = train(learned, fitting)
    generator.notes = (*generator.notes, *shrinking(config, fitting), *stated(config))
    return generator


def stress(
    model: Any,
    generator: Generator | None,
    x: ArrayLike,
    y: ArrayLike,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    search: Sequence[Any] = ("random", "evolution"),
    budget: int = 20_000,
    seeds: Sequence[int] = (0,),
    out: str | Path | None = None,
    *,
    train_queries: int = 100_000,
    input: str = "auto",
    output: str = "auto",
    layout: str = "auto",
    classes: Sequence[int | str] = (),
    criterion: Any = "misclassified",
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    preprocess: str = "",
    anyway: bool = False,
    objective: Aim = "relativistic",
    steps: int | None = None,
    seed: int = 0,
    threads: int = 0,
    judge: Judge | str | Path | None = None,
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
        Names in `agents.SEARCHES`, subclasses of `search.Search`, or callables (space, seed) ->
        Search such as `functools.partial(MySearch, sigma=0.5)`.
    budget, seeds, train_queries
        Queries a search and seed; seeds of the searches; training queries of `policy`.
    out
        The run's folder; None: nothing is left on disk.
    input, layout, output, classes
        What the model is handed and what it returns, see `downstream.wrap`, whose columns are
        `classes`.
    criterion
        When it has failed, by name or as a function (output, label) -> severity, see
        `criteria.find`.
    mean, std, preprocess
        What is done to that before, see `downstream.preprocessing`.
    anyway
        Search a model that is often wrong on real rows, too.
    objective, steps
        Of the generator that is fitted where none is given; None: the preset's steps.
    seed
        Address of the split, generator, judge and default model.
    threads
        CPU threads; 0: by rule.
    judge
        One that was made elsewhere, as by `genenv.judge.fit`, or a folder that holds it: its gates
        and its cut stand as they are. None: one is made.
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
        layout=layout,
        classes=tuple(classes),
        criterion=criterion,
        mean=tuple(mean),
        std=tuple(std),
        preprocess=preprocess,
        anyway=anyway,
        objective=objective,
        steps=steps,
        seed=seed,
        threads=threads,
    )
    dataset = data.from_arrays(x, y)
    other = None if held_out is None else data.from_arrays(*held_out, name="held-out arrays")
    folder = Path(tempfile.mkdtemp(prefix="genenv-")) if out is None else Path(out)
    try:
        run = Stressing(
            config, dataset, other, model, generator, folder, lasting=out is not None, judge=judge
        )
        return run.run(resume)
    finally:
        if out is None:
            shutil.rmtree(folder)


def react(
    x: ArrayLike,
    y: ArrayLike,
    *,
    generator: Generator | None = None,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    residuals: Generator | None = None,
    learners: Sequence[str] = (),
    noises: Sequence[str] = (),
    samples: int = 500,
    sizes: Sequence[int] = (),
    seeds: Sequence[int] = (0,),
    objective: Aim = "relativistic",
    steps: int | None = None,
    seed: int = 0,
    threads: int = 0,
    judge: Judge | str | Path | None = None,
    out: str | Path | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Study how learners react to noise and to generated data.

    Parameters
    ----------
    x, y
        What learners and generator are trained on, and labels. Without `held_out` they are split.
    generator
        Conditional, trained on `x`; None: one is fitted.
    held_out
        Rows that neither saw, for the judge and for every figure.
    residuals
        Trained on what real rows differ by, in the units of `x`: it is met as the noises
        sample:learned and real:learned. None: they are left out.
    learners
        Names in `learners.LEARNERS`, or module:factory; none: the quick ones.
    noises
        SOURCE:KIND, see `reactions.noises.names`; none: all.
    samples
        Generated samples a noise and strength.
    sizes
        Real rows of a training set; none: all, at most 10,000, and a quarter of them.
    seeds
        Of learners and samples.
    objective, steps, seed, threads
        Of the generator that is fitted; of the split and judge; see `stress`.
    judge
        One that was made elsewhere, or its folder, see `stress`; None: one is made.
    out
        The run's folder; None: nothing is left on disk.
    resume
        Go on with what `out` holds.

    Returns
    -------
    The content of react.json.

    Raises
    ------
    Mistake
        Anything that cannot be used, in one sentence.
    """
    config = ReactConfig(
        learners=tuple(learners),
        noises=tuple(noises),
        samples=samples,
        sizes=tuple(sizes),
        seeds=tuple(seeds),
        seed=seed,
        objective=objective,
        steps=steps,
        threads=threads,
    )
    dataset = data.from_arrays(x, y)
    if held_out is not None:
        dataset = replace(dataset, held_out=data.from_arrays(*held_out, name="held-out arrays"))
    folder = Path(tempfile.mkdtemp(prefix="genenv-")) if out is None else Path(out)
    try:
        study = Reacting(
            config,
            dataset,
            generator,
            folder,
            residuals=residuals,
            lasting=out is not None,
            judge=judge,
        )
        return study.run(resume)
    finally:
        if out is None:
            shutil.rmtree(folder)


@dataclass(frozen=True)
class Replayed:
    """Stored failures and errors, asked again."""

    rows: int
    failing: NDArray[np.bool_]  # (rows,): the model still fails
    same: NDArray[np.bool_]  # (rows,): it fails with the recorded probabilities
    label: NDArray[np.int64]  # (rows,), the condition
    told: tuple[str, ...]  # what is unlike the record
    error: NDArray[np.bool_]  # (rows,): the model gives no usable answer to a failure
    silent: NDArray[np.bool_]  # (errors,): it gives none either to what it did not answer before

    def unexpected(self, expect: str) -> NDArray[np.int64]:
        """Return rows that are not as expected: `fail`, as recorded, or `pass`, mended."""
        checks.choice("expect", expect, ["fail", "pass"])
        wrong = self.failing | self.error
        return np.flatnonzero(wrong if expect == "pass" else ~self.failing)

    def unexpected_errors(self, expect: str) -> NDArray[np.int64]:
        """Return rows of RUN/errors that are not as expected: `fail`, none yet, or `pass`."""
        checks.choice("expect", expect, ["fail", "pass"])
        return np.flatnonzero(self.silent if expect == "pass" else ~self.silent)


def replay(
    run: str | Path, model: Any = None, trust: bool = False, criterion: Any = None
) -> Replayed:
    """Ask a model about the stored failures and errors of a run, from the raw arrays.

    Parameters
    ----------
    run
        A folder that `stress` left.
    model
        Whatever `downstream.wrap` takes, or an import path, for example of a mended model; None:
        the recorded one.
    trust
        Import the model from the path that the run records, which runs the code that it names.
    criterion
        When the model fails, see `criteria.find`; None: as the run records.

    Raises
    ------
    Mistake
        The folder holds no failures, or the recorded model cannot be found or is not trusted.
    """
    folder = Path(run)
    if not (folder / "failures").is_dir():
        raise checks.Mistake("a folder that `stress` left", f"{folder}", "check the path")
    record = failures.load(folder / "failures")
    wrapped: Downstream = runs.load_model(folder, model, trust)
    errors = unanswered.load(folder / "errors")
    nothing = np.zeros(0, np.bool_)
    silent = nothing if errors is None else failures.ask(wrapped, errors.x).error.numpy()
    if record is None:
        return Replayed(0, nothing, nothing, np.zeros(0, np.int64), (), nothing, silent)
    judged_by = runs.load_criterion(folder, criterion, trust)
    answer = failures.replay(wrapped, record, judged_by)
    as_recorded = model is None or runs.is_recorded(folder, model)
    told = runs.compare_outputs(folder / "model", wrapped) if as_recorded else ()
    return Replayed(
        len(record), answer.failing, answer.same, record.label, told, answer.error, silent
    )
