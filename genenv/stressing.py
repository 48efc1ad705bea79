"""The main job, stage by stage: generator, model, judge, players, audit, replay, report."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genenv import checks, downstream, failures, rate, runs, seeding, stress_log
from genenv.agents.policy import Player, check_training, train_player
from genenv.agents.presets import LATENT_PROBE
from genenv.agents.searches import Entrant, entrants
from genenv.campaign import Campaign, Ledger, Log
from genenv.classifier import Classifier, fit_classifier, steps_to_fit
from genenv.data import Dataset, Split, split
from genenv.downstream import Downstream
from genenv.failures import Confirmed
from genenv.fitting import check_fits, prepared_generator
from genenv.generators import Generator, adopt
from genenv.judge import Judge, judge_steps, make_judge
from genenv.metrics import curves, generator_metrics, metric_steps
from genenv.monitoring import hparams
from genenv.probe import Probe
from genenv.report import Evidence, Report
from genenv.report.account import Account, account
from genenv.search import Space
from genenv.stages import Stages
from genenv.tracking import Tracker
from genenv.training import TrainingConfig, preset, shrunk
from genenv.training.machine import pick_threads, settled

LEAST_BUDGET = 64  # queries a search and seed: one batch of the smallest search
OF_GENERATOR = ("objective", "network", "steps", "lr", "penalty")  # columns of the HParams table


@dataclass(frozen=True)
class StressConfig:
    """Everything that decides a stress run but data, model and generator."""

    search: tuple[Any, ...] = ("random", "evolution", "policy")
    """Players, see `agents.searches.entrants`."""
    budget: int = 20_000
    """Queries to the model a search and seed."""
    train_queries: int = 100_000
    """Queries that training the `policy` player costs."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of each search."""
    seed: int = 0
    """Address of the split, the generator, the judge and the default model."""
    input: str = "auto"
    """What the model is handed: raw, unit or flat."""
    output: str = "auto"
    """What it returns: probabilities or logits."""
    objective: str = "relativistic"
    """Of the generator that is fitted where none is given."""
    steps: int | None = None
    """Updates of that generator; None: the preset's."""
    threads: int = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        if not self.search or not self.seeds:
            raise checks.Mistake("at least one search and one seed", "none", "name some")
        trained = any(entrant.needs_player for entrant in self.entrants)
        names = [given for given in self.search if isinstance(given, str)]
        for name, values in {"search": names, "seeds": self.seeds}.items():
            if len(set(values)) < len(values):
                raise checks.Mistake(f"each of {name} once", f"{list(values)}", "drop repeats")
        for name in ("budget", "train_queries"):
            checks.whole(name, getattr(self, name))
        if self.budget < LEAST_BUDGET:
            raise checks.Mistake(
                f"a budget of at least {LEAST_BUDGET} queries, one batch", self.budget, "give more"
            )
        if trained:
            check_training(LATENT_PROBE, self.train_queries)
        if self.threads < 0:
            raise checks.Mistake("threads of 0 or more", self.threads, "give 0 for the rule")

    @property
    def entrants(self) -> tuple[Entrant, ...]:
        """The players under the names that figures give them."""
        return entrants(self.search)


@dataclass(frozen=True)
class Prepared:
    """What the searches of a run work with."""

    probe: Probe
    judge: Judge
    metrics: dict[str, float]  # of the generator


