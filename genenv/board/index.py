"""The flips of a run, read once: shard after shard, in the background, while the tab is looked at.

A run of a million queries takes seconds to read. What has been read so far is answered at once,
with how much there is to come; of a run that goes on, only what is new is read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from genenv import checks, files
from genenv.board.generated import loaded
from genenv.board.shards import Found, flips
from genenv.generators import Generator

Stamp = tuple[int, int]  # nanoseconds of the last change, bytes


class Index:
    """What has been read of the flips of a run.

    Parameters
    ----------
    run
        Folder of a stress run.

    Attributes
    ----------
    unread
        Shards that are cut off, lie elsewhere or belong to another run -> why.
    searches
        Names, to which `Found.search` points.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.unread: dict[str, str] = {}
        self.searches: list[str] = []
        self._parts: dict[str, Found] = {}
        self._stamps: dict[str, Stamp] = {}
        self._names: list[str] = []  # of shards, in the order in which they were met
        self._generator: Generator | None = None
        self._begin, self._entry = threading.Lock(), threading.Lock()
        self._task: Future[None] | None = None
        self._joined: tuple[int, Found | None] = (0, None)

    def refresh(self, patience: float) -> None:
        """Begin to read what is new, and wait for it at most `patience` seconds.

        Raises
        ------
        Mistake
            The generator cannot be loaded, or nothing of the findings can be read.
        """
        with self._begin:
            if self._task is None or self._task.done():
                self._task = in_background(self._read_new)
            task = self._task
        wait([task], patience)
        if task.done():
            task.result()

    @property
    def is_open(self) -> bool:
        """Whether a shard was read, so that flips can be shown."""
        return bool(self._parts)

    @property
    def reading(self) -> bool:
        """Whether there is more to come."""
        return self._task is not None and not self._task.done()

    @property
    def progress(self) -> tuple[int, int]:
        """Shards that were read, and all there are."""
        return len(self._stamps), max(len(self._stamps), len(_shards(self.run)))

    @property
    def generator(self) -> Generator:
        """Of the run, which is loaded before the first shard is read.

        Raises
        ------
        Mistake
            It is not loaded yet.
        """
        if self._generator is None:
            raise checks.Mistake("a run that is open", "one that is being read", "ask again")
        return self._generator

    def place(self, shard: str) -> int:
        """Return the place of a shard by its name without suffix.

        Raises
        ------
        Mistake
            None of that name was read.
        """
        name = f"{shard}.npz"
        if name not in self._names:
            raise checks.Mistake("a shard of the run", shard, "choose a flip of the gallery")
        return self._names.index(name)

    def path(self, place: int) -> Path:
        """Return the file of a shard."""
        return self.run / "findings" / self._names[place]

    def stamp(self, place: int) -> Stamp | None:
        """Return what tells whether a shard is the one that was read; None: it was forgotten."""
        return self._stamps.get(self._names[place])

    def found(self) -> Found | None:
        """Return the flips that were read so far, in order; None: nothing was."""
        with self._entry:
            parts = dict(sorted(self._parts.items()))
            key = hash(tuple((name, self._stamps[name]) for name in parts))
        if self._joined[0] != key or self._joined[1] is None:
            self._joined = key, Found.concatenate([*parts.values()]) if parts else None
        return self._joined[1]

    def _read_new(self) -> None:
        self._generator = self._generator or loaded(self.run)
        shards = _shards(self.run)
        for name in [name for name in self._stamps if name not in shards]:
            self._forget(name)
        for name, stamp in shards.items():
            if self._stamps.get(name) != stamp:
                self._take(name, stamp)
        if not self._parts:
            name, why = next(iter(self.unread.items()), ("", "no file"))
            raise checks.Mistake(
                f"findings in {self.run.name} that can be read",
                f"{name}: {why}" if name else why,
                "repeat the run",
            )

    def _take(self, name: str, stamp: Stamp) -> None:
        """Read a shard, or keep why it cannot be read."""
        self._forget(name)
        if name not in self._names:
            self._names.append(name)
        place = self._names.index(name)
        path = self.run / "findings" / name
        part, why = None, ""
        try:
            part = flips(path, self.run, self.generator, place, self.searches)
        except checks.Mistake as mistake:
            why = str(mistake)
        with self._entry:
            self._stamps[name] = stamp
            if part is None:
                self.unread[name] = why
            else:
                self._parts[name] = part

    def _forget(self, name: str) -> None:
        with self._entry:
            for known in (self._parts, self._stamps, self.unread):
                known.pop(name, None)


def in_background(work: Callable[[], None]) -> Future[None]:
    """Let a thread work that ends with the process; what it raises, the future raises."""
    task: Future[None] = Future()

    def settle() -> None:
        try:
            work()
            task.set_result(None)
        except BaseException as error:
            task.set_exception(error)

    threading.Thread(target=settle, daemon=True).start()
    return task


def _shards(run: Path) -> dict[str, Stamp]:
    """Name -> when it last changed and how long it is, in order."""
    found: dict[str, Any] = {}
    for path in files.shards(run / "findings"):
        told = path.stat()
        found[path.name] = told.st_mtime_ns, told.st_size
    return found
