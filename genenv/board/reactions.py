"""What a study of reactions left, read from its folder: each answer, at every strength."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.board.folders import own
from genenv.board.generated import loaded
from genenv.board.shards import within
from genenv.generators import Generator
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, SampleBatch

PAGE = 24  # samples that are answered at a time
KINDS = ("right", "wrong", "refused")  # of an answer: the audit refused its sample
ANY = ("any", "all", "")  # what a question says that leaves something open

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What the samples of a page have in common; "any" and "all" leave it open."""

    noise: str = ""
    """Empty: the first one."""
    learner: str = "any"
    """Whose answers are looked at."""
    strength: str = "any"
    """At which they are looked at."""
    show: str = "all"
    """What one of these answers is: a member of KINDS."""
    condition: str = "all"
    """The label."""

    def keeps(
        self,
        verdict: NDArray[np.int64],
        condition: NDArray[np.str_],
        learners: tuple[str, ...],
    ) -> NDArray[np.bool_]:
        """Return which samples (n,) are asked for, by verdicts (learners, strengths, n).

        Raises
        ------
        Mistake
            An unknown learner, strength or kind of answer.
        """
        own = verdict
        if self.learner not in ANY:
            own = own[[learners.index(checks.choice("learner", self.learner, learners))]]
        if self.strength not in ANY:
            names = [str(s) for s in STRENGTHS]
            own = own[:, [names.index(checks.choice("strength", self.strength, names))]]
        kept = np.ones(len(condition), np.bool_)
        if self.show not in ANY:
            kind = KINDS.index(checks.choice("show", self.show, KINDS))
            kept = (own == kind).any((0, 1))
        return kept if self.condition in ANY else kept & (condition == self.condition)


