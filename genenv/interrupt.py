"""Ctrl-C and SIGTERM that wait for the end of a step, so that what is saved is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived: everything that Ctrl-C stops is stopped alike."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


STANDARD: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: _terminate,
}


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise Terminated, where nothing else was told to take it.

    Outside the main thread, where Python delivers no signals, it does nothing.
    """
    free = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not free or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Interrupt:
    """Holds the first Ctrl-C or SIGTERM back until `check`; a second one interrupts at once.

    SIGTERM is held back inside `terminable` alone. Outside the main thread, where Python delivers
    no signals, it does nothing.
    """

    def __enter__(self) -> Interrupt:
        """Take over the signals that would raise KeyboardInterrupt."""
        self._pending: int | None = None
        self._held: list[signal.Signals] = []
        if threading.current_thread() is threading.main_thread():
            self._held = [n for n, usual in STANDARD.items() if signal.getsignal(n) is usual]
        for number in self._held:
            signal.signal(number, self._hold)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number in self._held:
            signal.signal(number, STANDARD[number])

    def check(self) -> None:
        """Raise KeyboardInterrupt or Terminated if its signal came since the last check."""
        number, self._pending = self._pending, None
        if number is not None:
            STANDARD[signal.Signals(number)](number, None)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        if self._pending is not None:
            STANDARD[signal.Signals(number)](number, frame)
        self._pending = number
