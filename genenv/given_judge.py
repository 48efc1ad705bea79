"""A judge that was made elsewhere: its gates and its cut stand as they are, nothing is trained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, judge
from genenv.data import Dataset, Split
from genenv.judge import Judge
from genenv.parts import Advance, Part, checked
from genenv.prepared import kind
from genenv.study import Study

IN_PYTHON = "an object given in Python"
MADE = "made"  # in config.json, in the place of a given judge's digest
OWN = (
    "untouched", "test_rows", "real_rejected", "real_rejected_by_class", "unreal_by_class",
    "guide_real_rejected", "wrong_among_accepted", "accuracy", "largest_class", "log_loss",
    "calibration", "contradictions",
)  # fmt: skip
"""Figures of a judge that a run replaces by those of its own rows, and keeps under `own`."""

Answer = Callable[[NDArray[Any]], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class GivenJudge:
    """A judge, and where it comes from."""

    judge: Judge
    origin: str
    """The folder, or that it came as an object."""

    @property
    def digest(self) -> str:
        """Tell it from any other: its rows, what it says of them, gates and cut."""
        found, audit = hashlib.sha256(), self.judge.audit
        for column in (self.judge.folds.name, self.judge.record.label, self.judge.record.p):
            found.update(column.tobytes())
        plain = [[gate.to_json() for gate in audit.gates], audit.cut]
        found.update(json.dumps(plain).encode())
        return found.hexdigest()

    def check_fits(self, dataset: Dataset) -> None:
        """Raise a Mistake unless it is of this version and judges samples like the data."""
        quality = self.judge.quality.get("own", self.judge.quality)
        lacking = [name for name in OWN if name not in quality]
        if lacking:
            raise checks.Mistake(
                "a judge of this version", f"one without {', '.join(lacking)} in {self.origin}",
                "make it anew with `genenv judge`",
            )  # fmt: skip
        wanted = kind(dataset.units, dataset.classes)
        got = kind(self.judge.units, self.judge.classes)
        if wanted != got:
            advice = "make one of these data with `genenv judge`"
            raise checks.Mistake(f"a judge of {wanted}", f"{got} in {self.origin}", advice)

    def part(
        self,
        study: Study[Any],
        dataset: Dataset,
        source: Dataset,
        split: Split,
        answer: Answer | None = None,
    ) -> Part[Judge]:
        """Return it as the part of a run, whose untouched rows it is measured on.

        Parameters
        ----------
        study
            Whose run it is; it is told whose judge this is.
        dataset, source, split
            Of the run, see `judge.make_judge`.
        answer
            The model under test: stored samples -> class indices; None: there is none.

        Raises
        ------
        Mistake
            It judges samples of another shape or dtype, or other classes.
        """
        self.check_fits(dataset)
        study.notes += self.overlap(source, split)

        def make(_: Advance) -> Judge:
            belief = replace(self.judge.belief, model="the model that it was made beside")
            return replace(self.judge, belief=belief, quality=self.measured(source, split, answer))

        return Part("judge", "the judge", make, judge.save, judge.load)

    def measured(
        self, source: Dataset, split: Split, answer: Answer | None = None
    ) -> dict[str, Any]:
        """Return its figures on a run's test rows; its own, as it was made, are in `own`."""
        quality = self.judge.quality
        own = quality.get("own", {name: quality[name] for name in OWN})
        x, label = source.pick(split.test)
        here = judge.on_rows(self.judge, x, label, None if answer is None else answer(x))
        return quality | here | {"own": own, "taken_from": self.origin}

    def overlap(self, source: Dataset, split: Split) -> Sequence[str]:
        """Say whose judge it is, and what of it is not this run's."""
        x, _ = source.pick(split.test)
        learned = int(self.judge.folds.learned(x).sum())
        found = [f"The judge is {self.origin}: its gates and its cut were taken as they stand."]
        if learned:
            found.append(
                f"It learned from {learned:,} of the {len(x):,} real rows that it is measured on "
                "here; each is judged by members that had not seen it."
            )
        if self.judge.promise.rule == "contradictions":
            found.append("Its cut was set where it contradicts the model that it was made beside.")
        return found


def given_judge(made: Judge | str | Path | None) -> GivenJudge | None:
    """Take a judge, or read that of a folder which `judge`, `stress` or `react` left.

    Raises
    ------
    Mistake
        The folder holds no judge, one of another version, or a damaged one.
    """
    if made is None:
        return None
    if isinstance(made, Judge):
        return GivenJudge(made, IN_PYTHON)
    if not isinstance(made, str | Path):
        raise checks.Mistake("a judge or its folder", repr(made), "give genenv.judge.fit(x, y)")
    return GivenJudge(judge.load(checked(Path(made).expanduser(), "judge")), f"that of {made}")
