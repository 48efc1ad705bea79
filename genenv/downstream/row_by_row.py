"""What a model says of a batch of which it may not answer every row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from genenv import checks

FEW = 16  # real rows that tell whether a model answers any

Ask = Callable[[Tensor], tuple[Tensor, Tensor]]
"""x (n, ...) -> log-probabilities of the rows that are answered (m, classes), and which these are,
(n,) bool; a Mistake says why none is."""


class Answers(NamedTuple):
    """Log-probabilities as far as a model answers; a row that it does not answer is an error."""

    log_p: Tensor
    """(n, classes) float32, finite; of errors all classes alike, without a gradient."""
    error: Tensor
    """(n,) bool: the model raised on this row, or gave no finite answer of the right shape."""
    trouble: str
    """What happened in the last of these rows; "" where there is none."""

    @property
    def guess(self) -> Tensor:
        """(n,): the class that the model chose; -1 of errors."""
        return torch.where(self.error, -1, self.log_p.argmax(1))


def answers(ask: Ask, x: Tensor, classes: int) -> Answers:
    """Ask about a batch; where that raises, about its halves, down to the rows that are to blame.

    Parameters
    ----------
    ask
        See `Ask`.
    x
        (n, ...).
    classes
        Columns of an answer.
    """
    try:
        return _filled(*ask(x), classes)
    except checks.Mistake as mistake:
        if len(x) == 1:
            return Answers(_even(1, classes), torch.ones(1, dtype=torch.bool), mistake.got)
    half = len(x) // 2
    return joined([answers(ask, part, classes) for part in (x[:half], x[half:])])


def most(ask: Ask, x: Tensor, classes: int) -> Answers:
    """Ask about real rows.

    Parameters
    ----------
    ask, x, classes
        As for `answers`.

    Raises
    ------
    Mistake
        More than half of them get no answer, or of the first 16 where one of the batch gets none.
    """
    try:
        found = _filled(*ask(x), classes)
    except checks.Mistake:
        if _mostly_errors(answers(ask, x[:FEW], classes)):
            raise
        found = answers(ask, x, classes)
    if _mostly_errors(found):
        raise checks.Mistake(
            f"the model, which left {int(found.error.sum()):,} of {len(x):,} real rows without an "
            "answer, to answer with finite numbers",
            found.trouble,
            "mend the model",
        )
    return found


def joined(parts: Sequence[Answers]) -> Answers:
    """Join answers in order, one or more."""
    words = [part.trouble for part in parts if part.trouble]
    log_p = torch.cat([part.log_p for part in parts])
    error = torch.cat([part.error for part in parts])
    return Answers(log_p, error, words[-1] if words else "")


def _mostly_errors(found: Answers) -> bool:
    return 2 * int(found.error.sum()) > len(found.error)


def _filled(known: Tensor, answered: Tensor, classes: int) -> Answers:
    """Put the answers where their rows are."""
    if bool(answered.all()):
        return Answers(known, ~answered, "")
    log_p = _even(len(answered), classes).index_put((answered,), known)
    errors = (~answered).nonzero()[:, 0]
    where = f"in {len(errors)} of {len(answered)} rows, the first at row {errors[0]}"
    return Answers(log_p, ~answered, f"NaN or infinity {where}")


def _even(rows: int, classes: int) -> Tensor:
    return torch.full((rows, classes), -math.log(classes))
