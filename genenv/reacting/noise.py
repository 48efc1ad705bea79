"""The question noise: what trained learners say of changed samples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from genenv import checks
from genenv.downstream import Downstream
from genenv.noise import Gaussian
from genenv.parts import Advance, Part
from genenv.reacting.question import Question
from genenv.reactions import noises, order
from genenv.reactions.charts import Met
from genenv.reactions.meeting import Answers, alike, curves, half_margins, meet
from genenv.reactions.noises import STRENGTHS, SampleBatch
from genenv.reactions.points import Points, take
from genenv.reactions.rows import CELLS

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting


class Noise(Question):
    """Learners that are trained on real rows meet noise of every source and strength."""

    def __init__(self, study: Reacting) -> None:
        super().__init__(study)
        self.names = names_of(study)
        self._lot = cache(self._make_batch)
        self._trained_of = lru_cache(1)(self._train)
        first = study.config.seeds[0]

        def place(_: Advance) -> Points:
            return take(self._lot(first), self._trained_of(first), self.names)

        path = f"{CELLS}/points-{first}.npz"
        self._points = Part(path, "points", place, Points.save, Points.load, "noise")
        self._answers = {seed: self._answers_of(seed) for seed in study.config.seeds}

    def parts(self) -> Sequence[Part[Any]]:
        """See `Question.parts`."""
        return [self._points, *self._answers.values()]

    def met(self) -> Met:
        """Return what the charts draw."""
        get = self.study.get
        answers = {seed: get(part) for seed, part in self._answers.items()}
        return Met(answers, self._lot(self.study.config.seeds[0]), get(self._points))

    def answer(self) -> dict[str, Any]:
        """See `Question.answer`."""
        answers = self.met().answers
        judge = self.study.get(self.study.judge)
        self.study.stages.reach("learners")
        rows = [row for seed, own in answers.items() for row in curves(own, seed)]
        x, label = self.study.source.pick(self.study.unseen)
        hardest = order.hard(judge, x, label)
        cells = [row for own in answers.values() for row in order.cells(own, hardest)]
        return {
            "noises": list(self.names),
            "curves": rows,
            "half_margins": half_margins(rows),
            "between": [row for seed, own in answers.items() for row in alike(own, seed)],
            "order": {
                **order.rank_correlation(cells, self.study.config.seed),
                "hard_rows": int(hardest.sum()),
                "hard": order.HARD,
                "least": order.LEAST,
                "cells": cells,
            },
        }

    def _answers_of(self, seed: int) -> Part[Answers]:
        """Let trained learners meet noise; they are trained where answers or points are missing."""

        def make(advance: Advance) -> Answers:
            trained, judge = self._trained_of(seed), self.study.get(self.study.judge)
            return meet(self._lot(seed), trained, judge, self.names, advance)

        path = f"{CELLS}/answers-{seed}.npz"
        units = len(self.names) * len(STRENGTHS)
        return Part(path, "answers", make, Answers.save, Answers.load, "noise", units)

    def _make_batch(self, seed: int) -> SampleBatch:
        study = self.study
        generator, real = study.get(study.generator), study.source.pick(study.unseen)
        return SampleBatch(generator, real, study.config.samples, seed, study.residuals)

    def _train(self, seed: int) -> dict[str, Downstream]:
        """Train every learner on the real rows that the generator learned from."""
        study = self.study
        x, label = study.dataset.pick(study.split.train)
        trained: dict[str, Downstream] = {}
        with study.stages.stage("learners", ends=False) as advance:
            for name, fit in study.learners.items():
                trained[name] = fit(x, label, study.dataset.units, study.dataset.classes, seed)
                advance(1)
        return trained


def names_of(study: Reacting) -> tuple[str, ...]:
    """Name the noises that the generator allows, which need not be trained yet."""
    given, config = study.given, study.config
    learned = noises.LEARNED if study.residuals is not None else ()
    law = Gaussian(study.training.latent) if given is None else given.noise
    fitted = study.dataset.units.groups is None  # a network, which mixes labels
    mixes = fitted if given is None else given.mixes_labels
    known = (*noises.names(study.dataset.units, law, mixes), *learned)
    for name in config.noises:
        checks.choice("noise", name, known)
    return config.noises or known
