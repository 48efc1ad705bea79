"""The style of every figure, and matplotlib's figures without pyplot's global state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

SIZE = 8.5  # points of letters


class Palette(NamedTuple):
    """Colours of what is not data."""

    ink: str
    """Of titles and legends."""
    muted: str
    """Of numbers and names along the axes."""
    line: str
    """Of axes and grids."""


PAPER = Palette("#333333", "#333333", "#BBBBBB")


@contextmanager
def styled(palette: Palette = PAPER, salt: str = "") -> Iterator[None]:
    """Set up every figure alike; the salt keeps the ids of one SVG apart from another's."""
    import matplotlib

    with matplotlib.rc_context(
        {
            "font.size": SIZE,
            "text.color": palette.ink,
            "text.parse_math": False,  # a class may be called "$x$"
            "axes.edgecolor": palette.line,
            "axes.labelcolor": palette.muted,
            "axes.labelsize": SIZE,
            "axes.titlesize": SIZE,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "xtick.color": palette.line,
            "ytick.color": palette.line,
            "xtick.labelcolor": palette.muted,
            "ytick.labelcolor": palette.muted,
            "grid.color": palette.line,
            "grid.linewidth": 0.5,
            "svg.fonttype": "none",  # text stays text, in the page's own font
            "svg.hashsalt": salt or None,
            "path.simplify": False,
        }
    ):
        yield


def blank(width: float, height: float, layout: Any = "constrained", dpi: float = 100) -> Any:
    """Make a figure in inches, without axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure((width, height), dpi=dpi, layout=layout)
    FigureCanvasAgg(figure)
    return figure
