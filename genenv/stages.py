"""The stages of a run: one progress display with time left, and the seconds each stage took."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genenv import files


class Stages:
    """Names what a run will do, shows how far it is, and keeps the seconds.

    Parameters
    ----------
    display
        Show a rich progress display on standard error; False: silent.

    Attributes
    ----------
    seconds
        Stage -> seconds, in order; after `keep`, those of earlier processes are in it.
    parts
        The same for the parts of a stage that `part` timed.
    """

    def __init__(self, display: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self.parts: dict[str, float] = {}
        self._path: Path | None = None
        self._bars: Any = _display() if display else None
        self._tasks: dict[str, Any] = {}

    def keep(self, path: Path) -> None:
        """Add to what earlier processes of the run spent, and write it there after every stage.

        A process that is killed loses the seconds of the stage that it was in; a file that cannot
        be read loses all.
        """
        self._path = path
        if path.is_file():
            try:
                plain = json.loads(path.read_text())
                self.seconds, self.parts = dict(plain["stages"]), dict(plain["parts"])
            except (ValueError, KeyError, TypeError):
                self.say(f"{path} could not be read, so the seconds are counted afresh.")

    def plan(self, totals: dict[str, int]) -> None:
        """Show these stages, with their units of work, from the start."""
        if self._bars is not None:
            for name, total in totals.items():
                self._tasks[name] = self._bars.add_task(name, total=total, start=False)
            self._bars.start()

    @contextmanager
    def stage(self, name: str, ends: bool = True) -> Iterator[Callable[[int], None]]:
        """Time one stage; yields `advance`, which takes units done since its last call.

        Its bar is full afterwards, unless it does not end here but is entered again.
        """
        task = self._tasks.get(name)
        if task is not None:
            self._bars.start_task(task)
        with self._clock(self.seconds, name):
            yield lambda units: None if task is None else self._bars.advance(task, units)
            if task is not None and ends:
                self._bars.update(task, completed=self._bars.tasks[task].total)

    def reach(self, name: str, units: int | None = None) -> None:
        """Show a stage as done this far, or farther, by earlier processes too; None: to its end."""
        task = self._tasks.get(name)
        if task is not None:
            bar = self._bars.tasks[task]
            done = bar.total if units is None else max(units, bar.completed)
            self._bars.update(task, completed=done)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a part of the running stage."""
        with self._clock(self.parts, name):
            yield

    @contextmanager
    def _clock(self, book: dict[str, float], name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            book[name] = round(book.get(name, 0.0) + time.perf_counter() - began, 2)
            self._write()

    def _write(self) -> None:
        if self._path is not None:
            text = json.dumps({"stages": self.seconds, "parts": self.parts}, indent=2)
            files.whole(self._path, lambda file: file.write(text.encode()))

    def close(self) -> None:
        """Leave the display."""
        if self._bars is not None and self._tasks:
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
