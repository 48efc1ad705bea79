"""What a study of reactions left, read from its folder: each answer, at every strength."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.board.flips import loaded
from genenv.failures import UNREADABLE
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, Lot

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
        It holds no answers that can be read.
    """

    def __init__(self, run: Path) -> None:
        self.generator = loaded(run / "generator")
        self.unread: list[str] = []
        for path in sorted((run / "cells").glob("answers-*.npz")):
            try:
                self.answers = Answers.load(path)
                self.seed = int(path.stem.rpartition("-")[2])
                break
            except UNREADABLE:
                self.unread.append(path.name)
        else:
            raise checks.Mistake(f"answers in {run.name}", "none that can be read", "resume it")
        self.noises = [
            name
            for name in self.answers.noises
            if not (name.startswith("real:") or name.endswith(":learned"))
        ]
        units = self.generator.units
        nothing = np.zeros((0, *units.shape), units.dtype), np.zeros(0, np.int64)
        count = len(self.answers.label["generated"])
        self.lot = Lot(self.generator, nothing, count, self.seed)
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
        j = STRENGTHS.index(strength)
        label, accepted = self.answers.label_of(noise), self.answers.accepted[noise][j]
        rows = []
        for k, learner in enumerate(self.answers.learners):
            p = np.exp(self.answers.log_p[noise][k, j].astype(np.float64))
            for i in range(min(len(label), MOST)):
                right = int(p[i].argmax()) == label[i]
                rows.append(
                    {
                        "sample": i,
                        "learner": learner,
                        "condition": self.classes[label[i]],
                        "answer": self.classes[int(p[i].argmax())],
                        "p": round(float(p[i].max()), 4),
                        "verdict": ("right" if right else "wrong")
                        + (", accepted" if accepted[i] else ", refused"),
                    }
                )
        return rows

    def sample(self, row: int, noise: str, strength: int) -> NDArray[Any]:
        """Return a sample under a noise, (1, *units.shape) in the data's units."""
        if (noise, strength) not in self._made:
            self._made[noise, strength] = self.lot.at(noise, strength)[0]
        return self._made[noise, strength][row : row + 1]
