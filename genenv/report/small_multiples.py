"""Small multiples: a panel a name, lines of one colour a learner, their bands over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genenv.drawing.inline import SERIES, VARIABLES, panels, styled, svg
from genenv.drawing.numbers import Numbers

ACROSS = 4  # panels in a row
WIDE, ROW = 9.6, 1.8  # inches: a figure, a row of panels with what is below and above it
LEFT, RIGHT, ABOVE, TITLE, BELOW = (
    0.55,
    0.05,
    0.25,
    0.22,
    0.42,
)  # inches around panels; legend above
NAME = 24  # letters of a learner's name in a legend
SHARED = -1  # the learner of a line that is nobody's own
DOTTED = 2  # the dash of a line beside the learner's first
DASHES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)), (0, (1, 3)))

Row = dict[str, Any]
Legend = dict[str, tuple[int, int]]  # learner, by number, and dash of a line


@dataclass(frozen=True)
class Line:
    """The mean over seeds of one column against another, and the band of least and largest."""

    name: str
    """In the numbers below the figure."""
    rows: Sequence[Row]
    """A row a point and seed."""
    key: str
    """The column that is drawn."""
    by: str
    """The column along the axis."""
    learner: int
    """By number, for its colour."""
    dash: int = 0
    """Of DASHES."""


def band(
    rows: Sequence[Row], key: str, by: str
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return the values of `by`, and the mean, least and largest of `key` over seeds at each.

    Rows whose `key` is None are left out; a value without any other has none.
    """
    found: dict[float, list[float]] = {}
    for row in rows:
        if row[key] is not None:
            found.setdefault(row[by], []).append(row[key])
    places = sorted(found)
    values = [np.array(found[place]) for place in places]
    means, lows, highs = ([float(f(v)) for v in values] for f in (np.mean, np.min, np.max))
    return places, means, lows, highs


def grid(
    salt: str,
    names: Sequence[str],
    lines: Callable[[str], Iterable[Line]],
    axes: tuple[str, str],
    title: str,
    legend: Legend,
    *,
    head: Callable[[str], str] = str,
    ends: tuple[float, float] | None = None,
    level: float | None = None,
) -> str | None:
    """Draw a panel a name, under a legend of lines; None without names.

    Parameters
    ----------
    salt
        Of the marks in the SVG, another for each figure of a page.
    names, lines
        Of the panels, and what each draws.
    axes
        What is across and what is up.
    title, legend
        In words; colours and dashes by name, see `legend_of`.
    head
        Words above a panel, of its name.
    ends
        Of the axis that is up; None: of what is drawn.
    level
        Of a thin line across; None: there is none.
    """
    if not names:
        return None
    rows = -(-len(names) // ACROSS)
    numbers: list[tuple[Any, ...]] = []
    with styled(salt):
        figure, drawn = panels(len(names), ACROSS, WIDE, ROW * rows + ABOVE)
        figure.set_layout_engine(None)  # of many panels an engine takes seconds a figure
        figure.subplots_adjust(
            left=LEFT / WIDE,
            right=1 - RIGHT / WIDE,
            top=1 - (ABOVE + TITLE) / (ROW * rows + ABOVE),
            bottom=BELOW / (ROW * rows + ABOVE),
            wspace=0.08,
            hspace=(BELOW + TITLE) / (ROW - BELOW - TITLE),
        )
        for panel, name in zip(drawn, names, strict=True):
            if level is not None:
                panel.axhline(level, color=VARIABLES["line"], linewidth=0.8)
            for line in lines(name):
                numbers += [(name, line.name, *point) for point in _plot(panel, line)]
            panel.set_title(head(name), size=8.5, color=VARIABLES["ink"])
        if ends is not None:
            drawn[0].set_ylim(*ends)  # panels share it
        for panel in drawn[-ACROSS:]:  # the lowest ones
            panel.set_xlabel(axes[0])
            panel.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        for panel in drawn[::ACROSS]:
            panel.set_ylabel(axes[1])
        _show(figure, legend)
        columns = ("panel", "line", axes[0], f"mean {axes[1]}", "least", "largest")
        return svg(figure, title, Numbers(columns, numbers))


def legend_of(learners: Sequence[str]) -> Legend:
    """Give each learner its colour and a solid line; colours repeat after five."""
    return {name: (i, 0) for i, name in enumerate(learners)}


def _style(learner: int, dash: int) -> tuple[str, Any]:
    """Return the colour of a learner and the dash of a kind of line."""
    return SERIES[(learner + 1) % len(SERIES)], DASHES[
        (dash + max(learner, 0) // len(SERIES)) % len(DASHES)
    ]


def _plot(axes: Any, line: Line) -> list[tuple[float, ...]]:
    """Draw a line; its points: the place, the mean over seeds, the least and the largest."""
    places, means, lows, highs = band(line.rows, line.key, line.by)
    if places:
        colour, dashes = _style(line.learner, line.dash)
        axes.plot(places, means, color=colour, linestyle=dashes, linewidth=1.4)
        if lows != highs:
            axes.fill_between(places, lows, highs, color=colour, alpha=0.15, linewidth=0)
    return list(zip(places, means, lows, highs, strict=True))


def _show(figure: Any, legend: Legend) -> None:
    from matplotlib.lines import Line2D

    if legend:
        styles = [_style(*of) for of in legend.values()]
        lines = [Line2D([], [], color=c, linestyle=d, linewidth=1.4) for c, d in styles]
        names = [name if len(name) <= NAME else f"{name[:NAME]}…" for name in legend]
        place = {"loc": "upper left", "ncols": min(len(names), 6), "frameon": False}
        figure.legend(lines, names, fontsize=8.5, handlelength=2.4, **place)
