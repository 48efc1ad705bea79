"""The Python front door: fit a generator, load one, stress a model, replay, study reactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike
from torch import nn

from genenv import checks, data, networks, table_fitting
from genenv.calling import datasets, place, unmasked, valued
from genenv.fitting import Fitting, fitted
from genenv.generators import Generator
from genenv.isolation import isolated
from genenv.judge import Judge
from genenv.loading import load
from genenv.reacting import Reacting
from genenv.reactions.sources import rows_like
from genenv.regression import RegressStress
from genenv.replaying import Replayed, replay
from genenv.report import Report
from genenv.settings import FitConfig, ReactConfig, RegressConfig, StressConfig, calls
from genenv.stressing import Stressing
from genenv.table_fitting import TableSettings
from genenv.training.aim import Aim
from genenv.training.presets import configured

__all__ = ["Replayed", "fit", "load", "react", "replay", "stress"]


@isolated()
def fit(
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    target: str | None = None,
    objective: Aim = FitConfig.objective,
    network: networks.Kind = FitConfig.network,
    steps: int | None = FitConfig.steps,
    seed: int = FitConfig.seed,
    batch: int | None = FitConfig.batch,
    categorical: Sequence[int] = FitConfig.categorical,
    continuous: int = FitConfig.continuous,
    critic_norm: str = FitConfig.critic_norm,
    pack: int = FitConfig.pack,
    device: str = FitConfig.device,
    precision: str = FitConfig.precision,
    threads: int = FitConfig.threads,
    metrics: bool | Sequence[Any] = False,
    features: str | nn.Module = "own",
    out: str | Path | None = None,
    resume: bool = False,
) -> Generator:
    """Train a generator on arrays.

    What is not listed here is said by `genenv fit --help`, under the same names. Every other
    setting is the preset's; `training.train` takes a whole `training.TrainingConfig`.

    Parameters
    ----------
    x
        (n, features), (n, h, w) or (n, h, w, c), numbers as stored; or a DataFrame with `target`.
    y
        (n,) class names; None: unconditional. Beside categorical codes it serves the metrics alone,
        and the generator takes no label.
    target
        The column of a frame that is the label: a mixture or a network (`network` table) learns
        the table, and the generator's `frame(count, seed, where)` makes DataFrames. `network` auto
        is the better of both where `metrics` are asked for, else the mixture. Of the other settings
        `steps`, `seed`, `threads`, `out` and `resume` count. None: `x` is an array.
    objective
        A name in `objectives.OBJECTIVES`, or one of your own: an Objective, its class, or
        `functools.partial(MyObjective, weight=0.5)`. config.json records its import path, and what
        a partial binds, but not what an instance holds.
    network
        A name in `networks.NETWORKS`, auto, or a class with `generator` and `critic` of your own,
        see `networks.kinds`; `load` needs it again.
    metrics
        Hold out a stratified fifth of the rows, measure the generator by it, and write
        `out`/metrics.json. Needs `out`. A sequence: of your own beside genenv's, see
        `metrics.build`.
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
    x, y, target = unmasked(x, y, target)
    if target is not None:
        said = TableSettings(networks.name_of(network), seed, bool(metrics), steps, threads)
        return table_fitting.fit(x, target, said, out, resume)
    asked = calls.given(FitConfig, vars(FitConfig()) | locals())
    dataset = data.from_arrays(x, y)
    config = configured(objective, dataset.units, asked.given())
    if out is None:
        if metrics:
            raise checks.Mistake("out with metrics", "none", "give a folder, or leave out metrics")
        return fitted(dataset, config)
    own = () if isinstance(metrics, bool) else tuple(metrics)
    about = Path(out).expanduser(), None, bool(metrics), features
    return Fitting(dataset, config, *about, own_metrics=own).run(resume)