class Reactions:
    """The answers of one seed of a study; noise of real rows is left out, for they lie elsewhere.

    Parameters
    ----------
    run
        Folder of a study.

    Raises
    ------
    Mistake
        It holds no answers to generated samples that can be read.
    """

    def __init__(self, run: Path) -> None:
        self.generator = loaded(run)
        self.unread: list[str] = []
        why = "no file"
        for path in sorted((run / "cells").glob("answers-[0-9]*.npz")):
            try:
                self.answers = _answers(own(path, run), self.generator)
                self.seed = _seed(path)
                break
            except checks.Mistake as error:
                self.unread.append(path.name)
                why = f"{path.name}: {error}"
        else:
            raise checks.Mistake(f"answers in {run.name} that can be read", why, "resume the study")
        self.noises = [
            name
            for name in self.answers.noises
            if not (name.startswith("real:") or name.endswith(":learned"))
        ]
        if not self.noises:
            raise checks.Mistake(
                f"noises of generated samples in {run.name}",
                ", ".join(self.answers.noises),
                "open its react.html: the rows themselves are not in the run",
            )
        units = self.generator.units
        nothing = np.zeros((0, *units.shape), units.dtype), np.zeros(0, np.int64)
        count = len(self.answers.label["generated"])
        self.batch = SampleBatch(self.generator, nothing, count, self.seed)
        self.classes = [str(c) for c in self.generator.classes]
        self._made: dict[tuple[str, int], NDArray[Any]] = {}

    def page(self, asked: Asked, number: int) -> dict[str, Any]:
        """Return the heat map of a noise, and a page of samples.

        Parameters
        ----------
        asked
            The noise, and what the samples of the page have in common.
        number
            Of the page, from 0.

        Raises
        ------
        Mistake
            An unknown noise, learner, strength or kind of answer.
        """
        noise = asked.noise or self.noises[0]
        verdict = self._verdicts(noise)
        kept = np.flatnonzero(asked.keeps(verdict, self._conditions(noise), self.answers.learners))
        shown = kept[number * PAGE : (number + 1) * PAGE]
        right = self._right(noise).mean(2)
        return {
            "noises": self.noises,
            "noise": noise,
            "strengths": list(STRENGTHS),
            "seed": self.seed,
            "unread": self.unread,
            "heat": [
                {"learner": name, "agreement": row.round(4).tolist()}
                for name, row in zip(self.answers.learners, right, strict=True)
            ],
            "accepted": self.answers.accepted[noise].mean(1).round(4).tolist(),
            "choices": {"condition": self.classes},
            "total": verdict.shape[2],
            "count": len(kept),
            "page": number,
            "each": PAGE,
            "blocks": [self._block(noise, int(sample), verdict) for sample in shown],
        }

    def path(self, noise: str, sample: int) -> dict[str, Any]:
        """Return every learner's probabilities of one sample at each strength of a noise.

        Raises
        ------
        Mistake
            An unknown noise.
        """
        checks.choice("noise", noise, self.noises)
        p = np.exp(self.answers.log_p[noise][:, :, sample].astype(np.float64)).round(4)
        return {
            "classes": self.classes,
            "condition": self.classes[self.answers.label_of(noise)[sample]],
            "accepted": self.answers.accepted[noise][:, sample].tolist(),
            "said": [
                {"learner": name, "p": own.tolist()}
                for name, own in zip(self.answers.learners, p, strict=True)
            ],
        }

    def _right(self, noise: str) -> NDArray[np.bool_]:
        """Whether answers are the label: (learners, strengths, n)."""
        checks.choice("noise", noise, self.noises)
        said = self.answers.log_p[noise].argmax(3)
        right: NDArray[np.bool_] = said == self.answers.label_of(noise)
        return right

    def _verdicts(self, noise: str) -> NDArray[np.int64]:
        """Return places in KINDS, (learners, strengths, n)."""
        told = np.where(self._right(noise), 0, 1)
        return np.where(self.answers.accepted[noise], told, 2)

    def _conditions(self, noise: str) -> NDArray[np.str_]:
        return np.array(self.classes)[self.answers.label_of(noise)]

    def _block(self, noise: str, sample: int, verdict: NDArray[np.int64]) -> Row:
        log_p = self.answers.log_p[noise][:, :, sample].astype(np.float64)
        answer, p = log_p.argmax(2), np.exp(log_p.max(2))
        return {
            "sample": sample,
            "condition": self.classes[self.answers.label_of(noise)[sample]],
            "said": [
                {
                    "learner": name,
                    "cells": [
                        {
                            "answer": self.classes[answer[i, j]],
                            "p": round(float(p[i, j]), 4),
                            "verdict": KINDS[verdict[i, j, sample]],
                        }
                        for j in range(len(STRENGTHS))
                    ],
                }
                for i, name in enumerate(self.answers.learners)
            ],
        }

    def sample(self, row: int, noise: str, strength: int) -> NDArray[Any]:
        """Return a sample under a noise, (1, *units.shape) in the data's units."""
        if (noise, strength) not in self._made:
            self._made[noise, strength] = self.batch.at(noise, strength)[0]
        return self._made[noise, strength][row : row + 1]


def _seed(path: Path) -> int:
    """Read the seed off the name of a file of answers."""
    text = path.stem.rpartition("-")[2]
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise checks.Mistake("answers-SEED.npz", path.name, "rename it")
    return int(text)


def _answers(path: Path, generator: Generator) -> Answers:
    """Read the answers of a seed.

    Raises
    ------
    Mistake
        Arrays that do not belong together, or not to the generator, or to other strengths.
    """
    answers = Answers.load(path)
    classes = len(generator.classes)
    for noise in answers.noises:
        label = answers.label_of(noise)
        within("label", label, classes)
        met = len(STRENGTHS), len(label)
        checks.shape(f"accepted {noise}", answers.accepted[noise], met)
        said = len(answers.learners), *met, classes
        checks.shape(f"log_p {noise}", answers.log_p[noise], said)
    return answers
