"""The numbers that a figure of a page shows, to be copied from below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Numbers:
    """A small table under a figure, which a spreadsheet takes as it is pasted."""

    columns: tuple[str, ...]
    """Names, with units where there are any."""
    rows: Sequence[tuple[Any, ...]]
    """One a point of the figure: words and numbers, None for what is missing."""

    def below(self, title: str) -> str:
        """Write it as closed markup; `title` is escaped, and names the figure."""
        from markupsafe import escape

        lines = ["\t".join(map(_told, row)) for row in (self.columns, *self.rows)]
        return (
            '<details class="numbers"><summary>Numbers of this figure</summary>'
            f'<pre tabindex="0" role="region" aria-label="Numbers: {title}">'
            f"{escape(chr(10).join(lines))}</pre></details>"
        )


def _told(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
