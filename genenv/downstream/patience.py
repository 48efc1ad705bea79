"""How long a model may take for a call: one that hangs is an error of its rows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TookTooLongError(Exception):
    """A call of the model took longer than it may."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TookTooLongError in what takes longer than so many seconds; 0: it may take any time.

    What hangs inside of compiled code is interrupted when that returns. Outside the main thread,
    where Python delivers no signals, and on systems without SIGALRM it does nothing.
    """
    main = threading.current_thread() is threading.main_thread()
    if not seconds or not main or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLongError(f"no answer within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
