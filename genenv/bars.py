"""A bar a stage, on a terminal."""

from __future__ import annotations

from typing import Any

from genenv.pace import Pace
from genenv.wording import visible


class Bars:
    """What `Progress` shows on a terminal: all stages from the start, with their time left.

    The first stage that lasts says once, above the bars, how long it will take and what follows.
    """

    def __init__(self) -> None:
        self._bars = _progress()
        self._tasks: dict[str, Any] = {}
        self._pace: Pace | None = Pace()  # None: has been told

    def begin(self, totals: dict[str, int]) -> None:
        """Show these stages, with their units of work."""
        if self._pace is not None:
            self._pace.begin(totals)
        for name, total in totals.items():
            self._tasks[name] = self._bars.add_task(visible(name), total=total, start=False)
        self._bars.start()

    def start(self, name: str) -> None:
        """Let the clock of a stage run."""
        if self._pace is not None:
            self._pace.start(name)
        if name in self._tasks:
            self._bars.start_task(self._tasks[name])

    def advance(self, name: str, units: int) -> None:
        """Count units of a stage."""
        if name in self._tasks:
            self._bars.advance(self._tasks[name], units)
        sentence = None if self._pace is None else self._pace.advance(name, units)
        if sentence is not None:
            self._pace = None
            self.say(visible(sentence))

    def reach(self, name: str, units: int | None) -> None:
        """Show a stage as done this far, or farther; None: to its end."""
        if self._pace is not None:
            self._pace.reach(name, units)
        if name in self._tasks:
            bar = self._bars.tasks[self._tasks[name]]
            done = bar.total if units is None else max(units, bar.completed)
            self._bars.update(self._tasks[name], completed=done)

    def leave(self, name: str, seconds: float) -> None:
        """End a stretch of a stage; its bar stays."""

    def say(self, sentence: str) -> None:
        """Print a sentence above the bars."""
        self._bars.console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the bars as they are."""
        if self._tasks:
            self._bars.stop()


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description:<22}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
