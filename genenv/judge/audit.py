"""The audit: cross-fitted oracles and gates that no search has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.judge import crossfit, temper
from genenv.judge.crossfit import Member
from genenv.judge.folds import COUNT, Fold
from genenv.judge.realism import Gate, Surroundings, accepts
from genenv.judge.residual import Residual
from genenv.judge.swapped import put_together
from genenv.judge.trees import Trees
from genenv.judge.variations import FULL, Variation
from genenv.judge.verdict import Verdict

NONE = -1  # no class is accepted
UNASKED = -1.0  # p of what did not fail


@dataclass(frozen=True, eq=False)
class Looked:
    """What the members that judge a row say of it."""

    p: Tensor  # (n, classes): mean, tempered; with `neither` a row sums to one
    values: dict[str, Tensor]  # (n,) each, by the name of a realism gate

    @property
    def top(self) -> tuple[Tensor, Tensor]:
        """Probability of the likeliest class, and which it is, each (n,)."""
        top, guess = self.p.max(1)
        return top, guess


@dataclass(frozen=True, eq=False)
class Judged:
    """What the audit says of queries, one row each."""

    verdict: NDArray[np.int8]  # (n,), a Verdict
    p: NDArray[np.float32]  # (n,), probability of the condition; -1 where nothing failed
    accepted: NDArray[np.int64]  # (n,), the class that the label gate accepts; -1: none
    answer: NDArray[np.int64]  # (n,), the model's

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return what the findings keep of it, by name."""
        return {
            "verdict": self.verdict,
            "p": self.p,
            "taken_for": self.accepted,
            "model_answer": self.model_answer,
            "other_label": self.other_label,
        }

    def without(self, broken: NDArray[np.bool_]) -> Judged:
        """Return the same where samples that break a rule, (n,) bool, are invalid."""
        held = np.isin(self.verdict, (Verdict.CONFIRMED, Verdict.AMBIGUOUS))
        verdict = np.where(broken & held, Verdict.INVALID, self.verdict)
        return replace(self, verdict=verdict.astype(np.int8))

    @property
    def model_answer(self) -> NDArray[np.bool_]:
        """(n,): ambiguous ones that the oracles take for what the model answered."""
        shown: NDArray[np.bool_] = self.accepted == self.answer
        return np.asarray((self.verdict == Verdict.AMBIGUOUS) & shown)

    @property
    def other_label(self) -> NDArray[np.bool_]:
        """(n,): ambiguous ones that the oracles take for a third class."""
        third = (self.accepted != self.answer) & (self.accepted != NONE)
        return np.asarray((self.verdict == Verdict.AMBIGUOUS) & third)


