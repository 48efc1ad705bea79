"""The study of reactions: generator, judge, learners that meet noise and shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from genenv import checks, corruptions, files, learners, prepared, runs, seeding
from genenv.data import Dataset, Split, split, stratified_order
from genenv.downstream import Downstream
from genenv.generators import Generator
from genenv.given_judge import MADE, given_judge
from genenv.judge import Judge
from genenv.noise import Gaussian
from genenv.parts import Advance, Part, save_json
from genenv.reactions import charts, lessons, mixing, noises, order
from genenv.reactions.meeting import Answers, alike, curves, half_margins, meet
from genenv.reactions.noises import STRENGTHS, Lot
from genenv.reactions.points import Points, take
from genenv.reactions.rows import CELLS, Rows, load_rows
from genenv.report.reactions import markdown, write_page
from genenv.settings import ReactConfig
from genenv.stages import Stages
from genenv.study import Study
from genenv.training import TrainingConfig
from genenv.training.machine import pick_threads, settled

SCHEMA = 1  # of react.json
QUARTER, LARGEST = 4, 10_000  # of the sizes of training sets, unless told


class Reacting(Study[dict[str, Any]]):
    """One study in a folder; `run` returns the content of react.json.

    Parameters
    ----------
    config
        Settings.
    dataset
        Labelled data. If it came with a test set, the judge and the figures use that one.
    generator
        Conditional, trained on the data; None: one is fitted.
    folder, stages, line, lasting
        See `Study`.
    residuals
        A generator of what real rows differ by: it is met as the noise `learned`.
    generator_run
        The run that `generator` was loaded from, which may know the rows it was trained on.
    judge
        One that was made elsewhere, or a folder that holds it; None: one is made.

    Raises
    ------
    Mistake
        Data without labels, a generator of other data, an unknown learner or noise, or sizes beyond
        the rows that there are.
    """

    command = "react"

    def __init__(
        self,
        config: ReactConfig,
        dataset: Dataset,
        generator: Generator | None,
        folder: Path,
        stages: Stages | None = None,
        line: str = "",
        residuals: Generator | None = None,
        generator_run: Path | None = None,
        lasting: bool = True,
        judge: Judge | str | Path | None = None,
        no_cache: bool = False,
    ) -> None:
        super().__init__(folder, stages, line, lasting, no_cache)
        if dataset.label is None:
            raise checks.Mistake("labelled data", f"none in {dataset.name}", "give y")
        if generator is not None:
            prepared.check_fits(generator, dataset)
            dataset = replace(dataset, units=generator.units)  # one map to [-1, 1] for all
        if residuals is not None and residuals.units.shape != dataset.units.shape:
            raise checks.Mistake(
                f"residuals of shape {dataset.units.shape}", residuals.units.shape, "fit others"
            )
        self.config, self.dataset = config, dataset
        self.source = dataset if dataset.held_out is None else dataset.held_out
        self.split: Split = split(dataset, config.seed, dataset.held_out)
        self.given, self.residuals = generator, residuals
        self.told += dataset.notes
        if not config.noises:
            self.told += corruptions.not_installed(dataset.units)
        if generator is not None and self.split.shares_rows:
            seen = runs.seen_by_generator(generator_run, dataset, self.split)
            self.told += [seen] if seen else []
        names = config.learners or learners.usual(dataset.units)
        self.training: TrainingConfig = prepared.training(
            config.objective, config.steps, config.seed, config.threads,
            dataset, len(self.split.train),
        )  # fmt: skip
        self.noises = self._noises()
        self.learners = {name: learners.named(name, dataset.units) for name in names}
        self.watched = [name for name in self.learners if name in lessons.WATCHED]
        self.sizes = self._sizes(len(self.split.train))
        self.generator = prepared.generator_part(
            self, dataset, self.split.train, self.training, generator
        )
        self.given_judge = given_judge(judge)
        if self.given_judge is None:
            self.judge = prepared.judge_part(dataset, self.source, self.split, config.seed)
        else:
            self.judge = self.given_judge.part(self, dataset, self.source, self.split)
        self._lot = cache(self._make_lot)
        self._trained_of = lru_cache(1)(self._train)
        self._pools_of = lru_cache(1)(self._pools)

    def _noises(self) -> tuple[str, ...]:
        """Name the noises that the generator allows, which need not be trained yet."""
        learned = noises.LEARNED if self.residuals is not None else ()
        law = Gaussian(self.training.latent) if self.given is None else self.given.noise
        fitted = self.dataset.units.groups is None  # a network, which mixes labels
        mixes = fitted if self.given is None else self.given.mixes_labels
        known = (*noises.names(self.dataset.units, law, mixes), *learned)
        for name in self.config.noises:
            checks.choice("noise", name, known)
        return self.config.noises or known

    def _sizes(self, rows: int) -> tuple[int, ...]:
        largest = min(rows, LARGEST)
        sizes = self.config.sizes or (max(largest // QUARTER, 1), largest)
        for size in sizes:
            if size > rows:
                raise checks.Mistake(
                    f"sizes up to {rows}, the rows to learn from", size, "give less"
                )
        return sizes

    @cached_property
    def unseen(self) -> NDArray[np.int64]:
        """Rows of the source that neither learner, generator nor audit saw, in stratified order."""
        order_of_all = stratified_order(self.source, seeding.fold(self.config.seed, "unseen"))
        rows = np.concatenate([self.split.guide, self.split.test])
        return order_of_all[np.isin(order_of_all, rows)]

    @cached_property
    def test(self) -> NDArray[np.int64]:
        """Rows of the source that neither learner, generator nor guide saw."""
        return np.concatenate([self.split.audit, self.split.test])

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        return {
            "react": runs.settings(self.config),
            "data": runs.describe(self.dataset),
            "generator": "fitted" if self.given is None else runs.fingerprint(self.given),
            "judge": MADE if self.given_judge is None else self.given_judge.digest,
            "residuals": None if self.residuals is None else runs.fingerprint(self.residuals),
            "training": runs.settings(self.training),
            "split": runs.rows_of(self.split),
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        of_learners = [
            part
            for seed in self.config.seeds
            for part in (
                *(self._shares(seed, name) for name in self.learners),
                *(self._lessons(seed, name) for name in self.watched),
            )
        ]
        met = [self._answers(seed) for seed in self.config.seeds]
        return [self.generator, self.judge, self._points, *met, *of_learners]

    def totals(self) -> dict[str, int]:
        """See `Study.totals`."""
        totals = super().totals()
        first = {name: totals.pop(name) for name in ("generator", "judge") if name in totals}
        trained = {"learners": len(self.config.seeds) * len(self.learners)}
        return first | trained | totals | {"figures": len(self.noises)}

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        return {"checkpoints": "checkpoints"} | super().words()

    def work(self) -> dict[str, Any]:
        """Let learners meet noise and shares, and show their figures."""
        images = self.dataset.units.family == "image"
        with settled(pick_threads(self.config.threads, 0, images)):
            self.get(self.generator)
            self.get(self.judge)
            points = self.get(self._points)
            answers = {seed: self.get(self._answers(seed)) for seed in self.config.seeds}
            self.stages.reach("learners")
            content = self._content(answers, *self._taught())
            with self.stages.stage("figures") as advance:
                lot, text = self._lot(self.config.seeds[0]), markdown(content)
                charts.write(self.folder, content, answers, lot, points, text, advance)
            content["timings"] = dict(self.stages.seconds)
        files.write_json(self.folder / "react.json", content)
        write_page(content, self.folder / "react.html")
        return content

    @cached_property
    def _points(self) -> Part[Points]:
        first = self.config.seeds[0]

        def place(_: Advance) -> Points:
            return take(self._lot(first), self._trained_of(first), self.noises)

        path = f"{CELLS}/points-{first}.npz"
        return Part(path, "points", place, Points.save, Points.load, "noise")

    def _answers(self, seed: int) -> Part[Answers]:
        """Let trained learners meet noise; they are trained where answers or points are missing."""

        def make(advance: Advance) -> Answers:
            trained = self._trained_of(seed)
            return meet(self._lot(seed), trained, self.get(self.judge), self.noises, advance)

        path, units = f"{CELLS}/answers-{seed}.npz", len(self.noises) * len(STRENGTHS)
        return Part(path, "answers", make, Answers.save, Answers.load, "noise", units)

    def _shares(self, seed: int, name: str) -> Part[Rows]:
        """Let a learner learn from every mixture."""
        fit, mixtures = self.learners[name], len(list(mixing.combinations(mixing.FILTERS)))

        def make(advance: Advance) -> Rows:
            pools, test = self._pools_of(seed), self.source.pick(self.test)
            generator = self.get(self.generator)
            return mixing.teach(name, fit, pools, generator, test, self.sizes, seed, advance)

        return self._rows("shares", seed, name, make, len(self.sizes) * mixtures)

    def _lessons(self, seed: int, name: str) -> Part[Rows]:
        """Watch a network while it learns."""

        def make(advance: Advance) -> Rows:
            test, generator = self.source.pick(self.test), self.get(self.generator)
            return lessons.watch(name, self._pools_of(seed), generator, test, seed, advance)

        return self._rows("lessons", seed, name, make, len(lessons.SCHEDULES))

    def _rows(
        self, stage: str, seed: int, learner: str, make: Callable[[Advance], Rows], units: int
    ) -> Part[Rows]:
        path = f"{CELLS}/{stage}-{seed}-{quote(learner, safe='')}.json"
        return Part(path, stage, make, save_json, load_rows, stage, units)

    def _make_lot(self, seed: int) -> Lot:
        generator, real = self.get(self.generator), self.source.pick(self.unseen)
        return Lot(generator, real, self.config.samples, seed, self.residuals)

    def _train(self, seed: int) -> dict[str, Downstream]:
        """Train every learner on the real rows that the generator learned from."""
        x, label = self.dataset.pick(self.split.train)
        units, classes = self.dataset.units, self.dataset.classes
        trained: dict[str, Downstream] = {}
        with self.stages.stage("learners", ends=False) as advance:
            for name, fit in self.learners.items():
                trained[name] = fit(x, label, units, classes, seed)
                advance(1)
        return trained

    def _taught(self) -> tuple[Rows, Rows]:
        """Let every learner learn from every mixture, and watch the networks while they learn."""
        shares, watched = Rows(), Rows()
        for seed in self.config.seeds:
            for name in self.learners:
                rows = self.get(self._shares(seed, name))
                shares += rows
            for name in self.watched:
                rows = self.get(self._lessons(seed, name))
                watched += rows
        for sentence in mixing.left_out(shares, self.config.seeds):
            self.tell(sentence)
        return shares, watched

    def _pools(self, seed: int) -> mixing.Pools:
        """Order the real rows, and generate as many by each filter."""
        generator, guide = self.get(self.generator), self.get(self.judge).guide
        order_of_all = stratified_order(self.dataset, seeding.fold(seed, "pools"))
        rows = order_of_all[np.isin(order_of_all, self.split.train)]
        pools = {}
        for kept in mixing.FILTERS:
            address = seeding.fold(seed, "pool", kept)
            count = mixing.made(max(self.sizes), mixing.MOST)
            pool = mixing.generated(generator, guide, count, address, kept)
            if pool is not None:
                pools[kept] = pool
        return mixing.Pools(self.dataset.pick(rows), pools)

    def _content(self, answers: dict[int, Answers], shares: Rows, watched: Rows) -> dict[str, Any]:
        """Turn answers into figures."""
        generator, judge = self.get(self.generator), self.get(self.judge)
        rows = [row for seed, own in answers.items() for row in curves(own, seed)]
        x, label = self.source.pick(self.unseen)
        hardest = order.hard(judge, x, label)
        cells = [row for own in answers.values() for row in order.cells(own, hardest)]
        return {
            "schema": SCHEMA,
            "data": runs.describe(self.dataset),
            "generator": _made(generator),
            "judge": judge.quality,
            "learners": list(self.learners),
            "noises": list(self.noises),
            "strengths": list(STRENGTHS),
            "seeds": list(self.config.seeds),
            "curves": rows,
            "half_margins": half_margins(rows),
            "between": [row for seed, own in answers.items() for row in alike(own, seed)],
            "shares": shares,
            "lessons": watched,
            "order": {
                **order.rank_correlation(cells, self.config.seed),
                "hard_rows": int(hardest.sum()),
                "hard": order.HARD,
                "least": order.LEAST,
                "cells": cells,
            },
            "told": self.told,
        }


def _made(generator: Generator) -> dict[str, Any]:
    """Say what a generator was made by."""
    facts = generator.facts()
    return {"objective": facts.get("objective", facts.get("path", "")), "kind": facts["network"]}
