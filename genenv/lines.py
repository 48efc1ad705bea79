"""A line a stage, where nobody looks on: in a file or a pipe."""

from __future__ import annotations

import sys
import time

FIRST, EVERY = 5.0, 60.0  # seconds of a stage until it says how long it may take, and again
TOLD = 0.01  # of its work that must be done before: the first steps of a training are slow


class Lines:
    """What `Progress` prints to standard error where that is no terminal, each line at once.

    A stage's seconds, when it has ended; and while one lasts, five seconds after its start or as
    soon as a hundredth is done, and then once a minute, how far it is and about how long it will
    take at the pace so far.
    """

    def __init__(self) -> None:
        self._totals: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._began = self._next = 0.0
        self._at_start = 0  # units that were done when the stretch began

    def begin(self, totals: dict[str, int]) -> None:
        """Keep the units of work of the stages."""
        self._totals = dict(totals)

    def start(self, name: str) -> None:
        """Begin a stretch of a stage."""
        self._began = time.perf_counter()
        self._next = self._began + FIRST
        self._at_start = self._done.get(name, 0)

    def advance(self, name: str, units: int) -> None:
        """Count units of a stage, and say now and then how far it is."""
        self._done[name] = self._done.get(name, 0) + units
        now = time.perf_counter()
        total = self._totals.get(name, 0)
        begun = self._done[name] - self._at_start >= TOLD * total or now >= self._began + EVERY
        if now >= self._next and total and begun:
            self._next = now + EVERY
            self.say(f"{name}: {self._far(name)}, {self._left(name, now - self._began)}")

    def reach(self, name: str, units: int | None) -> None:
        """Take a stage as done this far, or farther; None: to its end."""
        total = self._totals.get(name, 0)
        self._done[name] = total if units is None else max(units, self._done.get(name, 0))

    def leave(self, name: str, seconds: float) -> None:
        """Print the seconds of a stage."""
        whole = self._done.get(name, 0) >= self._totals.get(name, 0)
        self.say(f"{name}: {'' if whole else self._far(name) + ', '}{seconds:.1f} s")

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        print(sentence, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing is open."""

    def _far(self, name: str) -> str:
        return f"{min(self._done.get(name, 0) / self._totals[name], 1):.0%} done"

    def _left(self, name: str, seconds: float) -> str:
        done = self._done[name] - self._at_start
        left = seconds * max(self._totals[name] - self._done[name], 0) / max(done, 1)
        words = f"{left / 60:.0f} minutes" if left >= 90 else f"{left:.0f} seconds"
        return f"about {words} left at this pace"
