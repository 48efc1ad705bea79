"""Names and exceptions as they are shown."""

from __future__ import annotations


def shortened(name: str, most: int) -> str:
    """Cut a name that has more than so many letters, and say so by its last one."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def said(error: BaseException) -> str:
    """Name an exception and the first line of what it said."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:200].rstrip('.;')}"
