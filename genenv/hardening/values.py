"""Hardening of a regressor: failures are learned under the mean of the guide's oracles."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from genenv import prepared, reading, seeding
from genenv.data import split
from genenv.failures import Confirmed
from genenv.finished import Finished
from genenv.generators import Generator
from genenv.hardening.arms import Labelled
from genenv.hardening.subject import Subject
from genenv.parts import Part, checked
from genenv.regression import Valued, law, learners
from genenv.regression.judging import ValueJudge
from genenv.regression.model import ValueModel
from genenv.regression.modes import assigned
from genenv.regression.probe import ValueProbe
from genenv.regression.replayed import KIND, severities
from genenv.regression.target import described
from genenv.rules import Rules
from genenv.study import Study


@final
class Values(Subject):
    """A run of a regressor.

    What is right of a generated row is the mean of the guide's oracles; whether a new search finds
    failures is the audit's word, which nobody learned from.

    Parameters
    ----------
    run, factory
        See `Subject`; a factory is boosting, forest, network or module:factory, see `learners`.
    valued, other
        The data of that run, and its held-out rows, if it had any.

    Raises
    ------
    Mistake
        Data that are not those of the run, a run without failures, or an unknown learner.
    """

    judge: ValueJudge

    def __init__(self, run: Finished, factory: str, valued: Valued, other: Valued | None) -> None:
        self.valued, self.source = valued, valued if other is None else other
        super().__init__(run, factory or learners.USUAL)
        self.check_data({
            "data": described(valued), "held_out": None if other is None else described(other),
        })  # fmt: skip
        self.seed = reading.value(run.folder / "config.json", int, KIND, "seed")
        held = None if other is None else other.dataset
        self.split = split(valued.dataset, self.seed, held)
        self.learner = learners.named(self.factory)
        self.generator = law.load(checked(run.folder, "generator"))
        self.judge = ValueJudge.load(checked(run.folder, "judge"), self.generator.units)
        self.conditions = 1
        real = self.source.dataset.x[self.split.audit]
        self.mode = assigned(self.judge.units, self.record, real)

    def real(self) -> Labelled:
        """See `Subject.real`."""
        rows = self.split.train
        return self.valued.dataset.x[rows], self.valued.y[rows]

    def right(self, record: Confirmed) -> NDArray[np.float64]:
        """See `Subject.right`."""
        return self.judge.value(record.output[:, 1].astype(np.float64))

    def drawn(self, count: int, seed: int) -> Labelled:
        """See `Subject.drawn`."""
        x, _ = self.generator.sample(count, seed=seed)
        return x, self.judge.value(self.judge.guide.panel(self.judge.rows(x)).mean)

    def train(self, rows: Labelled, seed: int) -> ValueModel:
        """See `Subject.train`."""
        units, key = self.valued.dataset.units, seeding.fold(seed, "harden")
        made = self.learner(*rows, units, key)
        return ValueModel(made, units, self.judge.centre, self.judge.scale)

    def answers(self, model: ValueModel, x: NDArray[Any]) -> NDArray[Any]:
        """See `Subject.answers`."""
        return model.to_real(x)[:, None]

    def accuracy(self, model: ValueModel) -> float:
        """Return the share of the target's variance that it explains on untouched rows, R²."""
        rows = self.split.test
        y = self.source.y[rows]
        away = model.to_real(self.source.dataset.x[rows]) - y
        return float(1 - (away**2).mean() / y.var())

    def passes(self, model: ValueModel, record: Confirmed) -> NDArray[np.bool_]:
        """See `Subject.passes`."""
        return severities(model, record) <= 0

    def probe(self, generator: Generator, model: ValueModel) -> ValueProbe:
        """See `Subject.probe`."""
        return ValueProbe(generator, model, self.judge, Rules())

    def fresh(self, _study: Study[Any], threads: int) -> Part[Generator]:
        """See `Subject.fresh`."""
        parts = self.split
        rows = np.concatenate([parts.guide, parts.audit, parts.calibration])
        learned, seed = self.source.dataset.at(rows), seeding.fold(self.seed, "harden")
        config = prepared.training("relativistic", None, seed, threads, learned, len(rows))
        return Part(
            "generator",
            "the generator",
            lambda advance: law.learn(learned, config, seed, advance),
            lambda made, place: made.save(place),
            law.load,
            "generator",
            config.steps,
        )
