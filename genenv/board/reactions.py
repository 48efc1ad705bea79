"""What a study of reactions left, read from its folder: each answer, at every strength."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.board.flips import within
from genenv.board.folders import own
from genenv.board.generated import loaded
from genenv.generators import Generator
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, SampleBatch

MOST = 400  # samples of a noise and learner that are shown

Row = dict[str, Any]


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

    def rows(self, noise: str, strength: int) -> list[Row]:
        """Return what every learner says of each sample under a noise.

        Raises
        ------
        Mistake
            An unknown noise or strength.
        """
        checks.choice("noise", noise, self.noises)
        checks.choice("strength", str(strength), [str(s) for s in STRENGTHS])
        count = min(len(self.answers.label_of(noise)), MOST)
        return [
            self._row(noise, STRENGTHS.index(strength), learner, sample)
            for learner in range(len(self.answers.learners))
            for sample in range(count)
        ]

    def path(self, noise: str, sample: int) -> list[Row]:
        """Return what every learner says of one sample at each strength of a noise."""
        checks.choice("noise", noise, self.noises)
        return [
            {"strength": strength} | self._row(noise, j, learner, sample)
            for learner in range(len(self.answers.learners))
            for j, strength in enumerate(STRENGTHS)
        ]

    def _row(self, noise: str, place: int, learner: int, sample: int) -> Row:
        label = int(self.answers.label_of(noise)[sample])
        p = np.exp(self.answers.log_p[noise][learner, place, sample].astype(np.float64))
        answer = int(p.argmax())
        accepted = self.answers.accepted[noise][place, sample]
        return {
            "sample": sample,
            "learner": self.answers.learners[learner],
            "condition": self.classes[label],
            "answer": self.classes[answer],
            "p": round(float(p[answer]), 4),
            "verdict": ("right" if answer == label else "wrong")
            + (", accepted" if accepted else ", refused"),
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