@isolated()
def stress(
    model: Any,
    generator: Any = None,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    held_out: Any = None,
    search: Sequence[Any] | None = StressConfig.search,
    budget: int = StressConfig.budget,
    seeds: Sequence[int] = StressConfig.seeds,
    out: str | Path | None = None,
    *,
    target: str | None = None,
    train_queries: int = StressConfig.train_queries,
    input: str = StressConfig.input,
    output: str = StressConfig.output,
    layout: str = StressConfig.layout,
    classes: Sequence[int | str] = StressConfig.classes,
    query_timeout: float = StressConfig.query_timeout,
    criterion: Any = StressConfig.criterion,
    mean: Sequence[float] = StressConfig.mean,
    std: Sequence[float] = StressConfig.std,
    preprocess: str = StressConfig.preprocess,
    anyway: bool = StressConfig.anyway,
    rules: Sequence[Any] = StressConfig.rules,
    objective: Aim = StressConfig.objective,
    steps: int | None = StressConfig.steps,
    seed: int = StressConfig.seed,
    threads: int = StressConfig.threads,
    judge: Judge | str | Path | None = None,
    no_cache: bool = False,
    starts_from: str | None = StressConfig.starts_from,
    start: str = StressConfig.start,
    encoder: Any = StressConfig.encoder,
    near: float = StressConfig.near,
    reference: Any = StressConfig.reference,
    rate: bool = StressConfig.rate,
    rate_budget: int = StressConfig.rate_budget,
    resume: bool = False,
) -> Report:
    """Search a model for failures on plausible inputs, and judge them.

    What is not listed here is said by `genenv stress --help`, under the same names.

    Parameters
    ----------
    model
        Whatever `downstream.wrap` takes; None: a small classifier is trained on the data.
    generator
        Trained on `x`; None: one is fitted. A table may stand in its place:
        `stress(model, frame, target="income")`.
    x, y
        The generator's training data and labels; of a table a DataFrame and None, or a masked
        array with labels. Without `held_out` they are split, and the report says which rows the
        judge may share with the model. Where y, or the target's column, holds values in the place
        of classes, the model is a regressor, see docs/regressors.md.
    held_out
        Rows (x, y) that neither model nor generator saw, of a table a DataFrame: they train and
        calibrate the judge.
    target, rules
        The column of the frame that is the label; functions from samples, of a table a DataFrame,
        to a mask of those that are possible.
    search
        Names in `agents.SEARCHES`, subclasses of `search.Search`, or callables (space, seed) ->
        Search; None: random and evolution, and policy where no model is given.
    out
        The run's folder; None: nothing is left on disk.
    input, layout, output, classes, mean, std, preprocess, anyway
        How the model is asked, see `downstream.wrap`, whose columns are `classes`, and
        `downstream.preprocessing`.
    query_timeout
        Seconds that a call of the model may take; 0: any time. A row that takes longer is an error.
    criterion, objective
        By name or as a function (output, label) -> severity, see `criteria.find`; of the generator
        that is fitted, see `fit`.
    judge
        One that was made elsewhere, as by `genenv.judge.fit`, or a folder that holds it: its gates
        and its cut stand as they are. None: one is made.
    no_cache
        Neither take judge and metrics from the cache of earlier runs nor keep them there; without
        `out` it is never used.
    reference
        A sibling of the model, as `model` is given, or "default". None: none.
    resume
        Go on with what `out` holds.

    Raises
    ------
    Mistake
        Anything that cannot be used, in one sentence.
    """
    config = calls.given(StressConfig, locals())
    if target is not None and x is None:
        generator, x = None, generator
    if (values := valued(x, y, target, held_out)) is not None:
        own, given = RegressConfig.of(config), (*values, model, generator)
        with place(out) as folder:
            return RegressStress(
                own, *given, folder, lasting=out is not None, judge=judge,
                no_cache=no_cache or out is None,
            ).run(resume)  # fmt: skip
    dataset, other = datasets(x, y, target, held_out)
    if starts_from is not None:
        generator = load(starts_from) if generator is None else generator
        judge = starts_from if judge is None else judge
    with place(out) as folder:
        run = Stressing(
            config, dataset, other, model, generator, folder,
            lasting=out is not None, judge=judge, no_cache=no_cache or out is None,
        )  # fmt: skip
        return run.run(resume)


@isolated()
def react(
    x: ArrayLike,
    y: ArrayLike | None = None,
    *,
    target: str | None = None,
    generator: Generator | None = None,
    held_out: Any = None,
    residuals: Generator | None = None,
    learners: Sequence[str] = ReactConfig.learners,
    noises: Sequence[str] = ReactConfig.noises,
    samples: int = ReactConfig.samples,
    sizes: Sequence[int] = ReactConfig.sizes,
    seeds: Sequence[int] = ReactConfig.seeds,
    objective: Aim = ReactConfig.objective,
    steps: int | None = ReactConfig.steps,
    seed: int = ReactConfig.seed,
    threads: int = ReactConfig.threads,
    only: Sequence[str] = ReactConfig.only,
    generations: int | None = ReactConfig.generations,
    arms: Sequence[str] = ReactConfig.arms,
    peers: Sequence[str] = ReactConfig.peers,
    generated: Any = None,
    judge: Judge | str | Path | None = None,
    no_cache: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Study how learners react to noise, and whether generated rows help them.

    What is not listed here is said by `genenv react --help`, under the same names.

    Parameters
    ----------
    x, y
        What learners and generator are trained on, and labels; of a table a DataFrame and None.
        Without `held_out` they are split.
    target
        The column of the frame that is the label.
    generator
        Conditional, trained on `x`; None: one is fitted.
    held_out
        Rows that neither saw, for the judge and for every figure.
    residuals
        Trained on what real rows differ by, in the units of `x`: it is met as the noises
        sample:learned and real:learned. None: they are left out.
    learners, noises, samples, sizes, seeds, only, generations, arms, peers
        What meets what, see `learners.LEARNERS` and `reactions.noises.names`; and what is asked.
    objective, steps, seed, threads
        Of the generator that is fitted; of the split and judge.
    generated
        Rows whose help is asked for: samples and labels, of a table also a DataFrame with the
        target among its columns; or a function of a count that returns such. None: those of the
        generator.
    judge, no_cache, out, resume
        See `stress`.

    Returns
    -------
    The content of react.json. `helps` has a row a learner, number of real rows, and way (add,
    replace): verdict (helps, hurts, no evidence), gain, low, high and p, see `evidence.judged`.

    Raises
    ------
    Mistake
        Anything that cannot be used, in one sentence.
    """
    config = calls.given(ReactConfig, locals())
    dataset, other = datasets(x, y, target, held_out)
    dataset = replace(dataset, held_out=other)
    rows = generated
    if generated is not None and not callable(generated):
        rows = rows_like(generated, dataset, "generated rows")
    with place(out) as folder:
        study = Reacting(
            config, dataset, generator, folder, residuals=residuals,
            lasting=out is not None, judge=judge, no_cache=no_cache or out is None, generated=rows,
        )  # fmt: skip
        return study.run(resume)
