"""The study of reactions, stage by stage: generator, judge, learners that meet noise and shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, corruptions, learners, runs, seeding
from genenv.data import Dataset, Split, split, stratified_order
from genenv.downstream import Downstream
from genenv.fitting import check_fits, prepared_generator
from genenv.generators import Generator
from genenv.judge import Judge, judge_steps, make_judge
from genenv.learners import Fitted
from genenv.reactions import charts, lessons, mixing, noises, order
from genenv.reactions.finished import Advance, Finished, Rows
from genenv.reactions.meeting import Answers, alike, curves, half_margins, meet
from genenv.reactions.noises import STRENGTHS, Lot
from genenv.reactions.points import Points, take
from genenv.report.reactions import markdown, write_page
from genenv.stages import Stages
from genenv.tracking import Tracker
from genenv.training import TrainingConfig, preset, shrunk
from genenv.training.machine import pick_threads, settled

SCHEMA = 1  # of react.json
QUARTER, LARGEST = 4, 10_000  # of the sizes of training sets, unless told


@dataclass(frozen=True)
class ReactConfig:
    """Everything that decides a study but data and generator."""

    learners: tuple[str, ...] = ()
    """Names in LEARNERS, or module:factory; none: the quick ones."""
    noises: tuple[str, ...] = ()
    """SOURCE:KIND, see `reactions.noises.names`; none: all that there are."""
    samples: int = 500
    """Generated samples a noise and strength."""
    sizes: tuple[int, ...] = ()
    """Real rows of a training set; none: the generator's, at most 10,000, and a quarter of them."""
    seeds: tuple[int, ...] = (0,)
    """Of the learners and of the samples."""
    seed: int = 0
    """Of the split, the generator and the judge."""
    objective: str = "relativistic"
    """Of the generator that is fitted where none is given."""
    steps: int | None = None
    """Updates of that generator; None: the preset's."""
    threads: int = 0
    """CPU threads; 0: one for tiny networks, else torch's default."""

    def __post_init__(self) -> None:
        """Raise a Mistake that names the field."""
        if not self.seeds:
            raise checks.Mistake("at least one seed", "none", "name some")
        for name in ("learners", "noises", "seeds", "sizes"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise checks.Mistake(f"each of {name} once", f"{list(values)}", "drop repeats")
        checks.whole("samples", self.samples)
        for size in self.sizes:
            checks.whole("a size", size)
        if self.threads < 0:
            raise checks.Mistake("threads of 0 or more", self.threads, "give 0 for the rule")


class Reacting:
    """One study in a folder.

    Parameters
    ----------
    config
        Settings.
    dataset
        Labelled data. If it came with a test set, the judge and the figures use that one.
    generator
        Conditional, trained on the data; None: one is fitted.
    folder
        The run's folder.
    stages
        Progress and seconds; None: silent.
    command
        The command line that repeats the run.
    residuals
        A generator of what real rows differ by: it is met as the noise `learned`.
    generator_run
        The run that `generator` was loaded from, which may know the rows it was trained on.

    Raises
    ------
    Mistake
        Data without labels, a generator of other data, an unknown learner or noise, or sizes beyond
        the rows that there are.
    """

    def __init__(
        self,
        config: ReactConfig,
        dataset: Dataset,
        generator: Generator | None,
        folder: Path,
        stages: Stages | None = None,
        command: str = "",
        residuals: Generator | None = None,
        generator_run: Path | None = None,
    ) -> None:
        if dataset.label is None:
            raise checks.Mistake("labelled data", f"none in {dataset.name}", "give y")
        if generator is not None:
            check_fits(generator, dataset)
            dataset = replace(dataset, units=generator.units)  # one map to [-1, 1] for all
        if residuals is not None and residuals.units.shape != dataset.units.shape:
            raise checks.Mistake(
                f"residuals of shape {dataset.units.shape}", residuals.units.shape, "fit others"
            )
        self.config, self.dataset, self.folder = config, dataset, folder
        self.source = dataset if dataset.held_out is None else dataset.held_out
        self.split: Split = split(dataset, config.seed, dataset.held_out)
        self.stages, self.command = stages or Stages(), command
        self.given, self.residuals = generator, residuals
        self.finished = Finished(folder, self.stages, self._tell)
        self.told: list[str] = [*dataset.notes]
        if not config.noises:
            self.told += corruptions.not_installed(dataset.units)
        if generator is not None and self.split.shares_rows:
            seen = runs.seen_by_generator(generator_run, dataset, self.split)
            self.told += [seen] if seen else []
        learned = noises.LEARNED if residuals is not None else ()
        for name in config.noises:
            checks.choice("noise", name, (*noises.possible(dataset.units), *learned))
        names = config.learners or learners.usual(dataset.units)
        self.learners = {name: learners.named(name, dataset.units) for name in names}
        usual = preset(config.objective, dataset.units)
        steps = usual.steps if config.steps is None else config.steps
        training = replace(usual, seed=config.seed, threads=config.threads, steps=steps)
        self.training: TrainingConfig = shrunk(training, dataset.units, len(self.split.train))
        self.sizes = self._sizes(len(self.split.train))

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

    def run(self, resume: bool = False) -> dict[str, Any]:
        """Do what is not yet done; returns the content of react.json."""
        self.told += runs.begin(self.folder, "react", self._settings(), resume, self.command)
        self.stages.keep(self.folder / "timings.json")
        try:
            with Tracker(self.folder) as tracker, settled(self._threads()):
                generator = prepared_generator(
                    self.folder,
                    self.dataset,
                    self.split.train,
                    self.training,
                    self.given,
                    self.stages,
                    tracker,
                    resume,
                )
                self.stages.plan(self._totals(generator))
                content = self._study(generator)
            runs.write_json(self.folder / "react.json", content)
            write_page(content, self.folder / "react.html")
        finally:
            self.stages.close()
        return content

    def _settings(self) -> dict[str, Any]:
        rows = {name: value for name, value in vars(self.split).items()}
        return {
            "react": runs.settings(self.config),
            "data": runs.describe(self.dataset),
            "generator": "fitted" if self.given is None else runs.fingerprint(self.given),
            "residuals": None if self.residuals is None else runs.fingerprint(self.residuals),
            "training": runs.settings(self.training),
            "split": {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in rows.items()},
        }

    def _threads(self) -> int:
        return pick_threads(self.config.threads, 0, self.dataset.units.family == "image")

    def _noises(self, generator: Generator) -> tuple[str, ...]:
        learned = noises.LEARNED if self.residuals is not None else ()
        known = (*noises.names(generator), *learned)
        for name in self.config.noises:
            checks.choice("noise", name, known)
        return self.config.noises or known

    def _totals(self, generator: Generator) -> dict[str, int]:
        seeds, kinds = len(self.config.seeds), len(self.learners)
        met = len(self._noises(generator)) * len(STRENGTHS)
        mixtures = len(self.sizes) * len(list(mixing.combinations(mixing.FILTERS)))
        totals = {"judge": judge_steps(self.split)}
        totals |= {"learners": seeds * kinds, "noise": seeds * met}
        totals |= {"shares": seeds * kinds * mixtures}
        totals |= {"lessons": seeds * len(self._watched()) * len(lessons.SCHEDULES)}
        return totals | {"figures": len(self._noises(generator))}

    def _study(self, generator: Generator) -> dict[str, Any]:
        with self.stages.stage("judge") as advance:
            seed = seeding.fold(self.config.seed, "judge")
            judge = make_judge(self.dataset, self.source, self.split, seed, advance)
        answers, points = self._met(generator, judge)
        shares, watched = self._taught(generator, judge)
        content = self._content(generator, judge, answers, shares, watched)
        with self.stages.stage("figures") as advance:
            lot, text = self._lot(generator, self.config.seeds[0]), markdown(content)
            charts.write(self.folder, content, answers, lot, points, text, advance)
        content["timings"] = dict(self.stages.seconds)
        return content

    def _met(self, generator: Generator, judge: Judge) -> tuple[dict[int, Answers], Points]:
        """Let trained learners meet noise; they are trained where answers or points are missing."""
        names, answers = self._noises(generator), {}
        trained_of, first = lru_cache(1)(self._trained), self.config.seeds[0]

        def place() -> Points:
            return take(self._lot(generator, first), trained_of(first), names)

        points = self.finished.arrays("points", first, Points.load, place)
        for i, seed in enumerate(self.config.seeds):

            def answer(seed: int = seed) -> Answers:
                trained, lot = trained_of(seed), self._lot(generator, seed)
                with self.stages.stage("noise", ends=False) as advance:
                    return meet(lot, trained, judge.audit, names, advance)

            answers[seed] = self.finished.arrays("answers", seed, Answers.load, answer)
            self.stages.reach("learners", (i + 1) * len(self.learners))
            self.stages.reach("noise", (i + 1) * len(names) * len(STRENGTHS))
        return answers, points

    def _lot(self, generator: Generator, seed: int) -> Lot:
        real = self.source.pick(self.unseen)
        return Lot(generator, real, self.config.samples, seed, self.residuals)

    def _trained(self, seed: int) -> dict[str, Downstream]:
        """Train every learner on the real rows that the generator learned from."""
        x, label = self.dataset.pick(self.split.train)
        units, classes = self.dataset.units, self.dataset.classes
        trained: dict[str, Downstream] = {}
        with self.stages.stage("learners", ends=False) as advance:
            for name, fit in self.learners.items():
                trained[name] = fit(x, label, units, classes, seed)
                advance(1)
        return trained

    def _taught(self, generator: Generator, judge: Judge) -> tuple[Rows, Rows]:
        """Let every learner learn from every mixture, and watch the networks while they learn."""
        test, shares, watched = self.source.pick(self.test), Rows(), Rows()
        pools_of = lru_cache(1)(lambda seed: self._pools(generator, judge, seed))
        for seed in self.config.seeds:
            for name, fit in self.learners.items():

                def teach(
                    advance: Advance, name: str = name, fit: Fitted = fit, seed: int = seed
                ) -> Rows:
                    pools = pools_of(seed)
                    return mixing.teach(
                        name, fit, pools, generator, test, self.sizes, seed, advance
                    )

                shares += self.finished.rows("shares", seed, name, teach)
                self.stages.reach("shares", len(shares))  # a row a training
            for name in self._watched():

                def watch(advance: Advance, name: str = name, seed: int = seed) -> Rows:
                    return lessons.watch(name, pools_of(seed), generator, test, seed, advance)

                watched += self.finished.rows("lessons", seed, name, watch)
                self.stages.reach("lessons", len(watched))
        self.stages.reach("shares")  # with a filter left out, there were fewer
        for sentence in mixing.left_out(shares, self.config.seeds):
            self._tell(sentence)
        return shares, watched

    def _watched(self) -> list[str]:
        return [name for name in self.learners if name in lessons.WATCHED]

    def _pools(self, generator: Generator, judge: Judge, seed: int) -> mixing.Pools:
        """Order the real rows, and generate as many by each filter."""
        order_of_all = stratified_order(self.dataset, seeding.fold(seed, "pools"))
        rows = order_of_all[np.isin(order_of_all, self.split.train)]
        pools = {}
        for kept in mixing.FILTERS:
            address = seeding.fold(seed, "pool", kept)
            count = mixing.made(max(self.sizes), mixing.MOST)
            pool = mixing.generated(generator, judge.guide, count, address, kept)
            if pool is not None:
                pools[kept] = pool
        return mixing.Pools(self.dataset.pick(rows), pools)

    def _tell(self, sentence: str) -> None:
        if sentence not in self.told:
            self.told.append(sentence)
            self.stages.say(sentence)

    def _content(
        self,
        generator: Generator,
        judge: Judge,
        answers: dict[int, Answers],
        shares: Rows,
        watched: Rows,
    ) -> dict[str, Any]:
        """Turn answers into figures."""
        rows = [row for seed, own in answers.items() for row in curves(own, seed)]
        x, label = self.source.pick(self.unseen)
        hardest = order.hard(judge.audit, generator.units, x, label)
        cells = [row for own in answers.values() for row in order.cells(own, hardest)]
        return {
            "schema": SCHEMA,
            "data": runs.describe(self.dataset),
            "generator": _made(generator),
            "judge": judge.quality,
            "learners": list(self.learners),
            "noises": list(self._noises(generator)),
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
