"""A judge: a guide that searches may see, an audit that gives the verdicts, and its promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from genenv import checks
from genenv.codecs import Codec
from genenv.judge.audit import Audit, Judged, Looked
from genenv.judge.belief import Belief, fit_belief
from genenv.judge.folds import Fold, Folds, of_query
from genenv.judge.guide import Guide
from genenv.judge.layout import seen
from genenv.judge.promise import Promise, set_cut
from genenv.judge.verdict import Verdict

UNSEEN = -1  # in answers: the model under test has seen the row, or says nothing of it


@dataclass(frozen=True, eq=False)
class Record:
    """What the audit says of its own training rows, each by members that had not seen it."""

    label: NDArray[np.int64]  # (n,)
    fold: Fold  # (n,), of the members that were asked
    p: NDArray[np.float32]  # (n, classes)
    values: dict[str, NDArray[np.float32]]  # (n,) each, by realism gate

    @property
    def looked(self) -> Looked:
        """The same as tensors."""
        values = {name: torch.from_numpy(v) for name, v in self.values.items()}
        return Looked(torch.from_numpy(self.p), values)


@dataclass(frozen=True, eq=False)
class Judge:
    """Guide, audit, the cut's promise, and what both do to real rows."""

    units: Codec
    classes: tuple[int | str, ...]
    folds: Folds
    guide: Guide
    audit: Audit
    record: Record
    promise: Promise
    belief: Belief
    quality: dict[str, Any]  # plain values, see `figures.measure`

    def probability(self, x: ArrayLike) -> NDArray[np.float32]:
        """Ask the audit how likely each class is.

        Parameters
        ----------
        x
            (batch, *units.shape) in the data's units. A row that the judge learned from is judged
            by members that did not.

        Returns
        -------
        (batch, k), columns in the order of `classes`. The share of none of these is left out: a
        row may sum to less than 1.
        """
        rows, fold = self._rows(x)
        return np.asarray(self.audit.look(rows, fold).p.numpy())

    def realistic(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Ask the audit whether samples (batch, *units.shape) are instances of anything."""
        rows, fold = self._rows(x)
        return np.asarray(self.audit.realistic(self.audit.look(rows, fold)).numpy())

    def verdicts(
        self, x: ArrayLike, label: ArrayLike, severity: ArrayLike, answer: ArrayLike
    ) -> NDArray[np.int8]:
        """Judge samples; the values are those of `Verdict`.

        Parameters
        ----------
        x
            (batch, *units.shape) in the data's units.
        label, answer
            Conditions and the model's answers, class indices 0 to k - 1, (batch,).
        severity
            (batch,), above 0 where the model failed, NaN where it gave no usable answer.
        """
        return self.judged(x, label, severity, answer).verdict

    def judged(
        self,
        x: ArrayLike,
        label: ArrayLike,
        severity: ArrayLike,
        answer: ArrayLike,
        fold: Fold | None = None,
    ) -> Judged:
        """Judge as `verdicts` does, and say how sure the audit is and what it takes a sample for.

        Parameters
        ----------
        x, label, severity, answer
            See `verdicts`.
        fold
            Whose members judge, (batch,); None: chosen by content.
        """
        rows, own = self._rows(x)
        count = len(rows)
        columns = [np.asarray(c) for c in (label, severity, answer)]
        for name, column in zip(("label", "severity", "answer"), columns, strict=True):
            checks.shape(name, column, (count,))
        for name, column in (("label", columns[0]), ("answer", columns[2])):
            self._check_classes(name, column)
        fold = own if fold is None else fold
        return self.audit.judge(
            rows, fold, columns[0].astype(np.int64), columns[1].astype(np.float32),
            columns[2].astype(np.int64),
        )  # fmt: skip

    def accepts(self, x: ArrayLike, label: ArrayLike) -> NDArray[np.bool_]:
        """Ask whether both gates take samples (batch, *units.shape) for their labels, (batch,)."""
        count = len(np.asarray(label))
        found = self.verdicts(x, label, np.ones(count), np.zeros(count, np.int64))
        return np.asarray(found == Verdict.CONFIRMED)

    def features(self, x: ArrayLike) -> Tensor:
        """Where one network of the audit puts samples (batch, *units.shape): (batch, 64)."""
        return self.audit.features(self._rows(x)[0])

    def answer(self, output: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return what the model answered: outputs (n, classes) -> class indices (n,)."""
        return np.asarray(output.argmax(1))

    def of_query(self, search: str, seed: int, index: NDArray[np.int64]) -> Fold:
        """Choose whose members judge the queries of a search, by their address."""
        return of_query(search, seed, index)

    def _rows(self, x: ArrayLike) -> tuple[Tensor, Fold]:
        array = np.asarray(x)
        checks.shape("x", array, (None, *self.units.shape))
        checks.finite("x", array)
        return seen(array, self.units), self.folds.of_rows(array)

    def _check_classes(self, name: str, column: NDArray[Any]) -> None:
        count = len(self.classes)
        if len(column) and not (column.min() >= 0 and column.max() < count):
            raise checks.Mistake(
                f"{name} of class indices 0 to {count - 1}",
                f"{column.min()} to {column.max()}",
                "give the place of each class in sorted(unique(y))",
            )


def promise_of(
    audit: Audit, record: Record, answers: NDArray[np.int64] | None
) -> tuple[Promise, Belief]:
    """Set the cut on rows that no member had seen, and correct p where they contradict a model.

    See `promise.set_cut` and `belief.fit_belief`.
    """
    top, guess = (part.numpy() for part in record.looked.top)
    right = guess == record.label
    sensible = audit.realistic(record.looked).numpy()
    if answers is None:
        return set_cut(top, right, sensible), Belief()
    contradicts = (answers != UNSEEN) & (answers != guess)
    part = sensible & contradicts
    return set_cut(top, right, sensible, contradicts), fit_belief(top[part], right[part])
