"""The lock of a run's folder: one process works in it, and another is told which."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genenv import checks, files, reading

LOCK = ".lock"  # stays, so that all who wait for it wait for the same file
HOLDER = ".holder"  # the process id of the one that has it
MOST_DIGITS = 32  # of a process id
NAMES = frozenset((LOCK, HOLDER))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; the system gives it back where a process ends, however it ends.

    Parameters
    ----------
    folder
        Made if missing.

    Raises
    ------
    Mistake
        Another process holds it, or a link in it leads elsewhere.
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    files.refuse_links(folder)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise checks.Mistake(
            f"a folder {folder} that no other process works in",
            f"one that {_holder(folder)} holds",
            "wait for it to end, or choose another --out",
        ) from error
    try:
        files.write_atomically(folder / HOLDER, lambda file: file.write(str(os.getpid()).encode()))
        yield
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _holder(folder: Path) -> str:
    """Name the process that holds a folder, as far as it said."""
    try:
        return f"process {int(reading.content(folder / HOLDER, MOST_DIGITS))}"
    except (OSError, ValueError):
        return "another process"
