"""The main job as a study: generator, model, judge, players, audit, replay, report."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import (
    checks,
    criteria,
    downstream,
    failures,
    prepared,
    rerating,
    runs,
    seeding,
    stress_log,
    stress_report,
)
from genenv.agents.policy import Player, check_training, train_player
from genenv.agents.presets import LATENT_PROBE
from genenv.agents.searches import entrants
from genenv.boosted import Boosted, fit_boosted
from genenv.campaign import Campaign, Log
from genenv.classifier import Classifier, fit_classifier, steps_to_fit
from genenv.codecs import Rows
from genenv.data import Dataset, Split, near, split
from genenv.downstream import Downstream, handing
from genenv.generators import Generator, adopt
from genenv.given_judge import MADE, given_judge
from genenv.judge import Judge
from genenv.ledger import Ledger
from genenv.metrics import (
    FULL,
    Evaluation,
    build,
    curves,
    generator_metrics,
    metric_steps,
    own_features,
    own_steps,
)
from genenv.monitoring import hparams
from genenv.parts import Advance, Part, load_json, save_json
from genenv.probe import Probe
from genenv.report import Report
from genenv.search import Space
from genenv.searched import Searched
from genenv.settings import StressConfig
from genenv.stages import Stages
from genenv.starting import starts_of
from genenv.study import Study
from genenv.training import TrainingConfig
from genenv.training.machine import pick_threads, settled

USUAL = "random", "evolution"  # searches; and policy where no model is given
OF_GENERATOR = ("objective", "network", "steps", "lr", "penalty")  # columns of the HParams table


class Stressing(Study[Report]):
    """One stress run in a folder.

    Parameters
    ----------
    config
        Settings.
    dataset
        What the generator learns, labelled.
    held_out
        Rows for the judge; None: `dataset` is split.
    model
        Whatever `downstream.wrap` takes; None: a small classifier is trained.
    generator
        Trained on the data; None: one is fitted.
    folder, stages, line, lasting, no_cache
        See `Study`.
    model_path
        The model's import path; None: an object of the caller's.
    generator_run
        The run that `generator` was loaded from, which may know the rows it was trained on.
    judge
        One that was made elsewhere, or a folder that holds it; None: one is made.
    """

    command = "stress"

    def __init__(
        self,
        config: StressConfig,
        dataset: Dataset,
        held_out: Dataset | None,
        model: Any,
        generator: Generator | None,
        folder: Path,
        stages: Stages | None = None,
        line: str = "",
        model_path: str | None = None,
        generator_run: Path | None = None,
        lasting: bool = True,
        judge: Judge | str | Path | None = None,
        no_cache: bool = False,
    ) -> None:
        super().__init__(folder, stages, line, lasting, no_cache)
        if dataset.label is None:
            raise checks.Mistake(
                "labels of two classes or more",
                f"none in {dataset.name}",
                "give y, or class folders",
            )
        if generator is not None:
            generator = adopt(generator)
            prepared.check_fits(generator, dataset)
            dataset = replace(dataset, units=generator.units)  # one map to [-1, 1] for all
        searches = config.search or (USUAL if model is not None else (*USUAL, "policy"))
        if config.starts_from is not None and "stored" not in searches:
            searches = (*searches, "stored")
        self.config, self.dataset = replace(config, search=searches), dataset
        self.entrants = entrants(searches)
        self.criterion = criteria.find(config.criterion, dataset.classes)
        if self._trained_players:
            check_training(LATENT_PROBE, config.train_queries)
        self.starts = self._starts(generator)
        self.source = dataset if held_out is None else held_out
        self.split: Split = split(dataset, config.seed, held_out)
        self.model_path, self.generator_run = model_path, generator_run
        self.given_model = model
        self.given_generator = None if generator is None else generator.settled()
        self.told += dataset.notes
        self.told += near.told(dataset.x, None if held_out is None else held_out.x)
        if model is not None:
            self.model = self._wrap_given()
        self.training: TrainingConfig = prepared.training(
            config.objective, config.steps, config.seed, config.threads,
            dataset, len(self.split.train),
        )  # fmt: skip
        self.generator = prepared.generator_part(
            self, dataset, self.split.train, self.training, generator
        )
        self.given_judge = given_judge(judge)
        rows = dataset, self.source, self.split
        self._oracles: list[Part[Judge]] = []  # of a judge that is made: what needs no model
        if self.given_judge is None:
            made = prepared.judge_part(*rows, config.seed)
            self._oracles = [made]
            self.judge = prepared.beside_part(self, made, *rows, config.seed, self._answers)
        else:
            self.judge = self.given_judge.part(self, *rows, self._answers)

    def announced(self) -> str:
        """Say how many queries the run takes."""
        config, searches = self.config, len(self.entrants)
        total = searches * len(config.seeds) * config.budget
        training = f", and {config.train_queries:,} to train policy"
        return (
            f"{total:,} queries: {searches} searches x {len(config.seeds)} seeds x "
            f"{config.budget:,}" + (training if self._trained_players else "")
        )

    def _starts(self, generator: Generator | None) -> tuple[Tensor, Tensor] | None:
        """Read the failures to start from, before anything is trained."""
        run = self.config.starts_from
        if run is not None:
            if generator is None:
                raise checks.Mistake(f"the generator of {run}", "none", f"give --generator {run}")
            return starts_of(Path(run), generator)
        if any(entrant.needs_failures for entrant in self.entrants):
            raise checks.Mistake(
                "a run to start from with the search 'stored'", "none", "give --starts-from RUN"
            )
        return None

    def _wrap_given(self) -> Downstream:
        """Wrap the user's model and ask it once, before anything is trained."""
        config, units = self.config, self.dataset.units
        before = downstream.preprocessing(**self._before())
        wrapped = downstream.wrap(
            self.given_model, units, self.dataset.classes, config.input, config.output, before,
            config.layout, config.classes,
        )  # fmt: skip
        x, label = self.source.pick(self.split.test)
        if config.input == "auto":
            wrapped = handing.settled(wrapped, x, label)
        wrapped.check(x[: runs.CHECK_ROWS])
        self.handed = handing.look(wrapped, x, label, tries=not config.anyway)
        handing.require(self.handed, config.anyway)
        for entrant in self.entrants:
            if entrant.wants_gradient and not wrapped.differentiable:
                raise checks.Mistake(
                    f"a torch model for the search {entrant.name!r}", wrapped.kind_name,
                    "leave this search out",
                )  # fmt: skip
        return wrapped

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        given = self.given_generator
        return {
            "stress": runs.settings(
                replace(self.config, criterion=criteria.spelled(self.criterion))
            ),
            "data": runs.describe(self.dataset),
            "held_out": runs.describe(self.source) if self.source is not self.dataset else None,
            "model": self.model_path or ("given" if self.given_model is not None else "default"),
            "generator": "fitted" if given is None else runs.fingerprint(given),
            "judge": MADE if self.given_judge is None else self.given_judge.digest,
            "training": runs.settings(self.training),
            "split": runs.rows_of(self.split),
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        trained = [self._trained_model] if self.given_model is None else []
        player = [self._player] if self._trained_players else []
        rated = [self._rate] if self.config.rate else []
        judge = *self._oracles, self.judge
        return [self.generator, self.metrics, *trained, *judge, *player, *rated]

    def totals(self) -> dict[str, int]:
        """See `Study.totals`."""
        queries = self.config.budget * len(self.config.seeds)
        names = [entrant.name for entrant in self.entrants]
        totals = super().totals()
        last = {name: totals.pop(name) for name in ("rate",) if name in totals}
        return totals | dict.fromkeys(names, queries) | last | {"report": 1}

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        return {"checkpoints": "checkpoints"} | super().words() | {"findings": "queries"}

    def work(self) -> Report:
        """Search, and report."""
        with settled(self._threads()):
            stress_log.begin(self.tracker, self._described(), self.entrants)
            self.prepare()
            logs = self._search()
            self._seen = rerating.seen([log.tally() for log in logs])
            if self.config.rate:
                self.get(self._rate)
            with self.stages.stage("report"):
                report = self._report(logs)
            report.data["timings"] = dict(self.stages.seconds)
            report.save(self.folder)
        return report

    def prepare(self) -> Probe:
        """Make or read whatever the searches need; returns what they ask."""
        generator = self.get(self.generator)
        torch.set_num_threads(self._threads(generator, self.given_model))
        known = self.shelf.holds(self.metrics.path)
        metrics = self.get(self.metrics)
        if not known:
            self.tracker.scalars(curves(metrics), self.training.steps)
        if self.given_model is None:
            self.model = runs.wrap_trained(self.get(self._trained_model), self.dataset.classes)
        asked = {n: getattr(self.config, n) for n in ("input", "output", "layout", "classes")}
        x, label = self.source.pick(self.split.test)
        runs.record_model(self.folder, self.model, self.model_path, asked, self._before(), x, label)
        if self.given_model is not None:
            handing.require(self.handed, self.config.anyway, self._audit_accuracy)
        return self._probe

    @property
    def _audit_accuracy(self) -> float:
        """Of the untouched rows that the model is asked about too."""
        share: float = self.get(self.judge).quality["accuracy"]["share"]
        return share

    def _against(self) -> str:
        """Say what stands against the model as it is asked; "" for nothing."""
        given = self.given_model is not None
        return handing.against(self.handed, self._audit_accuracy) if given else ""

    def _before(self) -> dict[str, Any]:
        """Return what the user said lies before the model."""
        return {name: getattr(self.config, name) for name in ("mean", "std", "preprocess")}

    @cached_property
    def _probe(self) -> Probe:
        guide = self.get(self.judge).guide
        return Probe(self.get(self.generator), self.model, guide, self.criterion)

    @cached_property
    def metrics(self) -> Part[dict[str, Any]]:
        """Every metric of the generator, beside real rows in its place."""
        rows = len(self.split.train)
        units = metric_steps(rows) + own_steps(rows, self.dataset.label, self.dataset.units)
        stage = "generator metrics"
        measure = self._measure
        return Part(
            "metrics.json", "its metrics", measure, save_json, load_json, stage, units, self._key
        )

    def _key(self) -> str:
        """Return the name of the metrics in the cache."""
        generator, seed = self.get(self.generator), self.config.seed
        return prepared.metrics_key(generator, self.dataset, self.source, self.split, seed)

    @cached_property
    def _trained_model(self) -> Part[Classifier | Boosted]:
        steps = 0 if isinstance(self.dataset.units, Rows) else steps_to_fit(len(self.split.train))
        return Part(
            f"model/{runs.MODEL}",
            "the model",
            self._train_model,
            lambda model, place: model.save(place),
            lambda place: runs.load_trained(place, self.dataset.units),
            "model",
            steps,
        )

    @cached_property
    def _player(self) -> Part[Player]:
        return Part(
            "agents/policy",
            "the trained player",
            self._train_player,
            Player.save,
            Player.load,
            "policy training",
            self.config.train_queries,
        )

    @cached_property
    def _rate(self) -> Part[dict[str, Any]]:
        """How often the model fails, beyond what the control counted."""
        budget, make = self.config.rate_budget, self._make_rate
        return Part(rerating.NAME, "the rates", make, save_json, load_json, "rate", budget)

    def _make_rate(self, advance: Advance) -> dict[str, Any]:
        seed = seeding.fold(self.config.seed, "rate")
        judge, budget = self.get(self.judge), self.config.rate_budget
        return rerating.rate(self._probe, judge, self._seen, budget, seed, advance)

    def _described(self) -> dict[str, Any]:
        """Return the columns of the run's row in the HParams table."""
        fitted = self.given_generator is None
        training = hparams.settings(self.training, self.dataset.units) if fitted else {}
        own = "budget", "seed", "seeds", "train_queries", "input", "output"
        return {
            "data": self.dataset.name,
            "model": self._model_name,
            **{name: getattr(self.config, name) for name in own},
            "search": [entrant.name for entrant in self.entrants],
            "generator": {k: v for k, v in training.items() if k in OF_GENERATOR},
        }

    def _threads(self, *networks: Any) -> int:
        parameters = sum(
            p.numel() for m in networks if isinstance(m, torch.nn.Module) for p in m.parameters()
        )
        images = self.dataset.units.family == "image"
        return pick_threads(self.config.threads, parameters, images)

    def _measure(self, advance: Advance) -> dict[str, Any]:
        """Measure the generator by all metrics, beside real rows in its place."""
        parts = self.split
        rows = np.concatenate([parts.guide, parts.audit, parts.calibration, parts.test])
        real, unseen = self.dataset.pick(parts.train), self.source.pick(rows)
        test = self.source.pick(parts.test)
        generator = self.get(self.generator)
        units, outputs = self.dataset.units, len(self.dataset.classes)
        features = own_features(*real, units, outputs, advance=advance)
        judge = Evaluation(features, real, unseen, build(), seed=self.config.seed)
        metrics = judge.evaluate(generator, FULL) | judge.reference(FULL) | judge.describe()
        return metrics | generator_metrics(generator, real, unseen, test, advance)

    def _train_model(self, advance: Advance) -> Classifier | Boosted:
        units, outputs = self.dataset.units, len(self.dataset.classes)
        kind = units.classifiers[0]
        x, label = self.dataset.pick(self.split.train)
        seed = seeding.fold(self.config.seed, "model")
        if isinstance(units, Rows):
            return fit_boosted(units, x, label, outputs, seed)
        return fit_classifier(kind, x, label, units, outputs, seed, advance)

    def _answers(self, x: NDArray[Any]) -> NDArray[np.int64]:
        """Ask the model for classes: stored samples (n, *units.shape) -> (n,), -1: no answer."""
        return failures.ask(self.model, x).guess.numpy()

    def _train_player(self, advance: Advance) -> Player:
        queries, seed, log = self.config.train_queries, self.config.seed, self.tracker.scalars
        return train_player(self._probe, LATENT_PROBE, queries, seed, log=log, advance=advance)

    def _search(self) -> list[Log]:
        config, probe = self.config, self._probe
        judge = self.get(self.judge)
        space = Space(probe.generator.noise, len(self.dataset.classes), probe.generator)
        players = list(self.entrants)
        for i, entrant in enumerate(players):
            if entrant.needs_player:
                players[i] = entrant.given(self.get(self._player))
            if entrant.needs_failures and self.starts is not None:
                players[i] = entrant.started(self.starts)
        ledger, logs = Ledger(self.folder), []
        for entrant in players:
            name = entrant.name
            with self.stages.stage(name) as advance:
                campaign = Campaign(
                    probe, judge, config.budget, ledger, self.tracker, advance, self.tell
                )
                for seed in config.seeds:
                    make, part = partial(entrant, space, seeding.fold(seed, name)), f"{name} {seed}"
                    with self.stages.part(part):
                        log = campaign.run(name, seed, make)
                    logs.append(replace(log, seconds=self.stages.parts[part]))
        return logs

    def _report(self, logs: list[Log]) -> Report:
        generator, metrics = self.get(self.generator), self.get(self.metrics)
        run = Searched(
            folder=self.folder,
            dataset=self.dataset,
            source=self.source,
            split=self.split,
            generator=generator,
            metrics=metrics,
            model=self.model,
            model_name=self._model_name,
            criterion=self.criterion,
            judge=self.get(self.judge),
            budget=self.config.budget,
            trained=dict.fromkeys(self._trained_players, self.config.train_queries),
            settings=vars(self.training) if self.given_generator is None else {},
            anyway=self._against() if self.config.anyway else "",
            rated=self.get(self._rate) if self.config.rate else None,
        )

        def notes() -> list[str]:
            return [*self.told, *self._shared(), *generator.notes, *self.model.told]

        return stress_report.report(
            run, logs, self.tracker, notes, self.tell, self.line, self._replay_line()
        )

    def _replay_line(self) -> str:
        """Return the command that replays the failures; it names a model to import again."""
        if not self.lasting:
            return ""
        named = [] if self.model_path is None else ["--model", self.model_path]
        return shlex.join(["genenv", "replay", str(self.folder), *named])

    @property
    def _trained_players(self) -> list[str]:
        """Names of the searches that play by a trained player."""
        return [entrant.name for entrant in self.entrants if entrant.needs_player]

    @property
    def _model_name(self) -> str:
        if self.model_path is not None:
            return self.model_path
        if self.given_model is None:
            units = self.dataset.units
            boosted = isinstance(units, Rows)
            return f"default {'gradient boosting' if boosted else units.classifiers[0]}"
        return type(self.given_model).__name__

    def _shared(self) -> list[str]:
        """Say which rows the judge may share with model and generator."""
        told = []
        if self.split.shares_rows and self.given_model is not None:
            told.append(
                "No held-out data were given: the judge's oracles were trained on rows that the "
                "model may have been trained on."
            )
        if self.split.shares_rows and self.given_generator is not None:
            told.append(runs.seen_by_generator(self.generator_run, self.dataset, self.split))
        return [sentence for sentence in told if sentence]
