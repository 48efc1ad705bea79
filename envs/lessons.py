"""What a Curriculum's learner is given: a problem a row, drawn or the same for all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import bundled, checks, ladder, seeding
from genenv.data import Source
from genenv.generators import Generator
from genenv.learning_task import LearningTask, find_task
from genenv.stacked.laws import MOST_WRONG, PARTS, REACH, SPLITS, between, check_family, pick
from genenv.stacked.teachers import SHARPNESS

MOST_BOUGHT = 20  # labelled rows of a decision
MOST_REAL = 4  # times the real rows of a class that are asked for

TOLD = 6  # numbers of a problem beside its generator
DRAWN = "drawn"  # the family

Rows = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Lessons:
    """Problems of n learners, (n,) each."""

    rung: Rows
    """Which of the generators."""
    real_rows: Rows
    """Labelled rows of each class at the start."""
    wrong: Numbers
    """Share of labelled rows that are of another class than they say."""
    width: Rows
    batch: Rows
    rate: Numbers
    """Learning rate at action 0."""
    budget: Rows
    """Decisions of an episode, at most."""
    generated_price: Numbers
    """Of a generated sample."""
    label_price: Numbers
    """Of a labelled row."""
    time_price: Numbers
    """Of a decision."""
    shift: NDArray[np.bool_]
    """Whether real rows move on the way."""

    def put(self, rows: Rows, other: Lessons) -> None:
        """Write others into some rows."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)

    def cost(self, rows: Rows, bought: Rows, generated: Rows) -> Numbers:
        """Charge some rows for a decision, labelled rows and generated samples, (k,) each."""
        labels = self.label_price[rows] * bought
        cost: Numbers = self.time_price[rows] + labels + self.generated_price[rows] * generated
        return cost

    def prices(self, samples: int) -> tuple[Numbers, Numbers, Numbers]:
        """Tell the prices: of a decision x 10, of all its samples x 10, of a label x 100."""
        generated = self.generated_price * samples
        return self.time_price * 10, generated * 10, self.label_price * 100

    def context(self, rungs: int) -> Numbers:
        """Tell what they are, (n, rungs + 6).

        The generator, one-hot; labelled rows of a class at the start / 4; share of wrong ones /
        0.3; log2 of the width / 6 and of the batch / 5; log10 of the rate + 2; whether real rows
        move.
        """
        one_hot = np.arange(rungs) == self.rung[:, None]
        numbers = (
            self.real_rows / MOST_REAL,
            self.wrong / MOST_WRONG,
            np.log2(self.width) / 6,
            np.log2(self.batch) / 5,
            np.log10(self.rate) + 2,
            self.shift,
        )
        return np.concatenate([one_hot, np.stack(numbers, 1)], 1)


@dataclass(frozen=True)
class Wish:
    """What a decision asks for, (k,) each but the law."""

    law: Numbers
    """Of labels, (k, classes)."""
    strength: Numbers
    """Of the generator's noise."""
    share: Numbers
    """Of generated samples."""
    rate: Numbers
    """Learning rate over that of action 0, as the logarithm to base 10."""
    labels: Rows
    """Labelled rows to be had more."""

    @staticmethod
    def read(action: NDArray[np.floating[Any]], classes: int) -> Wish:
        """Read actions (k, classes + 5), as Curriculum has them."""
        a = action.astype(np.float64).clip(-1.0, 1.0)
        law = np.exp(SHARPNESS * a[:, :classes])
        strength, share, rate, labels = a[:, classes : classes + 4].T
        return Wish(
            law / law.sum(1, keepdims=True),
            2.0**strength,
            (1 + share) / 2,
            rate,
            np.rint(MOST_BOUGHT * labels.clip(0.0)).astype(np.int64),
        )


@dataclass(frozen=True)
class Law:
    """From which problems are drawn.

    Raises
    ------
    Mistake
        An unknown split, a share that is none, or, of drawn ones, a width or batch below four.
    """

    drawn: bool
    """False: all have what is given here, without prices."""
    split: str
    shift: float
    """Share of drawn problems whose real rows move."""
    rungs: int
    real_rows: int
    """Drawn: up to four times as many."""
    width: int
    """Drawn: the whole, a half or a quarter."""
    batch: int
    """Drawn: the whole, a half or a quarter."""
    updates: int
    rate: float
    """Drawn: from an eighth to eight times."""
    decisions: int
    """Drawn: at least half of them."""

    def __post_init__(self) -> None:
        checks.choice("split", self.split, SPLITS)
        if self.drawn:
            check_family(self.split, self.shift, self.width, self.batch)

    def lessons(self, keys: NDArray[np.uint64]) -> Lessons:
        """Draw the problems of some addresses, (k,)."""
        if not self.drawn:
            return self._same(len(keys))
        u = seeding.uniforms(seeding.fold_rows(keys, "lessons", self.split), 11)
        least, samples = (self.decisions + 1) // 2, self.updates * self.batch
        return Lessons(
            rung=pick(u[:, 0], self.rungs),
            real_rows=self.real_rows * (1 + pick(u[:, 1], MOST_REAL)),
            wrong=MOST_WRONG * u[:, 2],
            width=self.width // np.array(PARTS)[pick(u[:, 3], len(PARTS))],
            batch=self.batch // np.array(PARTS)[pick(u[:, 4], len(PARTS))],
            rate=between(u[:, 5], self.rate / REACH, self.rate * REACH),
            budget=least + pick(u[:, 6], self.decisions - least + 1),
            generated_price=between(u[:, 7], 5e-3, 2e-1) / samples,
            label_price=between(u[:, 8], 1e-3, 3e-2),
            time_price=between(u[:, 9], 5e-3, 1e-1),
            shift=u[:, 10] < self.shift,
        )

    def _same(self, count: int) -> Lessons:
        whole, number = np.ones(count, np.int64), np.ones(count)
        return Lessons(
            rung=(self.rungs - 1) * whole,
            real_rows=self.real_rows * whole,
            wrong=0 * number,
            width=self.width * whole,
            batch=self.batch * whole,
            rate=self.rate * number,
            budget=self.decisions * whole,
            generated_price=0 * number,
            label_price=0 * number,
            time_price=0 * number,
            shift=np.zeros(count, np.bool_),
        )


def is_drawn(family: Source | None, generator: object, run: object) -> bool:
    """Whether problems are drawn: they are, unless data or where they come from are given."""
    if family is None:
        return generator is None and run is None
    return isinstance(family, str) and family == DRAWN


def find_lessons(
    family: Source | None, generator: str | Path | Generator | None, run: str | Path | None
) -> tuple[LearningTask, tuple[Generator, ...]]:
    """Find real rows and generators, from the least trained one on; see `Curriculum`.

    Raises
    ------
    Mistake
        See `task.find_task`.
    """
    named = isinstance(family, str)
    bundled_ones = generator is None and run is None
    if family is None or (named and (family == DRAWN or (family == "digits" and bundled_ones))):
        task = find_task(None, generator, run)
    else:
        task = find_task(family, generator, run)
    if bundled_ones and is_drawn(family, generator, run):
        return task, ladder.generators(bundled.FOLDER)
    return task, (task.generator,)
