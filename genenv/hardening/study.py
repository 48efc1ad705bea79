"""Hardening as a study: each seed trains every arm, and all are measured on unseen ground."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import (
    checks,
    failures,
    files,
    judge,
    learners,
    networks,
    prepared,
    recorded,
    report,
    runs,
    seeding,
    trust,
)
from genenv.counting import Counter
from genenv.data import Dataset, split
from genenv.downstream import Downstream
from genenv.failures import Confirmed
from genenv.hardening.arms import Labelled, arms, joined
from genenv.hardening.ground import Ground
from genenv.hardening.held_out import HeldOut, held_out
from genenv.hardening.words import compared
from genenv.parts import Advance, Part, checked, load_json, save_json
from genenv.progress import Progress
from genenv.settings import HardenConfig
from genenv.study import Study
from genenv.training.machine import pick_threads, reproducible

SCHEMA = 1


class Hardening(Study[dict[str, Any]]):
    """One study of hardening in a folder; `run` returns the content of harden.json.

    Parameters
    ----------
    config
        Settings.
    source
        The folder of a `stress` run, whose failures are learned from.
    dataset, other
        The data of that run, and its held-out rows, if it had any.
    folder, stages, line
        See `Study`.
    trust_run
        Import the criterion from the path that the run records.

    Raises
    ------
    Mistake
        Data that are not those of the run, a run without failures, or an unknown learner.
    """

    command = "harden"

    def __init__(
        self,
        config: HardenConfig,
        source: Path,
        dataset: Dataset,
        other: Dataset | None,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
        trust_run: bool = False,
    ) -> None:
        super().__init__(folder, stages, line)
        self.config, self.source = config, source
        self.content = report.load(source).data
        settings = runs.recorded_settings(source)
        self._check_data(settings, dataset, other)
        self.dataset = dataset
        self.rows_of = dataset if other is None else other
        self.seed = int(settings["stress"]["seed"])
        self.split = split(dataset, self.seed, other)
        self.factory = config.factory or dataset.units.classifiers[0]
        self.learner = learners.named(self.factory, dataset.units)
        self.judge = judge.load(checked(source, "judge"))
        self.criterion = recorded.load_criterion(source, None, trust_run)
        self.generator = networks.load(checked(source, "generator"))
        found = failures.load(source / "failures")
        if found is None:
            raise checks.Mistake(
                f"confirmed failures in {source}", "none", "harden on a run that found some"
            )
        self.record: Confirmed = found
        self.mode = self._modes()
        held_out(self.mode, 1, 0)
        self.fresh = self._fresh_generator()

    def _check_data(
        self, settings: dict[str, Any], dataset: Dataset, other: Dataset | None
    ) -> None:
        own = {"data": dataset, "held_out": other}
        for name, given in own.items():
            wanted = settings.get(name)
            if wanted != (None if given is None else runs.describe(given)):
                called = "no held-out data" if wanted is None else f"{wanted['name']} of that run"
                got = "none" if given is None else f"other rows ({given.name})"
                raise checks.Mistake(called, got, "name the data that the run was made of")

    def _modes(self) -> NDArray[np.int64]:
        """(m,): the mode of each failure, counted as the report counts them."""
        units, rows = self.judge.units, self.split.train
        real, label = self.dataset.pick(rows)
        samples = [units.encode(units.tensor(x)).flatten(1) for x in (real, self.record.x)]
        counter = Counter(samples[0], self.judge.features(real), torch.from_numpy(label))
        group = self.record.label * len(self.dataset.classes) + self.record.prediction
        features = self.judge.features(self.record.x)
        mode: NDArray[np.int64] = counter.count(samples[1], features, group).mode
        return mode

    def _fresh_generator(self) -> Part[Any]:
        """Return a generator of rows that no arm learns from, as a part."""
        parts = self.split
        rows = np.concatenate([parts.guide, parts.audit, parts.calibration])
        seed = seeding.fold(self.seed, "harden")
        config = prepared.training(
            "relativistic", None, seed, self.config.threads, self.rows_of, len(rows)
        )
        rest = np.setdiff1d(np.arange(len(self.rows_of)), rows)
        return prepared.generator_part(
            self, self.rows_of, rows, config, None, partial(self.rows_of.pick, rest)
        )

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        return {
            "harden": runs.settings(self.config),
            "run": files.sha256(self.source / "report.json"),
            "factory": self.factory,
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        return [self.fresh, *(self._seed_part(seed) for seed in self.config.seeds)]

    def _seed_part(self, seed: int) -> Part[list[dict[str, Any]]]:
        return Part(
            f"seeds/seed-{seed}.json",
            "results of seeds",
            partial(self._seed, seed),
            save_json,
            load_json,
            "seeds",
            len(self.config.amounts),
        )

    def work(self) -> dict[str, Any]:
        """Train and measure every arm with every seed, and compare."""
        with reproducible(pick_threads(self.config.threads, 0, False)):
            self.get(self.fresh)
            rows = [row for seed in self.config.seeds for row in self.get(self._seed_part(seed))]
        content = {
            "schema": SCHEMA,
            "run": str(self.source),
            "factory": self.factory,
            "undecided": list(trust.bad(self.content["trust"])),
            "failures": len(self.record),
            "modes": len(np.unique(self.mode)),
            "rows": rows,
            "compared": compared(rows),
            "told": self.notes,
        }
        files.write_json(self.folder / "harden.json", content)
        return content

    def _seed(self, seed: int, advance: Advance) -> list[dict[str, Any]]:
        rows = []
        for amount in self.config.amounts:
            rows += self._amount(seed, amount, held_out(self.mode, amount, seed))
            advance(1)
        return rows

    def _amount(self, seed: int, amount: int, held: HeldOut) -> list[dict[str, Any]]:
        """Train and measure every arm, then harden further, round by round."""
        ground = self._ground()
        real = self.dataset.pick(self.split.train)
        learned = self.record.rows(held.learned)
        unseen = self.record.rows(held.rows), self.record.rows(held.modes)
        found, answers = [], {}
        trained = arms(real, learned, self.generator, seed)
        for name, rows in trained.items():
            model = self._train(rows, seed)
            row = ground.measured(model, *unseen, self._place(seed, amount, name, 0), seed)
            said = {"seed": seed, "amount": amount, "learned": len(learned)}
            found.append(said | {"arm": name, "round": 1} | row)
            answers[name] = failures.ask(model, np.concatenate([real[0], self.record.x])).log_p
        if answers["before"].equal(answers["hardened"]):
            raise checks.Mistake(
                "a factory that learns from the rows it is given",
                f"{self.factory}, whose model is the same with and without failures",
                "return a new model a call",
            )
        rows = trained["hardened"]
        for number in range(2, self.config.rounds + 1):
            rows = self._found_again(ground, rows, model, seed, amount, number)
            model = self._train(rows, seed)
            place = self._place(seed, amount, "hardened", number)
            row = ground.measured(model, *unseen, place, seed)
            found.append(said | {"arm": "hardened", "round": number} | row)
        shutil.rmtree(self.folder / "searches", ignore_errors=True)
        return found

    def _found_again(
        self,
        ground: Ground,
        rows: Labelled,
        model: Downstream,
        seed: int,
        amount: int,
        number: int,
    ) -> Labelled:
        """Search the hardened model through the run's generator; returns rows with what is new."""
        place = self._place(seed, amount, "again", number)
        ground.searched(model, self.generator, place, seeding.fold(seed, "round", number))
        again = failures.load(place / "failures")
        if again is None:
            return rows
        rng = seeding.numpy_generator(seeding.fold(seed, "new failures", number))
        chosen = again.rows(rng.permutation(len(again))[:amount])
        return joined(rows, (chosen.x, chosen.label))

    def _train(self, rows: Labelled, seed: int) -> Downstream:
        x, label = rows
        units, classes = self.dataset.units, self.dataset.classes
        return self.learner(x, label, units, classes, seeding.fold(seed, "harden"))

    def _ground(self) -> Ground:
        return Ground(
            self.rows_of.pick(self.split.test),
            self.get(self.fresh),
            self.judge,
            self.criterion,
            self.config.budget,
        )

    def _place(self, seed: int, amount: int, arm: str, number: int) -> Path:
        return self.folder / "searches" / f"seed-{seed}-{amount}-{arm}-{number}"
