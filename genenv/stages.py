"""The stages of a run: one progress display with time left, and the seconds each stage took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Stages:
    """Names what a run will do, shows how far it is, and keeps the seconds.

    Parameters
    ----------
    display
        Show a rich progress display on standard error; False: silent.
    """

    def __init__(self, display: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self._bars: Any = _display() if display else None
        self._tasks: dict[str, Any] = {}

    def plan(self, totals: dict[str, int]) -> None:
        """Show these stages, with their units of work, from the start."""
        if self._bars is not None:
            for name, total in totals.items():
                self._tasks[name] = self._bars.add_task(name, total=total, start=False)
            self._bars.start()

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[int], None]]:
        """Time one stage; yields `advance`, which takes units done since its last call."""
        began = time.perf_counter()
        task = self._tasks.get(name)
        if task is not None:
            self._bars.start_task(task)
        try:
            yield lambda units: None if task is None else self._bars.advance(task, units)
            if task is not None:
                self._bars.update(task, completed=self._bars.tasks[task].total)
        finally:
            spent = time.perf_counter() - began
            self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 2)

    def close(self) -> None:
        """Leave the display."""
        if self._bars is not None:
            self._bars.stop()

    def say(self, sentence: str) -> None:
        """Print a sentence above the display."""
        if self._bars is not None:
            self._bars.console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _display() -> Any:
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
