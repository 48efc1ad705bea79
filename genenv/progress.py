"""The stages of a run: what is shown of them, and the seconds each stage took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from genenv import files
from genenv.bars import Bars
from genenv.lines import Lines
from genenv.wording import visible


class Progress:
    """Names what a run will do, shows how far it is, and keeps the seconds.

    Parameters
    ----------
    display
        Show them on standard error, as bars on a terminal and else as lines; False: silent.

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
        self._shown = (Bars() if sys.stderr.isatty() else Lines()) if display else None

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
        if self._shown is not None:
            self._shown.begin(totals)

    @contextmanager
    def stage(self, name: str, ends: bool = True) -> Iterator[Callable[[int], None]]:
        """Time one stage; yields `advance`, which takes units done since its last call.

        Its bar is full afterwards, unless it does not end here but is entered again.
        """
        shown = self._shown
        if shown is not None:
            shown.start(name)
        with self._clock(self.seconds, name):
            yield lambda units: None if shown is None else shown.advance(name, units)
        if shown is not None:
            if ends:
                shown.reach(name, None)
            shown.leave(name, self.seconds[name])

    def reach(self, name: str, units: int | None = None) -> None:
        """Show a stage as done this far, or farther, by earlier processes too; None: to its end."""
        if self._shown is not None:
            self._shown.reach(name, units)

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
            files.write_atomically(self._path, lambda file: file.write(text.encode()))

    def close(self) -> None:
        """Leave the display."""
        if self._shown is not None:
            self._shown.close()

    def say(self, sentence: str) -> None:
        """Print a sentence above the display, see `wording.visible`."""
        if self._shown is not None:
            self._shown.say(visible(sentence))
