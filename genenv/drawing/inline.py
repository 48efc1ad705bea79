"""How every figure of a page is drawn: inline SVG whose colours are the page's CSS variables."""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from typing import Any

from genenv.drawing import style
from genenv.drawing.numbers import Numbers
from genenv.drawing.style import Palette, blank

# Colours that stand for CSS variables in what matplotlib writes, so that figures follow the
# page into dark mode and print.
VARIABLES = {"ink": "#010101", "muted": "#010102", "line": "#010103", "accent": "#010104"}
SERIES = tuple(f"#0102{i:02x}" for i in range(5))  # --series-0 to --series-4


COLOURS = Palette(VARIABLES["ink"], VARIABLES["muted"], VARIABLES["line"])


def styled(salt: str) -> AbstractContextManager[None]:
    """Set up every figure of a page alike, see `style.styled`."""
    return style.styled(COLOURS, salt)


def one_axes(width: float, height: float) -> tuple[Any, Any]:
    """Make a figure of one panel, in inches."""
    figure = blank(width, height)
    return figure, figure.subplots()


def panels(count: int, across: int, width: float, height: float) -> tuple[Any, list[Any]]:
    """Make a figure in inches, its panels row by row, which share both axes.

    Where the last row is short the rest of it is left out: a panel takes 30 ms to make and draw.
    """
    figure = blank(width, height)
    grid = figure.add_gridspec(-(-count // across), across)
    made: list[Any] = []
    for i in range(count):
        first = made[0] if made else None
        axes = figure.add_subplot(grid[divmod(i, across)], sharex=first, sharey=first)
        axes.tick_params(labelbottom=i + across >= count, labelleft=i % across == 0)
        made.append(axes)
    return figure, made


def svg(figure: Any, title: str, numbers: Numbers) -> str:
    """Write a figure as an inline <svg> that scales with its column, its numbers below it.

    `title` is markup: what comes from users in it is escaped.
    """
    stream = io.StringIO()
    no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(stream, format="svg", transparent=True, metadata=no_metadata)
    text = stream.getvalue()
    box = re.search(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', text)
    assert box is not None, "matplotlib writes a viewBox"
    text = f'<svg {box[1]} role="img" aria-label="{title}">' + text[box.end() :]
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    for name, colour in VARIABLES.items():
        text = text.replace(colour, f"var(--{name})")
    for i, colour in enumerate(SERIES):
        text = text.replace(colour, f"var(--series-{i})")
    return text + numbers.below(title)
