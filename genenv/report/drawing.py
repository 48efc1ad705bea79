"""How every figure of a page is drawn: inline SVG whose colours are the page's CSS variables."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Colours that stand for CSS variables in what matplotlib writes, so that figures follow the
# page into dark mode and print.
VARIABLES = {"ink": "#010101", "muted": "#010102", "line": "#010103", "accent": "#010104"}
SERIES = tuple(f"#0102{i:02x}" for i in range(5))  # --series-0 to --series-4


@contextmanager
def styled(salt: str) -> Iterator[None]:
    """Set up every figure alike; the salt keeps the ids of one figure apart from another's."""
    import matplotlib

    ink, muted, line = (VARIABLES[name] for name in ("ink", "muted", "line"))
    with matplotlib.rc_context(
        {
            "font.size": 8.5,
            "text.color": ink,
            "text.parse_math": False,  # a class may be called "$x$"
            "axes.edgecolor": line,
            "axes.labelcolor": muted,
            "axes.labelsize": 8.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "xtick.color": line,
            "ytick.color": line,
            "xtick.labelcolor": muted,
            "ytick.labelcolor": muted,
            "grid.color": line,
            "grid.linewidth": 0.5,
            "svg.fonttype": "none",  # text stays text, in the page's own font
            "svg.hashsalt": salt,
            "path.simplify": False,
        }
    ):
        yield


def one_axes(width: float, height: float) -> tuple[Any, Any]:
    """Make a figure of one panel, in inches."""
    figure, ((axes,),) = panels(1, 1, width, height)
    return figure, axes


def panels(rows: int, columns: int, width: float, height: float) -> tuple[Any, Any]:
    """Make a figure in inches, (rows, columns) panels that share both axes.

    pyplot's global state is not touched.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained")
    FigureCanvasAgg(figure)
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
