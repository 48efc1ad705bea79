"""A report held against limits; a run that cannot be trusted decides none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genenv.limits.limit import Limit
from genenv.limits.outcome import Outcome, Result, result, worst
from genenv.limits.quantities import Content, figures
from genenv.report.summary import undecided


@dataclass(frozen=True)
class Checked:
    """What became of the limits of a run."""

    name: str
    """Of model and data."""
    results: tuple[Result, ...]
    undecided: str
    """Why the run decides nothing; "": it does."""

    @property
    def outcome(self) -> Outcome:
        """Of all limits together: fail before investigate before pass."""
        return Outcome.INVESTIGATE if self.undecided else worst(self.results)

    def __str__(self) -> str:
        """Say it, a line a figure."""
        lines = [self.undecided] if self.undecided else [str(one) for one in self.results]
        return "\n".join([*lines, f"{self.outcome.name.lower()}: {self.name}"])


def checked(content: Content, limits: Sequence[Limit]) -> Checked:
    """Hold a report against limits.

    Parameters
    ----------
    content
        Of report.json.
    limits
        See `limit.parsed`.

    Raises
    ------
    Mistake
        The report holds no such figure.
    """
    name = f"{content['model']['name']} on {content['data']['name']}"
    if why := undecided(dict(content)):
        return Checked(name, (), why)
    found = [result(limit, figure) for limit in limits for figure in figures(content, limit)]
    return Checked(name, tuple(found), "")
