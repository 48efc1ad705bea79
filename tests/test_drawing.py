"""Figures are drawn in one style, in one room."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from genenv.drawing import inline, pixels
from genenv.drawing.numbers import Numbers
from genenv.drawing.style import PAPER

ROOT = Path(__file__).parent.parent


def test_no_other_room_makes_figures_or_sets_a_style():
    making = re.compile(r"rc_context|rcParams|FigureCanvas|matplotlib\.figure|pyplot")
    folders = (ROOT / "genenv", ROOT / "envs", ROOT / "agents")
    found = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in folder.rglob("*.py")
        if making.search(path.read_text()) and path.parent.name != "drawing"
    }
    assert not found


def test_the_same_figure_is_drawn_on_a_page_and_as_pixels():
    with inline.styled("salt"):
        figure, axes = inline.one_axes(2, 1)
        axes.plot([0, 1], color=inline.SERIES[0])
        page = inline.svg(figure, "a line", Numbers(("step", "up"), [(0, 0.0), (1, 1.0)]))
    assert 'aria-label="a line"' in page
    assert "var(--series-0)" in page
    assert "var(--line)" in page
    drawing, (plot,) = pixels.axes_of(2, 1)
    plot.plot([0, 1])
    shown = pixels.drawn(drawing)
    assert shown.shape == (pixels.DPI, 2 * pixels.DPI, 3)
    line = [int(PAPER.line[i : i + 2], 16) for i in (1, 3, 5)]
    assert (np.abs(shown.reshape(-1, 3).astype(int) - line).max(1) < 8).any()


def test_numbers_are_pasted_into_a_spreadsheet_and_are_no_markup():
    told = Numbers(("class", "share"), [("a<b>", 1 / 3), ("c", None), ("d", 12345678)]).below("one")
    assert "class\tshare\na&lt;b&gt;\t0.333333\nc\t\nd\t12345678</pre>" in told
    assert 'aria-label="Numbers: one"' in told
