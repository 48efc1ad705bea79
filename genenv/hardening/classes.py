"""Hardening of a classifier: failures are learned under the classes that they show."""

from __future__ import annotations

from functools import partial
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import failures, judge, learners, networks, prepared, recorded, runs, seeding
from genenv.counting import Counter
from genenv.data import Dataset, split
from genenv.downstream import Downstream
from genenv.failures import Confirmed
from genenv.finished import Finished
from genenv.generators import Generator
from genenv.hardening.arms import Labelled
from genenv.hardening.subject import Subject
from genenv.parts import Part, checked
from genenv.probe import Probe
from genenv.study import Study


@final
class Classes(Subject):
    """A run of a classifier.

    Parameters
    ----------
    run, factory
        See `Subject`.
    dataset, other
        The data of that run, and its held-out rows, if it had any.
    trust_run
        Import the criterion from the path that the run records.

    Raises
    ------
    Mistake
        Data that are not those of the run, a run without failures, or an unknown learner.
    """

    def __init__(
        self,
        run: Finished,
        factory: str,
        dataset: Dataset,
        other: Dataset | None,
        trust_run: bool = False,
    ) -> None:
        self.dataset, self.rows_of = dataset, dataset if other is None else other
        super().__init__(run, factory or dataset.units.classifiers[0])
        described = [None if each is None else runs.describe(each) for each in (dataset, other)]
        self.check_data(dict(zip(("data", "held_out"), described, strict=True)))
        self.seed = int(runs.recorded_settings(run.folder)["stress"]["seed"])
        self.split = split(dataset, self.seed, other)
        self.learner = learners.named(self.factory, dataset.units)
        self.judge = judge.load(checked(run.folder, "judge"))
        self.criterion = recorded.load_criterion(run.folder, None, trust_run)
        self.generator = networks.load(checked(run.folder, "generator"))
        self.conditions = len(self.judge.classes)
        self.mode = self._modes()

    def _modes(self) -> NDArray[np.int64]:
        units, rows = self.judge.units, self.split.train
        real, label = self.dataset.pick(rows)
        samples = [units.encode(units.tensor(x)).flatten(1) for x in (real, self.record.x)]
        counter = Counter(samples[0], self.judge.features(real), torch.from_numpy(label))
        group = self.record.label * len(self.dataset.classes) + self.record.prediction
        features = self.judge.features(self.record.x)
        mode: NDArray[np.int64] = counter.count(samples[1], features, group).mode
        return mode

    def real(self) -> Labelled:
        """See `Subject.real`."""
        return self.dataset.pick(self.split.train)

    def right(self, record: Confirmed) -> NDArray[np.int64]:
        """See `Subject.right`."""
        return record.label

    def drawn(self, count: int, seed: int) -> Labelled:
        """See `Subject.drawn`."""
        x, label = self.generator.sample(count, seed=seed)
        assert label is not None
        return x, np.asarray(label, np.int64)

    def train(self, rows: Labelled, seed: int) -> Downstream:
        """See `Subject.train`."""
        units, classes = self.dataset.units, self.dataset.classes
        return self.learner(*rows, units, classes, seeding.fold(seed, "harden"))

    def answers(self, model: Downstream, x: NDArray[Any]) -> NDArray[Any]:
        """See `Subject.answers`."""
        return np.asarray(failures.ask(model, x).log_p)

    def accuracy(self, model: Downstream) -> float:
        """Return the share of untouched rows that it is right on."""
        x, label = self.rows_of.pick(self.split.test)
        return float(np.mean(failures.ask(model, x).guess.numpy() == label))

    def passes(self, model: Downstream, record: Confirmed) -> NDArray[np.bool_]:
        """See `Subject.passes`."""
        return ~failures.replay(model, record, self.criterion).failing

    def probe(self, generator: Generator, model: Downstream) -> Probe:
        """See `Subject.probe`."""
        return Probe(generator, model, self.judge.guide, self.criterion)

    def fresh(self, study: Study[Any], threads: int) -> Part[Generator]:
        """See `Subject.fresh`."""
        parts = self.split
        rows = np.concatenate([parts.guide, parts.audit, parts.calibration])
        seed = seeding.fold(self.seed, "harden")
        config = prepared.training("relativistic", None, seed, threads, self.rows_of, len(rows))
        rest = np.setdiff1d(np.arange(len(self.rows_of)), rows)
        others = partial(self.rows_of.pick, rest)
        return prepared.generator_part(study, self.rows_of, rows, config, None, others)
