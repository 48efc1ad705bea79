"""What becomes of a limit: pass, fail, or investigate where the interval spans it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from genenv import intervals
from genenv.limits.limit import Limit
from genenv.limits.quantities import Figure
from genenv.report.numerals import count, interval, percent

MOST = 10**12  # draws above which no number is said to decide


class Outcome(IntEnum):
    """Of a limit; the number is the exit code."""

    PASS = 0
    FAIL = 1
    INVESTIGATE = 3


@dataclass(frozen=True)
class Result:
    """A limit, a figure, and what becomes of it."""

    limit: Limit
    figure: Figure
    outcome: Outcome

    def __str__(self) -> str:
        """Say it in one line."""
        line = f"{self.outcome.name.lower():<12}{self.found}; fails if {self.limit.text}"
        return f"{line}; {self.decided_by}" if self.outcome == Outcome.INVESTIGATE else line

    @property
    def found(self) -> str:
        """The figure in words."""
        figure = self.figure
        share = f"{percent(figure.estimate)} {interval(figure.low, figure.high)}"
        return f"{figure.name} is {share} of {count(figure.rows)} {figure.unit}"

    @property
    def decided_by(self) -> str:
        """How many draws would decide, if the estimate stays."""
        if not self.figure.counted:
            return "more independent runs would decide (--rate-budget)"
        needed = deciding(self.limit, self.figure)
        if needed is None:
            return "the estimate lies so close to the limit that no number of draws decides"
        return f"about {count(needed)} {self.figure.unit} would decide, if the estimate stays"


def result(limit: Limit, figure: Figure) -> Result:
    """Hold a figure against a limit."""
    if limit.fails(figure.low, figure.high):
        return Result(limit, figure, Outcome.FAIL)
    passed = limit.passes(figure.low, figure.high)
    return Result(limit, figure, Outcome.PASS if passed else Outcome.INVESTIGATE)


def worst(results: Sequence[Result]) -> Outcome:
    """Return fail before investigate before pass."""
    order = Outcome.PASS, Outcome.INVESTIGATE, Outcome.FAIL
    return max((one.outcome for one in results), key=order.index, default=Outcome.PASS)


def deciding(limit: Limit, figure: Figure) -> int | None:
    """Return how many draws of the same share would decide, to one tenth; None: no number does."""
    rows = figure.rows
    while rows <= MOST:
        events = round(figure.estimate * rows)
        low, high = intervals.wilson(events, rows, figure.level)
        if limit.fails(low, high) or limit.passes(low, high):
            return rows
        rows += -(-rows // 10)
    return None
