"""How far a stage of a run is, how long it will take at its pace, and what comes after it."""

from __future__ import annotations

import time

FIRST, EVERY = 5.0, 60.0  # seconds of a stage until it says how long it may take, and again
TOLD = 0.01  # of its work that must be done before
NAMED = 4  # stages that a sentence names


class Pace:
    """Units of work of the stages of a run, and a sentence on the one that lasts.

    The clock of a stage starts when its first units are done, for the first steps of a training
    are slow. The sentence is due five seconds later or as soon as a hundredth more is done, and
    then once a minute. The first of a run tells the stages that come after it, too.
    """

    def __init__(self) -> None:
        self._totals: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._began: dict[str, float] = {}  # of stages in whose stretch something is done
        self._next = 0.0
        self._at_start: dict[str, int] = {}  # units that were done when the clock began
        self._told = False

    def begin(self, totals: dict[str, int]) -> None:
        """Keep the units of work of the stages."""
        self._totals = dict(totals)

    def start(self, name: str) -> None:
        """Begin a stretch of a stage."""
        self._began.pop(name, None)

    def advance(self, name: str, units: int) -> str | None:
        """Count units of a stage, and return a sentence where one is due."""
        self._done[name] = self._done.get(name, 0) + units
        now = time.perf_counter()
        total = self._totals.get(name, 0)
        if name not in self._began:
            self._began[name], self._at_start[name] = now, self._done[name]
            self._next = now + FIRST
        done = self._done[name] - self._at_start[name]
        begun = done >= TOLD * total or now >= self._began[name] + EVERY
        if now < self._next or not total or not done or not begun:
            return None
        self._next = now + EVERY
        left = self._left(name, now - self._began[name])
        return f"{name}: {self.far(name)}, {left}{self._then(name)}"

    def reach(self, name: str, units: int | None) -> None:
        """Take a stage as done this far, or farther; None: to its end."""
        total = self._totals.get(name, 0)
        self._done[name] = total if units is None else max(units, self._done.get(name, 0))

    def whole(self, name: str) -> bool:
        """Whether all of a stage is done."""
        return self._done.get(name, 0) >= self._totals.get(name, 0)

    def far(self, name: str) -> str:
        """Return the share of a stage that is done, in words."""
        return f"{min(self._done.get(name, 0) / self._totals[name], 1):.0%} done"

    def _left(self, name: str, seconds: float) -> str:
        done = self._done[name] - self._at_start[name]
        left = seconds * max(self._totals[name] - self._done[name], 0) / done
        return f"about {_spoken(left)} left at this pace"

    def _then(self, name: str) -> str:
        """Return the stages that are still to come, once a run."""
        names = [*self._totals]
        after = [] if self._told else names[names.index(name) + 1 :]
        self._told = True
        later = [each for each in after if not self.whole(each)]
        more = f" and {len(later) - NAMED} more" if len(later) > NAMED else ""
        return f"; then {', '.join(later[:NAMED])}{more}" if later else ""


def _spoken(seconds: float) -> str:
    """Write seconds in the unit that suits them."""
    if seconds >= 2 * 3600:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
