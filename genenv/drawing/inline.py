"""How every figure of a page is drawn: inline SVG whose colours are the page's CSS variables."""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from typing import Any

from genenv.drawing import style
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
    figure, ((axes,),) = panels(1, 1, width, height)
    return figure, axes


def panels(rows: int, columns: int, width: float, height: float) -> tuple[Any, Any]:
    """Make a figure in inches, (rows, columns) panels that share both axes."""
    figure = blank(width, height)
    return figure, figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)


def svg(figure: Any, title: str) -> str:
    """Write a figure as an inline <svg> that scales with its column."""
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
    return text