class Stressing:
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
    folder
        The run's folder.
    stages
        Progress and seconds; None: silent.
    command
        The command line that repeats the run.
    model_path
        The model's import path; None: an object of the caller's.
    generator_run
        The run that `generator` was loaded from, which may know the rows it was trained on.
    kept
        Whether `folder` outlives the run.
    """

    def __init__(
        self,
        config: StressConfig,
        dataset: Dataset,
        held_out: Dataset | None,
        model: Any,
        generator: Generator | None,
        folder: Path,
        stages: Stages | None = None,
        command: str = "",
        model_path: str | None = None,
        generator_run: Path | None = None,
        kept: bool = True,
    ) -> None:
        if dataset.label is None:
            raise checks.Mistake(
                "labels of two classes or more",
                f"none in {dataset.name}",
                "give y, or class folders",
            )
        if generator is not None:
            generator = adopt(generator)
            check_fits(generator, dataset)
            dataset = replace(dataset, units=generator.units)  # one map to [-1, 1] for all
        self.config, self.dataset, self.folder = config, dataset, folder
        self.source = dataset if held_out is None else held_out
        self.split: Split = split(dataset, config.seed, held_out)
        self.stages = stages or Stages()
        self.command, self.model_path, self.generator_run = command, model_path, generator_run
        self.kept = kept
        self.given_model = model
        self.given_generator = None if generator is None else generator.settled()
        self.told: list[str] = [*dataset.notes]
        if model is not None:
            self.model = self._wrap_given()
        usual = preset(config.objective, dataset.units)
        steps = usual.steps if config.steps is None else config.steps
        training = replace(usual, seed=config.seed, threads=config.threads, steps=steps)
        rows = len(self.split.train)
        self.training: TrainingConfig = shrunk(training, dataset.units, rows)

    def _wrap_given(self) -> Downstream:
        """Wrap the user's model and ask it once, before anything is trained."""
        config, units = self.config, self.dataset.units
        wrapped = downstream.wrap(
            self.given_model, units, self.dataset.classes, config.input, config.output
        )
        wrapped.check(self.source.x[self.split.test[: runs.CHECK_ROWS]])
        for entrant in config.entrants:
            if entrant.wants_gradient and not wrapped.differentiable:
                raise checks.Mistake(
                    f"a torch model for the search {entrant.name!r}", wrapped.kind_name,
                    "leave this search out",
                )  # fmt: skip
        return wrapped

    def run(self, resume: bool = False) -> Report:
        """Do what is not yet done, and report."""
        self.told += runs.begin(self.folder, "stress", self._settings(), resume, self.command)
        self.stages.keep(self.folder / "timings.json")
        self.stages.plan(self._totals())
        try:
            with Tracker(self.folder) as tracker, settled(self._threads()):
                stress_log.begin(tracker, self._described(), self.config.entrants)
                return self._run(tracker, resume)
        finally:
            self.stages.close()

    def _settings(self) -> dict[str, Any]:
        rows = {name: value for name, value in vars(self.split).items()}
        return {
            "stress": runs.settings(self.config),
            "data": runs.describe(self.dataset),
            "held_out": runs.describe(self.source) if self.source is not self.dataset else None,
            "model": self.model_path or ("given" if self.given_model is not None else "default"),
            "generator": "fitted"
            if self.given_generator is None
            else runs.fingerprint(self.given_generator),
            "training": runs.settings(self.training),
            "split": {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in rows.items()},
        }

    def _described(self) -> dict[str, Any]:
        """Return the columns of the run's row in the HParams table."""
        fitted = self.given_generator is None
        training = hparams.settings(self.training, self.dataset.units) if fitted else {}
        own = "budget", "seed", "seeds", "train_queries", "input", "output"
        return {
            "data": self.dataset.name,
            "model": self.model_path or self._model_name(),
            **{name: getattr(self.config, name) for name in own},
            "search": [entrant.name for entrant in self.config.entrants],
            "generator": {k: v for k, v in training.items() if k in OF_GENERATOR},
        }

    def _totals(self) -> dict[str, int]:
        """Stages that will run, with their units of work."""
        rows, totals = len(self.split.train), {}
        if self.given_generator is None and not self._has("generator"):
            totals["generator"] = self.training.steps
        if not self._has("metrics.json"):
            totals["generator metrics"] = metric_steps(rows)
        if self.given_model is None and not self._has("model", runs.MODEL):
            totals["model"] = steps_to_fit(rows)
        totals["judge"] = judge_steps(self.split)
        players = self.config.entrants
        if any(p.needs_player for p in players) and not self._has("agents", "policy"):
            totals["policy training"] = self.config.train_queries
        for player in players:
            totals[player.name] = self.config.budget * len(self.config.seeds)
        return totals | {"report": 1}

    def _has(self, *names: str) -> bool:
        """Whether the run's folder holds a part, from an earlier process."""
        return self.folder.joinpath(*names).exists()

    def _run(self, tracker: Tracker, resume: bool) -> Report:
        ready = self.prepare(tracker, resume)
        logs = self._search(ready.probe, ready.judge, tracker)
        with self.stages.stage("report"):
            report = self._report(ready, logs, tracker)
        report.data["timings"] = dict(self.stages.seconds)
        report.save(self.folder)
        return report

    def prepare(self, tracker: Tracker, resume: bool = False) -> Prepared:
        """Fit or load whatever the searches need: generator, model, judge."""
        generator = self._generator(tracker, resume)
        torch.set_num_threads(self._threads(generator, self.given_model))
        metrics = self._metrics(generator, tracker)
        if self.given_model is None:
            self.model = self._default_model()
        self._record_model()
        with self.stages.stage("judge") as advance:
            seed = seeding.fold(self.config.seed, "judge")
            judge = make_judge(self.dataset, self.source, self.split, seed, advance)
            reference = self.dataset.x[self.split.train]
            runs.whole(self.folder / "judge", lambda path: judge.guide.save(path, reference))
        return Prepared(Probe(generator, self.model, judge.guide), judge, metrics)

    def _threads(self, *networks: Any) -> int:
        parameters = sum(
            p.numel() for m in networks if isinstance(m, torch.nn.Module) for p in m.parameters()
        )
        images = self.dataset.units.family == "image"
        return pick_threads(self.config.threads, parameters, images)

    def _generator(self, tracker: Tracker, resume: bool) -> Generator:
        return prepared_generator(
            self.folder,
            self.dataset,
            self.split.train,
            self.training,
            self.given_generator,
            self.stages,
            tracker,
            resume,
        )

    def _metrics(self, generator: Generator, tracker: Tracker) -> dict[str, float]:
        """Measure GAN-train accuracy and agreement, by SVM and small network."""
        path = self.folder / "metrics.json"
        if path.is_file():
            stored: dict[str, float] = json.loads(path.read_text())
            return stored
        with self.stages.stage("generator metrics") as advance:
            parts = self.split
            rows = np.concatenate([parts.guide, parts.audit, parts.calibration, parts.test])
            real, unseen = self.dataset.pick(parts.train), self.source.pick(rows)
            test = self.source.pick(parts.test)
            metrics = generator_metrics(generator, real, unseen, test, advance)
        runs.write_json(path, metrics)
        tracker.scalars(curves(metrics), self.training.steps)
        return metrics

    def _default_model(self) -> Downstream:
        path = self.folder / "model" / runs.MODEL
        units, classes, rows = self.dataset.units, self.dataset.classes, self.split.train
        if not path.is_file():
            with self.stages.stage("model") as advance:
                kind = units.classifiers[0]
                label, seed = self.dataset.label, seeding.fold(self.config.seed, "model")
                assert label is not None
                network = fit_classifier(
                    kind, self.dataset.x[rows], label[rows], units, len(classes), seed, advance
                )
                runs.whole(path.parent, lambda folder: network.save(folder / runs.MODEL))
        return runs.wrap_classifier(Classifier.load(path), classes)

    def _record_model(self) -> None:
        folder = self.folder / "model"
        folder.mkdir(exist_ok=True)
        if (folder / "outputs.npz").is_file() and runs.compare_outputs(folder, self.model):
            raise checks.Mistake(
                f"the model of the run in {self.folder}", "one that answers real rows otherwise",
                "give that model with --resume, or choose another --out",
            )  # fmt: skip
        runs.record_outputs(folder, self.model, self.source.x[self.split.test])
        runs.write_json(
            folder / "model.json",
            {
                "path": self.model_path,
                "kind": self.model.kind_name,
                "input": self.model.view,
                "output": self.model.output,
                "asked_input": self.config.input,
                "asked_output": self.config.output,
            },
        )

    def _search(self, probe: Probe, judge: Judge, tracker: Tracker) -> list[Log]:
        config = self.config
        space = Space(probe.generator.noise, len(self.dataset.classes))
        players = list(config.entrants)
        for i, entrant in enumerate(players):
            if entrant.needs_player:
                players[i] = entrant.given(self._player(probe, tracker))
        ledger, logs = Ledger(self.folder), []
        for entrant in players:
            name = entrant.name
            with self.stages.stage(name) as advance:
                campaign = Campaign(
                    probe, judge.audit, config.budget, ledger, tracker, advance, self._tell
                )
                for seed in config.seeds:
                    make, part = partial(entrant, space, seeding.fold(seed, name)), f"{name} {seed}"
                    with self.stages.part(part):
                        log = campaign.run(name, seed, make)
                    logs.append(replace(log, seconds=self.stages.parts[part]))
        return logs

    def _player(self, probe: Probe, tracker: Tracker) -> Player:
        folder = self.folder / "agents" / "policy"
        if not folder.is_dir():
            with self.stages.stage("policy training") as advance:
                queries, seed = self.config.train_queries, self.config.seed
                player = train_player(
                    probe, LATENT_PROBE, queries, seed, log=tracker.scalars, advance=advance
                )
                runs.whole(folder, player.save)
        return Player.load(folder)

    def _tell(self, sentence: str) -> None:
        self.told.append(sentence)
        self.stages.say(sentence)

    def _report(self, ready: Prepared, logs: list[Log], tracker: Tracker) -> Report:
        probe, judge, units = ready.probe, ready.judge, self.dataset.units
        logs, confirmed = self._replayed(logs, probe.generator.noise.base_dim)
        rows, label = self.split.train, self.dataset.label
        assert label is not None
        unit = units.encode(units.tensor(confirmed.x))
        held = account(
            logs, confirmed, judge.audit, judge.guide.reference, label[rows], unit,
            self.dataset.classes,
        )  # fmt: skip
        content = self._content(ready, held)
        evidence = Evidence(
            failures=held.failures(judge.guide, self.dataset.x[rows], label[rows]),
            curves=held.curves(),
            units=units,
            classes=self.dataset.classes,
            neighbour_distance=held.counted.radius,
            command=self.command,
            replay=self._replay_line() if self.kept else "",
            notes=(*self.told, *self._shared(), *probe.generator.notes, *self.model.told),
            versions=runs.versions(),
        )
        report = Report(content, evidence)
        tracker.text("summary", f"```\n{report}\n```")
        stress_log.results(tracker, content, self.config.budget)
        stress_log.failures(tracker, confirmed, self.dataset, self.config.budget)
        unseen = self.source.pick(self.split.test)
        stress_log.embedding(tracker, judge.audit, unseen, probe.generator, confirmed)
        return report

    def _replay_line(self) -> str:
        """Return the command that replays the failures; it names a model to import again."""
        named = [] if self.model_path is None else ["--model", self.model_path]
        return shlex.join(["genenv", "replay", str(self.folder), *named])

    def _replayed(self, logs: list[Log], base_dim: int) -> tuple[list[Log], Confirmed]:
        """Ask the model again from the stored arrays; what does not fail again is not counted."""
        record = failures.load(self.folder / "failures") or _nothing(self.model, base_dim)
        order = [
            np.flatnonzero((record.search == log.search) & (record.seed == log.seed))
            for log in logs
        ]
        record = record.rows(np.concatenate(order))
        again = failures.replay(self.model, record).failing if len(record) else np.ones(0, bool)
        if lost := int((~again).sum()):
            self._tell(f"{lost} confirmed failures did not fail again on replay: not counted")
        for log in logs:
            gone = ~again & (record.search == log.search) & (record.seed == log.seed)
            log.verdict[record.index[gone]] = 0
        return logs, record.rows(again)

    def _content(self, ready: Prepared, held: Account) -> dict[str, Any]:
        parts = {name: len(v) for name, v in vars(self.split).items() if name != "shares_rows"}
        test = self.split.test
        truth = self.source.label
        assert truth is not None
        guess = failures.ask(self.model, self.source.x[test]).argmax(1).numpy()
        confirmed, queries = held.random_counts()
        players = [entrant.name for entrant in self.config.entrants if entrant.needs_player]
        trained = dict.fromkeys(players, self.config.train_queries)
        generator = ready.probe.generator
        return {
            "schema": 1,
            "data": runs.describe(self.dataset) | {"split": parts},
            "generator": {
                **generator.facts(),
                **ready.metrics,
            },
            "model": {
                "name": self.model_path or self._model_name(),
                "kind": self.model.kind_name,
                "input": self.model.view,
                "output": self.model.output,
                "test_accuracy": float((guess == truth[test]).mean()),
            },
            "judge": ready.judge.quality,
            "searches": held.searches(trained),
            "modes": held.modes(),
            "failure_probability": rate.from_counts(
                confirmed, queries, "random search, counted queries"
            ).to_json()
            if queries
            else None,
            "timings": self.stages.seconds,
        }

    def _model_name(self) -> str:
        if self.given_model is None:
            return f"default {self.dataset.units.classifiers[0]}"
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


def _nothing(model: Downstream, base_dim: int) -> Confirmed:
    """Return no failures, in the right shapes."""
    units = model.units
    whole, real = np.int64, np.float32
    return Confirmed(
        x=np.zeros((0, *units.shape), units.dtype),
        e=np.zeros((0, base_dim), real),
        label=np.zeros(0, whole),
        output=np.zeros((0, len(model.classes)), real),
        severity=np.zeros(0, real),
        search=np.zeros(0, np.str_),
        seed=np.zeros(0, whole),
        index=np.zeros(0, whole),
    )