@dataclass(frozen=True, eq=False)
class Audit:
    """Members of several makes x folds, what they weigh, and the gates.

    A row of fold f is judged by the f-th member of every make: what is calibrated is what judges.
    """

    members: dict[str, list[Member]]  # by make, one a fold
    weight: dict[str, float]  # of each make's answers
    own_temperature: dict[str, float]  # of each make's answers, before they are mixed
    temperature: float  # of the mixture
    around: dict[str, list[Surroundings]]  # of the makes that have features, one a fold
    residual: list[Residual]  # one a fold
    gates: tuple[Gate, ...] = ()
    cut: float = 1.0
    swapped: tuple[Trees, ...] = ()  # detectors of swapped cells, one a fold; (): no table
    variation: Variation = FULL  # of the images that networks learned

    def look(self, rows: Tensor, fold: Fold) -> Looked:
        """Ask the members that judge: rows (n, ...) in [-1, 1], their folds (n,)."""
        numbers = torch.from_numpy(fold)
        points = self._points(rows, numbers)
        p = temper.tempered(self.mixed(self._answers(rows, points, numbers)), self.temperature)
        values = {
            "none of these": p[:, -1],
            "distance": self._distance(points, numbers),
            "residual": _by_fold(Residual.__call__, self.residual, rows, numbers),
        }
        if self.swapped:
            values["swapped cells"] = _by_fold(put_together, self.swapped, rows, numbers)
        return Looked(p[:, :-1], values)

    def by_make(self, rows: Tensor, fold: Fold) -> dict[str, Tensor]:
        """Ask each make by itself: (n, classes + 1), tempered by its own temperature."""
        numbers = torch.from_numpy(fold)
        return self._answers(rows, self._points(rows, numbers), numbers)

    def mixed(self, by_make: dict[str, Tensor]) -> Tensor:
        """Mix the answers of the makes: (n, classes + 1)."""
        return torch.stack([self.weight[make] * p for make, p in by_make.items()]).sum(0)

    def _points(self, rows: Tensor, fold: Tensor) -> dict[str, Tensor]:
        """Return where each make that is a network puts rows, (n, 64)."""
        return {
            make: _by_fold(crossfit.features, self.members[make], rows, fold)
            for make in self.around
        }

    def _answers(self, rows: Tensor, points: dict[str, Tensor], fold: Tensor) -> dict[str, Tensor]:
        """Return what each make says, a network of the points where it puts the rows."""

        def raw(make: str, members: list[Member]) -> Tensor:
            if make in points:
                return _by_fold(crossfit.read, members, points[make], fold)
            return _by_fold(crossfit.answers, members, rows, fold)

        return {
            make: temper.tempered(raw(make, members), self.own_temperature[make])
            for make, members in self.members.items()
        }

    def _distance(self, points: dict[str, Tensor], fold: Tensor) -> Tensor:
        """Mean over the networks of the distance in features, (n,)."""
        each = [
            _by_fold(Surroundings.of_features, around, points[make], fold)
            for make, around in self.around.items()
        ]
        return torch.stack(each).mean(0)

    def realistic(self, looked: Looked) -> Tensor:
        """Whether rows are instances of anything: (n,) bool."""
        return accepts(self.gates, looked.values)

    def accepted(self, looked: Looked) -> Tensor:
        """Return the class that the label gate accepts, or -1, (n,)."""
        top, guess = looked.top
        return torch.where(top >= self.cut, guess, NONE)

    def judge(
        self,
        rows: Tensor,
        fold: Fold,
        label: NDArray[np.int64],
        severity: NDArray[np.float32],
        answer: NDArray[np.int64],
    ) -> Judged:
        """Judge queries; what did not fail is not looked at.

        Parameters
        ----------
        rows, fold
            As for `look`.
        label, severity, answer
            Conditions, severities (NaN: no usable answer) and the model's classes, (n,) each.
        """
        verdict = np.full(len(label), Verdict.PASSED, np.int8)
        verdict[np.isnan(severity)] = Verdict.ERROR
        p = np.full(len(label), UNASKED, np.float32)
        accepted = np.full(len(label), NONE, np.int64)
        flips = np.flatnonzero(severity > 0)
        if len(flips):
            looked = self.look(rows[flips], fold[flips])
            own = label[flips]
            p[flips] = looked.p.numpy()[np.arange(len(own)), own]
            accepted[flips] = self.accepted(looked).numpy()
            sound = self.realistic(looked).numpy()
            held = np.where(accepted[flips] == own, Verdict.CONFIRMED, Verdict.AMBIGUOUS)
            verdict[flips] = np.where(sound, held, Verdict.INVALID)
        return Judged(verdict, p, accepted, answer)

    def features(self, rows: Tensor) -> Tensor:
        """Where one network puts rows (n, ...) in [-1, 1]: (n, 64), the same space for all."""
        first = next(iter(self.around.values()))[0].oracle
        return crossfit.features(first, rows)

    def with_gates(self, gates: tuple[Gate, ...], cut: float) -> Audit:
        """Return the same members behind other gates."""
        return replace(self, gates=gates, cut=cut)


def _by_fold(ask: Any, members: Any, rows: Tensor, fold: Tensor) -> Tensor:
    """Ask each row's own member and put the answers in order."""
    made: Tensor | None = None if len(rows) else ask(members[0], rows)
    for number in range(COUNT):
        mask = fold == number
        if mask.any():
            said = ask(members[number], rows[mask])
            if made is None:
                made = said.new_zeros((len(rows), *said.shape[1:]))
            made[mask] = said
    assert made is not None
    return made


def q_values(p: NDArray[Any]) -> NDArray[np.float64]:
    """Return for each confirmed failure the expected share of false ones among those as good.

    Parameters
    ----------
    p
        (n,), probability that the condition holds, see `belief.Belief.corrected`.

    Returns
    -------
    (n,): the mean of 1 - p over those whose p is as great or greater; it falls as p rises.
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(-values, kind="stable")
    running = np.cumsum(1 - values[order]) / np.arange(1, len(values) + 1)
    last = np.searchsorted(-values[order], -values, side="right") - 1
    return np.asarray(running[last])
