"""What is printed, wherever it goes: a line at once, in any encoding, and nothing that steers."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

from genenv.wording import visible


class Readable(io.TextIOBase):
    """Writes to another stream, see `wording.visible`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text without letters that steer a terminal."""
        self._stream.write(visible(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what is written."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether a person looks on."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the other stream's file."""
        return self._stream.fileno()


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Print so that a pipe has each line at once, and letters that it lacks are spelled out."""
    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace", line_buffering=True)
    with contextlib.redirect_stdout(Readable(stream)):
        yield


@contextlib.contextmanager
def told_once() -> Iterator[None]:
    """Leave what a disk refused TensorBoard's writing thread to the main one, which raises it too.

    Its thread would print a traceback of its own before that sentence.
    """
    before = threading.excepthook

    def hook(raised: threading.ExceptHookArgs) -> None:
        writes = type(raised.thread).__module__.startswith("tensorboard.")
        if not (writes and isinstance(raised.exc_value, OSError)):
            before(raised)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
