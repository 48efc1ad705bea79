"""The questions shares and lessons: learners in training meet generated rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from genenv import checks, seeding
from genenv.data import stratified_order
from genenv.parts import Advance, Part, save_json
from genenv.reacting.question import Question
from genenv.reactions import lessons, mixing
from genenv.reactions.rows import CELLS, Rows, load_rows

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting

QUARTER, LARGEST = 4, 10_000  # of the sizes of training sets, unless told


class Shares(Question):
    """Every learner learns from mixtures of real and generated rows, filtered or not."""

    def __init__(self, study: Reacting) -> None:
        super().__init__(study)
        self.sizes = sizes(study)
        self._pools = lru_cache(1)(lambda seed: pools(study, self.sizes, seed, mixing.FILTERS))

    def parts(self) -> Sequence[Part[Rows]]:
        """See `Question.parts`."""
        seeds = self.study.config.seeds
        return [self._part(seed, name) for seed in seeds for name in self.study.learners]

    def answer(self) -> dict[str, Any]:
        """See `Question.answer`."""
        rows = [row for part in self.parts() for row in self.study.get(part)]
        for sentence in mixing.left_out(rows, self.study.config.seeds):
            self.study.tell(sentence)
        return {"shares": rows}

    def _part(self, seed: int, name: str) -> Part[Rows]:
        study = self.study

        def make(advance: Advance) -> Rows:
            fit = study.learners[name]
            test = study.source.pick(study.test)
            made, generator = self._pools(seed), study.get(study.generator)
            return mixing.teach(name, fit, made, generator, test, self.sizes, seed, advance)

        mixtures = len(list(mixing.combinations(mixing.FILTERS)))
        return _rows("shares", seed, name, make, len(self.sizes) * mixtures)


class Lessons(Question):
    """Networks are watched while the share of generated rows changes."""

    needs_judge = False

    def __init__(self, study: Reacting) -> None:
        super().__init__(study)
        self.watched = [name for name in study.learners if name in lessons.WATCHED]
        self._pools = lru_cache(1)(lambda seed: pools(study, sizes(study), seed, ("none",)))

    def parts(self) -> Sequence[Part[Rows]]:
        """See `Question.parts`."""
        return [self._part(seed, n) for seed in self.study.config.seeds for n in self.watched]

    def answer(self) -> dict[str, Any]:
        """See `Question.answer`."""
        return {"lessons": [row for part in self.parts() for row in self.study.get(part)]}

    def _part(self, seed: int, name: str) -> Part[Rows]:
        study = self.study

        def make(advance: Advance) -> Rows:
            test, generator = study.source.pick(study.test), study.get(study.generator)
            return lessons.watch(name, self._pools(seed), generator, test, seed, advance)

        return _rows("lessons", seed, name, make, len(lessons.SCHEDULES))


def sizes(study: Reacting) -> tuple[int, ...]:
    """Return the numbers of real rows: as told, or all, at most 10,000, and a quarter of them."""
    rows = len(study.split.train)
    largest = min(rows, LARGEST)
    wanted = study.config.sizes or (max(largest // QUARTER, 1), largest)
    for size in wanted:
        if size > rows:
            raise checks.Mistake(f"sizes up to {rows}, the rows to learn from", size, "give less")
    return wanted


def pools(
    study: Reacting, real_rows: tuple[int, ...], seed: int, filters: tuple[str, ...]
) -> mixing.Pools:
    """Order the real rows, and generate as many by each filter."""
    generator = study.get(study.generator)
    guide = study.get(study.judge).guide if "judge" in filters else None
    order = stratified_order(study.dataset, seeding.fold(seed, "pools"))
    rows = order[np.isin(order, study.split.train)]
    count = mixing.made(max(real_rows), mixing.MOST)
    made = {}
    for kept in filters:
        address = seeding.fold(seed, "pool", kept)
        pool = mixing.generated(generator, guide, count, address, kept)
        if pool is not None:
            made[kept] = pool
    return mixing.Pools(study.dataset.pick(rows), made)


def _rows(stage: str, seed: int, learner: str, make: Any, units: int) -> Part[Rows]:
    path = f"{CELLS}/{stage}-{seed}-{quote(learner, safe='')}.json"
    return Part(path, stage, make, save_json, load_rows, stage, units)
