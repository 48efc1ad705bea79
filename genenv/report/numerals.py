"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "\N{EN DASH}"
SPACE = "\N{NO-BREAK SPACE}"


def count(value: float | None) -> str:
    """Write a count with thousands separated; None as a dash."""
    return NONE if value is None else f"{value:,.0f}"


def number(value: float | None) -> str:
    """Write a number with three significant digits, never in powers of ten above 1e-4."""
    if value is None:
        return NONE
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.{2 if abs(value) >= 1 else 3}g}" if abs(value) < 10 else f"{value:.1f}"


def _percent_digits(share: float) -> str:
    percent = 100 * share
    if percent == 0 or percent == 100:
        return f"{percent:.0f}"
    if percent >= 10:
        return f"{percent:.1f}"
    return f"{percent:.2f}" if percent >= 0.095 else f"{percent:.2g}"


def percent(share: float | None) -> str:
    """Write a share as a percentage with two or three significant digits."""
    return NONE if share is None else f"{_percent_digits(share)}{SPACE}%"


def interval(low: float, high: float) -> str:
    """Write the interval of a share in percent, without repeating the sign."""
    return f"[{_percent_digits(low)},{SPACE}{_percent_digits(high)}]"


def interval_of(share: Mapping[str, Any]) -> str:
    """Write the interval of a share that report.json holds."""
    return interval(share["low"], share["high"])


def seconds(value: float | None) -> str:
    """Write a duration in seconds, or in minutes and seconds."""
    if value is None:
        return NONE
    if value < 100:
        return f"{value:.1f}{SPACE}s"
    return f"{value // 60:,.0f}{SPACE}min {value % 60:.0f}{SPACE}s"


def plural(value: int, one: str, many: str | None = None) -> str:
    """Write a count and its noun."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def points(share: float) -> str:
    """Write a difference of shares in points."""
    return f"{100 * share:+.1f}"


def p_value(p: float) -> str:
    """Write a p-value."""
    return f"{p:.2g}"
