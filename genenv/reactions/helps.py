"""Whether generated rows help a learner: trials beside as many rows made of the real ones alone.

A trial is a fresh subset of the real rows with generated rows added, or in their place, and the
same subset brought to the same number of rows by each null (`nulls`), so that a learner takes as
many steps. How many generated rows do best is chosen in trials of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, files, reading, seeding
from genenv.codecs import Codec
from genenv.data import Dataset, stratified_order
from genenv.data.doubles import digests
from genenv.learners import Fitted
from genenv.reactions.measures import calibration_error
from genenv.reactions.nulls import Labelled, nulls
from genenv.reactions.sources import Generated

BESIDE = {"add": (0.5, 1.0, 3.0), "replace": (1.0, 3.0)}  # generated rows a real row of a trial
CHOOSING = 5  # trials that choose among these
QUICK, SLOW = 20, {"cnn": 10}  # trials that measure
DRAWN = 4  # times the rows that are wanted, of a source without end, before copies are left out


@dataclass(frozen=True)
class Question:
    """What all learners are asked alike."""

    real: Dataset
    """Labelled rows to learn from."""
    test: Labelled
    """Real rows that set nothing and that the generated rows were not made from."""
    source: Generated
    """Of the generated rows."""
    seed: int
    """Address of subsets, generated rows, nulls and learners."""
    peers: tuple[str, ...] = ()
    """Nulls beyond the usual ones, see `nulls.PEERS`."""


@dataclass(frozen=True)
class Trials:
    """What a learner answered to the test rows, trial by trial."""

    learner: str
    size: int
    """Real rows of a trial."""
    rows: int
    """Real rows that it was taken from."""
    made: dict[str, int]
    """Way -> generated rows of a trial, its mean where copies were left out of some."""
    label: NDArray[np.int64]
    """(test,) class indices."""
    hit: dict[str, NDArray[np.bool_]]
    """Way, or way:null -> (trials, test): the answer was right."""
    error: dict[str, NDArray[np.float64]]
    """The same -> (trials,) expected calibration errors."""

    def save(self, path: Path) -> None:
        """Write one .npz file, whole."""
        ways = list(self.made)
        columns: dict[str, Any] = {
            "learner": np.array(self.learner),
            "rows": np.array([self.size, self.rows]),
            "ways": np.array(ways),
            "made": np.array([self.made[way] for way in ways]),
            "arms": np.array(list(self.hit)),
            "label": self.label,
            "hit": np.stack(list(self.hit.values())),
            "error": np.stack(list(self.error.values())),
        }
        files.write_atomically(path, lambda file: np.savez_compressed(file, **columns))

    @staticmethod
    def load(path: Path) -> Trials:
        """Read what `save` wrote."""
        file = reading.arrays(path)

        def read() -> Trials:
            ways, arms = file["ways"].tolist(), file["arms"].tolist()
            size, rows = file["rows"].tolist()
            return Trials(
                str(file["learner"]), size, rows,
                dict(zip(ways, file["made"].tolist(), strict=True)),
                file["label"],
                dict(zip(arms, file["hit"], strict=True)),
                dict(zip(arms, file["error"], strict=True)),
            )  # fmt: skip

        return reading.guarded(path, read)


class _Trial:
    """One fresh subset of the real rows, and what can stand beside it."""

    def __init__(self, question: Question, size: int, kind: str, number: int) -> None:
        self.question = question
        self.seed = seeding.fold(question.seed, kind, size, number)
        order = stratified_order(question.real, self.seed)
        self.real = question.real.pick(order[:size])
        others = question.real.x[order[size:]]
        self.others = {*digests(others), *digests(question.test[0])}

    def generated(self, count: int) -> Labelled:
        """Return up to `count` generated rows, of a source that ends half of them at most.

        Copies of real rows outside the trial are none: they say what these rows say, not what a
        generator knows, and the user has them already.
        """
        there = self.question.source.rows
        x, label = self.question.source.draw(there or DRAWN * count, self.seed)
        own = [i for i, digest in enumerate(digests(x)) if digest not in self.others]
        if not own:
            raise checks.Mistake(
                "generated rows that are no copies of real ones",
                f"copies of rows that test or that a trial leaves out, all {len(x):,}",
                "give rows that were made, not taken",
            )
        count = count if there is None else min(count, max(1, len(own) // 2))
        return x[own[:count]], label[own[:count]]

    def with_generated(self, way: str, count: int) -> Labelled:
        """Return the training set of a way: real rows and generated ones, or these alone."""
        made = self.generated(count)
        if way == "replace":
            return made
        x, label = (np.concatenate(pair) for pair in zip(self.real, made, strict=True))
        return x, label


def wanted(way: str, size: int) -> list[int]:
    """Count the generated rows beside `size` real ones that are tried."""
    return [max(1, round(ratio * size)) for ratio in BESIDE[way]]


def trials(learner: str) -> int:
    """Count the trials that measure a learner."""
    return SLOW.get(learner, QUICK)


def work(units: Codec, learner: str, peers: Sequence[str] = ()) -> int:
    """Count the trainings of `ask`."""
    chosen = CHOOSING * sum(map(len, BESIDE.values()))
    return chosen + trials(learner) * len(BESIDE) * (1 + len(nulls(units, peers)))


def ask(
    question: Question,
    learner: str,
    fit: Fitted,
    size: int,
    advance: Callable[[int], None] | None = None,
) -> Trials:
    """Let a learner learn with and without generated rows.

    Parameters
    ----------
    question
        Real rows, test rows, and the source of generated ones.
    learner, fit
        Its name, and how it is trained.
    size
        Real rows of a trial.
    advance
        Called with 1 after each training.
    """
    pupil = _Pupil(question, fit, advance)
    chosen = {way: _chosen(pupil, size, way) for way in BESIDE}
    made: dict[str, list[int]] = {way: [] for way in BESIDE}
    hit: dict[str, list[NDArray[np.bool_]]] = {}
    error: dict[str, list[float]] = {}
    for number in range(trials(learner)):
        trial = _Trial(question, size, "measured", number)
        arms = _arms(trial, chosen)
        for way, counts in made.items():
            counts.append(len(arms[way][0]) - (size if way == "add" else 0))
        for arm, rows in arms.items():
            right, off = pupil.learn(rows, trial.seed)
            hit.setdefault(arm, []).append(right)
            error.setdefault(arm, []).append(off)
    return Trials(
        learner, size, len(question.real),
        {way: round(float(np.mean(counts))) for way, counts in made.items()},
        question.test[1],
        {arm: np.stack(rows) for arm, rows in hit.items()},
        {arm: np.array(values) for arm, values in error.items()},
    )  # fmt: skip


class _Pupil:
    """A learner that is trained afresh for every training set, and asked about the test rows."""

    def __init__(
        self, question: Question, fit: Fitted, advance: Callable[[int], None] | None
    ) -> None:
        self.question = question
        self.fit = fit
        self.advance = advance

    def learn(self, rows: Labelled, seed: int) -> tuple[NDArray[np.bool_], float]:
        """Return which answers are right, (test,), and the calibration error."""
        units, classes = self.question.real.units, self.question.real.classes
        x, label = self.question.test
        model = self.fit(*rows, units, classes, seed)
        with torch.no_grad():
            p = model.log_probabilities(units.tensor(x)).exp().numpy()
        hit: NDArray[np.bool_] = p.argmax(1) == label
        if self.advance:
            self.advance(1)
        return hit, calibration_error(p.max(1), hit)


def _chosen(pupil: _Pupil, size: int, way: str) -> int:
    """Choose how many generated rows do best, in trials that measure nothing."""
    tried = [_Trial(pupil.question, size, "choosing", number) for number in range(CHOOSING)]

    def accuracy(count: int) -> float:
        return float(np.mean([pupil.learn(t.with_generated(way, count), t.seed)[0] for t in tried]))

    counts = wanted(way, size)
    return counts[int(np.argmax([accuracy(count) for count in counts]))]


def _arms(trial: _Trial, made: dict[str, int]) -> dict[str, Labelled]:
    """Return the training sets of a trial: way, and way:null of as many rows."""
    units = trial.question.real.units
    arms = {}
    for way, count in made.items():
        arms[way] = trial.with_generated(way, count)
        total = max(len(arms[way][0]), len(trial.real[0]))
        for name, null in nulls(units, trial.question.peers).items():
            arms[f"{way}:{name}"] = null(trial.real, total, units, trial.seed)
    return arms
