"""Names as they are shown."""

from __future__ import annotations


def shortened(name: str, most: int) -> str:
    """Cut a name that has more than so many letters, and say so by its last one."""
    return name if len(name) <= most else f"{name[: most - 1]}…"
