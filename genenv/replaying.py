"""Stored failures and errors of a run, asked again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, recorded, unanswered
from genenv.downstream import Downstream
from genenv.isolation import isolated


@dataclass(frozen=True)
class Replayed:
    """Stored failures and errors, asked again."""

    rows: int
    failing: NDArray[np.bool_]  # (rows,): the model still fails
    same: NDArray[np.bool_]  # (rows,): it fails with the recorded probabilities
    label: NDArray[np.int64]  # (rows,), the condition
    notes: tuple[str, ...]  # what is unlike the record
    error: NDArray[np.bool_] | None = None  # (rows,): it gives no usable answer; None: never
    silent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """(errors,): it still gives no usable answer to what it did not answer before."""
    before: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """(rows,), the recorded answer."""
    answer: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """(rows,), the answer now; -1: none that is usable."""
    classes: tuple[int | str, ...] = ()
    """What `label`, `before` and `answer` are indices of."""

    def unexpected(self, expect: str) -> NDArray[np.int64]:
        """Return rows that are not as expected: `fail`, as recorded, or `pass`, mended."""
        checks.choice("expect", expect, ["fail", "pass"])
        wrong = self.failing if self.error is None else self.failing | self.error
        return np.flatnonzero(wrong if expect == "pass" else ~self.failing)

    def words(self, row: int) -> str:
        """Say what a stored failure is, what the model answered and what it answers now."""
        was, now = (self._name(answers[row]) for answers in (self.before, self.answer))
        return f"row {row}: {self._name(self.label[row])}, answered {was} before, {now} now"

    def _name(self, index: int) -> str:
        return "nothing usable" if index < 0 else repr(self.classes[index])

    def unexpected_errors(self, expect: str) -> NDArray[np.int64]:
        """Return rows of RUN/errors that are not as expected: `fail`, none yet, or `pass`."""
        checks.choice("expect", expect, ["fail", "pass"])
        return np.flatnonzero(self.silent if expect == "pass" else ~self.silent)


@isolated()
def replay(
    run: str | Path, model: Any = None, trust: bool = False, criterion: Any = None
) -> Replayed:
    """Ask a model about the stored failures and errors of a run, from the raw arrays.

    Parameters
    ----------
    run
        A folder that `stress` left.
    model
        Whatever `downstream.wrap` takes, or an import path, for example of a mended model; None:
        the recorded one.
    trust
        Import the model from the path that the run records, which runs the code that it names.
    criterion
        When the model fails, see `criteria.find`; None: as the run records.

    Raises
    ------
    Mistake
        The folder holds no failures, or the recorded model cannot be found or is not trusted.
    """
    folder = Path(run).expanduser()
    if not (folder / "failures").is_dir():
        raise checks.Mistake("a folder that `stress` left", f"{folder}", "check the path")
    wrapped: Downstream = recorded.load_model(folder, model, trust)
    nothing = np.zeros(0, np.bool_)
    errors = (failures.ask(wrapped, part.x) for part in unanswered.shards(folder / "errors"))
    silent = np.concatenate([nothing, *(said.error.numpy() for said in errors)])
    judged_by = recorded.load_criterion(folder, criterion, trust)
    again = failures.replay_all(wrapped, folder / "failures", judged_by)
    if again is None:
        return Replayed(0, nothing, nothing, np.zeros(0, np.int64), (), nothing, silent)
    as_recorded = model is None or recorded.is_recorded(folder, model)
    said = recorded.compare_outputs(folder / "model", wrapped) if as_recorded else ()
    said = (*said, *recorded.not_stored(folder))
    return Replayed(
        len(again), again.failing, again.same, again.label, said, again.error, silent,
        again.before, again.answer, wrapped.classes,
    )  # fmt: skip
