"""A study: a list of parts over one folder, and what is done with them.

Resume, progress, seconds, lock, digests, cache and last words follow from the list.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from safetensors import SafetensorError

from genenv import cache, checks, last_words, lock, reading, runs
from genenv.failures import UNREADABLE
from genenv.parts import Part, Shelf
from genenv.progress import Progress
from genenv.run_rows import Parts
from genenv.tracking import Tracker

T = TypeVar("T")
R = TypeVar("R")


class Study(ABC, Generic[R]):
    """One run in a folder.

    A study says its `settings` and `parts`, and does its `work` with `get`, which reads a part that
    is there, and else makes and keeps it.

    Parameters
    ----------
    folder
        The run's.
    stages
        Progress and seconds; None: silent.
    line
        The command line that repeats the run; "": it was called from Python.
    lasting
        Whether the folder outlives the call.
    no_cache
        Neither take parts from the user's cache nor keep any there.
    """

    command: ClassVar[str]
    """As config.json names it: fit, stress, ..."""
    leads = True
    """Whether this process writes: of several that work as one, the first does."""

    def __init__(
        self,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
        lasting: bool = True,
        no_cache: bool = False,
    ) -> None:
        self.folder = folder
        self.stages = stages or Progress()
        self.line = line
        self.lasting = lasting
        self.no_cache = no_cache
        self.shelf, self.tracker = Shelf(folder), Tracker(None)
        self.notes: list[str] = []
        self.cached: list[str] = []
        self.resuming = False
        self._values: dict[str, Any] = {}
        self._done: dict[str, int] = {}

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return what makes the run what it is, for config.json: a resumed run has the same."""

    def chosen(self) -> Parts:
        """Return the rows that `settings` shortens, by the name of their part; perhaps none."""
        return {}

    @abstractmethod
    def parts(self) -> Sequence[Part[Any]]:
        """Return the parts, in the order of making."""

    @abstractmethod
    def work(self) -> R:
        """Do what is not yet done; returns the result."""

    def totals(self) -> dict[str, int]:
        """Name the stages in order, with their units of work: those of the parts, perhaps more."""
        totals: dict[str, int] = {}
        for part in self.parts():
            if part.stage is not None:
                totals[part.stage] = totals.get(part.stage, 0) + part.units
        return totals

    def words(self) -> dict[str, str]:
        """Say what the run may hold, in order: path -> words."""
        return {part.path: part.words for part in self.parts()}

    def resolved(self) -> dict[str, Any] | None:
        """Return what settings left to a rule came to, which may differ elsewhere."""
        return None

    def begun(self) -> None:
        """Do what has to be done once the run's folder is there: nothing."""

    def run(self, resume: bool = False) -> R:
        """Do what is not yet done.

        Parameters
        ----------
        resume
            Whether a run may be there already.

        Raises
        ------
        Mistake
            The folder holds another run, or another process works in it; or a part is damaged.
        """
        self.resuming = resume
        try:
            with self._at_work(resume):
                self._show()
                with Tracker(self.folder if self.leads else None) as self.tracker:
                    return self.work()
        finally:
            self.stages.close()

    def get(self, part: Part[T]) -> T:
        """Return a part: as it is kept, from the cache, or made and kept.

        Raises
        ------
        Mistake
            A file of it has other bytes than were written.
        """
        if part.path not in self._values:
            kept = self._kept(part)
            if kept is not None:
                self._reach(part)
            self._values[part.path] = self._made(part) if kept is None else kept
        value: T = self._values[part.path]
        return value

    def tell(self, sentence: str) -> None:
        """Print a sentence, once, and keep it for the report."""
        if sentence not in self.notes:
            self.notes.append(sentence)
            self.stages.say(sentence)

    def _of_the_cache(self, sentence: str) -> None:
        """Print a sentence that no report says: a resumed run has the same report, a twin too."""
        self.cached.append(sentence)
        self.stages.say(sentence)

    @contextmanager
    def _at_work(self, resume: bool) -> Iterator[None]:
        """Hold the folder, begin in it, and let an error say what it holds."""
        if not self.leads:
            self.begun()
            yield
            return
        settings = self.settings()
        runs.check(self.folder, self.command, settings, resume)
        with lock.held(self.folder):
            about = settings, resume, self.line, self.resolved(), self.chosen()
            self.notes += runs.begin(self.folder, self.command, *about)
            self.stages.keep(self.folder / "timings.json")
            try:
                self.begun()
                yield
            except (Exception, KeyboardInterrupt) as error:
                if self.lasting:
                    held = [w for path, w in self.words().items() if self.shelf.holds(path)]
                    words = ", ".join(dict.fromkeys(held))
                    last_words.add(error, self.folder, words, self.line)
                raise

    def _show(self) -> None:
        """Show all bars, those of finished parts as far as they are."""
        self.stages.plan(self.totals())
        for part in self.parts():
            if part.load is not None and self.shelf.holds(part.path):
                self._reach(part)
        self._done.clear()

    def _reach(self, part: Part[Any]) -> None:
        if part.stage is not None:
            self._done[part.stage] = self._done.get(part.stage, 0) + part.units
            self.stages.reach(part.stage, self._done[part.stage])

    def _kept(self, part: Part[T]) -> T | None:
        """Read a part that is there; None where it has to be made."""
        if part.load is None or not self.shelf.holds(part.path):
            return self._cached(part)
        if not self.shelf.cut_off(part.path):
            self.shelf.check(part.path)
            value = self._read(part)
            if value is not None:
                return value
        self.tell(f"{part.path} could not be read, so it was made again.")
        return None

    def _read(self, part: Part[T]) -> T | None:
        assert part.load is not None
        try:
            value = part.load(self.folder / part.path)
        except (*UNREADABLE, SafetensorError, reading.Damaged) as error:
            if isinstance(error, checks.Mistake) and not isinstance(error, reading.Damaged):
                raise
            return None
        if self.leads and not self.shelf.recorded(part.path):  # of an older version, or killed
            self.shelf.record(part.path)
        return value

    def _cached(self, part: Part[T]) -> T | None:
        if self.no_cache or part.key is None or part.load is None:
            return None
        if not cache.take(part.key(), part.path, self.shelf):
            return None
        self._of_the_cache(f"{part.words} came from the cache in {cache.folder()}.")
        return part.load(self.folder / part.path)

    def _made(self, part: Part[T]) -> T:
        if part.stage is None:
            return self._written(part, part.make(lambda _: None))
        with self.stages.stage(part.stage, ends=False) as advance:
            value = self._written(part, part.make(advance))
            self._reach(part)
        return value

    def _written(self, part: Part[T], value: T) -> T:
        """Keep what was made; returns it as it is read, so that a resumed run has the same."""
        if not self.leads:
            return value
        self.shelf.put(part.path, lambda place: part.save(value, place))
        if part.key is not None and not self.no_cache:
            try:
                cache.keep(part.key(), part.path, self.shelf)
                where = f"in the cache in {cache.folder()} (--no-cache)"
                self._of_the_cache(f"Kept {where}: {part.words}.")
            except OSError as error:
                self._of_the_cache(
                    f"{part.words} could not be kept in the cache: {error.strerror}."
                )
        return value if part.load is None else part.load(self.folder / part.path)
