"""What the audit says of a query."""

from __future__ import annotations

from enum import IntEnum


class Verdict(IntEnum):
    """The first that applies; a flip is invalid, ambiguous or confirmed."""

    PASSED = 0
    """The model did not fail: its severity is 0 or less."""
    INVALID = 1
    """It failed on what is no instance of anything: the realism gate refuses it."""
    AMBIGUOUS = 2
    """It failed on an instance that the label gate does not take for its condition."""
    CONFIRMED = 3
    """It failed on an instance of its condition: both gates accept."""
    ERROR = 4
    """The model gave no usable answer."""
