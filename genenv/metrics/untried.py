"""Advice that names no setting which is in use already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Try = tuple[str, Any, str]  # field of the settings, a value of it, what to say


def untried(settings: Mapping[str, Any], options: Sequence[Try], *always: str) -> str:
    """Return "try A, B or C" of what is not in use; "" where nothing is left.

    Parameters
    ----------
    settings
        In use, by field; empty where they are not known.
    options
        Those whose field has the value already are left out.
    always
        Said after them, whatever the settings.
    """
    words = [words for name, value, words in options if settings.get(name) != value]
    words += always
    if not words:
        return ""
    return "try " + " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
