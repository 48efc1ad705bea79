"""The main job as a study: generator, model, judge, players, audit, replay, report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from genenv import (
    broken_rules,
    checks,
    criteria,
    own_rows,
    prepared,
    rerating,
    rules,
    runs,
    seeding,
    stress_log,
    stress_report,
    stress_trust,
)
from genenv.agents.policy import Played, Player
from genenv.campaign import Log
from genenv.cluster import Cluster, spread
from genenv.data import Dataset, Split, held, near, split
from genenv.generators import Generator, adopt
from genenv.given_judge import MADE, given_judge
from genenv.judge import Judge, thinning
from genenv.lineup import Lineup, filled_in
from genenv.metrics import curves
from genenv.own_rows import Answers
from genenv.parts import Part
from genenv.probe import Probe
from genenv.progress import Progress
from genenv.report import Report
from genenv.run_rows import Parts
from genenv.searched import Searched
from genenv.settings import StressConfig
from genenv.siblings import reference_of
from genenv.study import Study
from genenv.training import TrainingConfig
from genenv.training.machine import parameters_of, pick_threads, reproducible
from genenv.under_test import Trained, UnderTest


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
    cluster
        Whose workers answer for the model; None: this process asks it.
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
        stages: Progress | None = None,
        line: str = "",
        model_path: str | None = None,
        generator_run: Path | None = None,
        lasting: bool = True,
        judge: Judge | str | Path | None = None,
        no_cache: bool = False,
        cluster: Cluster | None = None,
    ) -> None:
        super().__init__(folder, stages, line, lasting, no_cache)
        if dataset.label is None:
            wanted = "labels of two classes or more"
            raise checks.Mistake(wanted, f"none in {dataset.name}", "give y, or class folders")
        if generator is not None:
            prepared.check_fits(generator := adopt(generator), dataset)
            dataset = replace(dataset, units=generator.units)  # one map to [-1, 1] for all
        self.cluster, self.generator_run = cluster, generator_run
        self.config, self.dataset = filled_in(config, model is not None), dataset
        self.criterion = criteria.find(config.criterion, dataset.classes)
        self.lineup = Lineup(self.config, generator, cluster is not None)
        self.source = dataset if held_out is None else held_out
        self.split: Split = split(dataset, config.seed, held_out)
        shown, said = held(self.split, dataset.units.size)
        self._rows = rows = dataset, self.source, shown
        self.given_generator = None if generator is None else generator.in_eval()
        self.notes += dataset.notes + said + (thinning(dataset, shown) if judge is None else ())
        self.rules = rules.find(config.rules)
        unseen, x = self.source.x[self.split.test], dataset.at(shown.train).x if said else dataset.x
        self.notes += broken_rules.by_real_rows(self.rules, dataset.units, unseen)
        self.notes += near.notes(x, None if held_out is None else held_out.x)
        self.tested = UnderTest(model, model_path, self.config, *rows)
        self.lineup.check(None if model is None else self.tested.model, dataset.units)
        self.reference = reference_of(self.config, *rows)
        self.training: TrainingConfig = prepared.training(
            config.objective, config.steps, config.seed, config.threads,
            dataset, len(self.split.train),
        )  # fmt: skip
        self.generator = prepared.generator_part(
            self, dataset, self.split.train, self.training, generator,
            partial(prepared.unseen, self.source, self.split),
        )  # fmt: skip
        self._fitted = own_rows.parts(self, self.generator)
        self.generator = self._fitted[-1]
        self.given_judge = given_judge(judge)
        self._oracles: list[Part[Judge]] = []  # of a judge that is made: what needs no model
        if self.given_judge is None:
            made = prepared.judge_part(*rows, config.seed)
            self._oracles = [made]
            self.judge = prepared.beside_part(self, made, *rows, config.seed, self.tested.answers)
        else:
            self.judge = self.given_judge.part(self, *rows, self.tested.answers)

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        given = self.given_generator
        config = replace(self.config, criterion=criteria.spelled(self.criterion))
        return {
            "stress": runs.settings(config),
            "data": runs.describe(self.dataset),
            "held_out": runs.describe(self.source) if self.source is not self.dataset else None,
            "model": self.tested.in_config,
            "generator": "fitted" if given is None else runs.fingerprint(given),
            "judge": MADE if self.given_judge is None else self.given_judge.digest,
            "training": runs.settings(self.training),
            "split": runs.rows_of(self.split),
        }

    def chosen(self) -> Parts:
        """See `Study.chosen`."""
        return runs.parts_of(self.split)

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        trained = [self._trained_model] if self.tested.given is None else []
        rated = [self._rate] if self.config.rate else []
        judge = *self._oracles, self.judge
        sibling = [self.reference.part] if self.reference and self.reference.part else []
        players = self._players.values()
        return [*self._fitted, self.metrics, *trained, *judge, *players, *sibling, *rated]

    def totals(self) -> dict[str, int]:
        """See `Study.totals`."""
        queries = self.config.budget * len(self.config.seeds)
        totals = super().totals()
        last = {name: totals.pop(name) for name in ("rate",) if name in totals}
        return totals | dict.fromkeys(self.lineup.names, queries) | last | {"report": 1}

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        return {"checkpoints": "checkpoints"} | super().words() | {"findings": "queries"}

    def work(self) -> Report:
        """Search, and report."""
        with reproducible(self._threads()), ExitStack() as self._open:
            stress_log.begin(self.tracker, self._columns(), self.lineup.entrants)
            probe = self.prepare()
            players = {kind: self.get(part) for kind, part in self._players.items()}
            logs = self.lineup.play(self, probe, self.get(self.judge), players)
            self._seen = rerating.seen([log.tally() for log in logs])
            rated = self._rated()
            with self.stages.stage("report"):
                report = self._report(logs, rated)
            report.data["timings"] = dict(self.stages.seconds)
            report.save(self.folder)
        return report

    def prepare(self) -> Probe:
        """Make or read whatever the searches need; returns what they ask."""
        generator = self.get(self.generator)
        torch.set_num_threads(self._threads(generator, self.tested.given))
        known = self.shelf.holds(self.metrics.path)
        metrics = self.get(self.metrics)
        if not known:
            self.tracker.scalars(curves(metrics), self.training.steps)
        self.answers()
        self.tested.record(self.folder)
        if self.tested.given is not None:
            self.tested.require(self._audit_accuracy)
        if self.cluster is not None:
            self.tested.model = self._open.enter_context(spread(self.cluster, self.tested.model))
        return self._probe

    def answers(self) -> Answers:
        """Return the model under test, trained where none was given."""
        if self.tested.given is None:
            self.tested.take(self.get(self._trained_model))
        return self.tested.answers

    @property
    def _audit_accuracy(self) -> float:
        """Of the untouched rows that the model is asked about too."""
        share: float = self.get(self.judge).quality["accuracy"]["share"]
        return share

    @cached_property
    def _probe(self) -> Probe:
        guide = self.get(self.judge).guide
        return Probe(self.get(self.generator), self.tested.model, guide, self.criterion, self.rules)

    @cached_property
    def metrics(self) -> Part[dict[str, Any]]:
        """Every metric of the generator, beside real rows in its place."""
        make = partial(self.get, self.generator)
        return prepared.metrics_part(make, *self._rows, self.config.seed)

    @cached_property
    def _trained_model(self) -> Part[Trained]:
        return self.tested.part()

    @cached_property
    def _players(self) -> dict[type[Played], Part[Player]]:
        return self.lineup.player_parts(self, lambda: self._probe)

    @cached_property
    def _rate(self) -> Part[dict[str, Any]]:
        """How often the model fails, beyond what the control counted."""
        seed = seeding.fold(self.config.seed, "rate")
        asked = self.config.rate_budget, seed
        return rerating.part(lambda: (self._probe, self.get(self.judge), self._seen), *asked)

    def _rated(self) -> dict[str, Any] | None:
        """Return the rates that were asked for; of a run that cannot be trusted none is made."""
        if not self.config.rate:
            return None
        if bad := stress_trust.bad_parts(self._searched(None)):
            self.tell(f"No rate was estimated: {' and '.join(bad)} cannot be trusted.")
        return None if bad else self.get(self._rate)

    def _columns(self) -> dict[str, Any]:
        names = {"data": self.dataset.name, "model": self.tested.name, "search": self.lineup.names}
        training = self.training if self.given_generator is None else None
        return stress_log.columns(self.config, names, training, self.dataset.units)

    def _threads(self, *networks: Any) -> int:
        images = self.dataset.units.family == "image"
        return pick_threads(self.config.threads, parameters_of(*networks), images)

    def _searched(self, rated: dict[str, Any] | None) -> Searched:
        """Return what the searches worked with."""
        given = self.given_generator
        return Searched(
            folder=self.folder,
            dataset=self.dataset,
            source=self.source,
            split=self.split,
            held=self._rows[2].train,
            generator=self.get(self.generator),
            metrics=self.get(self.metrics),
            model=self.tested.model,
            model_name=self.tested.name,
            criterion=self.criterion,
            judge=self.get(self.judge),
            budget=self.config.budget,
            trained=dict.fromkeys(self.lineup.trained, self.config.train_queries),
            settings=vars(self.training) if given is None else given.facts(),
            anyway=self.tested.against(self._audit_accuracy),
            reference=None if self.reference is None else self.reference.model(self.get),
            rated=rated,
        )

    def _report(self, logs: list[Log], rated: dict[str, Any] | None) -> Report:
        run = self._searched(rated)

        def notes() -> list[str]:
            played = self.lineup.names, self.config.seeds
            broken = broken_rules.by_flips(self.rules, self.folder, *played)
            given = self.tested.given is not None, self.given_generator is not None
            shared = runs.shared_rows(self.split, *given, self.generator_run, self.dataset)
            return [*self.notes, *broken, *shared, *run.generator.notes, *self.tested.model.notes]

        again = stress_report.replay_line(self.folder, self.tested.path) if self.lasting else ""
        return stress_report.report(run, logs, self.tracker, notes, self.tell, self.line, again)
