"""A line a stage, where nobody looks on: in a file or a pipe."""

from __future__ import annotations

import sys

from genenv.pace import Pace


class Lines:
    """What `Progress` prints to standard error where that is no terminal, each line at once.

    A stage's seconds, when it has ended; and while one lasts, now and then, how far it is and about
    how long it will take, see `Pace`.
    """

    def __init__(self) -> None:
        self._pace = Pace()

    def begin(self, totals: dict[str, int]) -> None:
        """Keep the units of work of the stages."""
        self._pace.begin(totals)

    def start(self, name: str) -> None:
        """Begin a stretch of a stage."""
        self._pace.start(name)

    def advance(self, name: str, units: int) -> None:
        """Count units of a stage, and say now and then how far it is."""
        sentence = self._pace.advance(name, units)
        if sentence is not None:
            self.say(sentence)

    def reach(self, name: str, units: int | None) -> None:
        """Take a stage as done this far, or farther; None: to its end."""
        self._pace.reach(name, units)

    def leave(self, name: str, seconds: float) -> None:
        """Print the seconds of a stage."""
        far = "" if self._pace.whole(name) else f"{self._pace.far(name)}, "
        self.say(f"{name}: {far}{seconds:.1f} s")

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        print(sentence, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing is open."""
