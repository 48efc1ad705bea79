"""A sample of a table as a picture: a bar a column, over the column's range in the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.codecs import Codec

MOST = 60  # columns that are drawn
SIDE = 96  # pixels of the small picture
LINE, NAME, WIDTH, VALUE = 16, 26, 150, 96  # pixels of the large one: a row, and its three parts
PAPER = (255,) * 3
GROUND = (232, 235, 239)
BAR = (26, 95, 180)
MARK = (200, 80, 0)
INK = (40,) * 3


def small(x: NDArray[Any], start: NDArray[Any], units: Codec) -> NDArray[np.uint8]:
    """Draw bars alone, for a gallery: (SIDE, SIDE, 3). See `large`."""
    high = max(SIDE // max(min(len(x), MOST), 1), 2)
    return _sheet(x, start, units, (0, SIDE, 0), high, gap=min(2, high // 3))


def large(x: NDArray[Any], start: NDArray[Any], units: Codec) -> NDArray[np.uint8]:
    """Draw each column's number, a bar and its value.

    Parameters
    ----------
    x, start
        (columns,) in the data's units: the sample, and where its path begins, which is a mark on
        each bar. A bar is empty at the column's least value in the data and full at the largest; a
        missing value has none.
    units
        Of the data.

    Returns
    -------
    (height, width, 3); the first 60 columns.
    """
    return _sheet(x, start, units, (NAME, WIDTH, VALUE), LINE, gap=3)


def _sheet(
    x: NDArray[Any],
    start: NDArray[Any],
    units: Codec,
    parts: tuple[int, int, int],
    high: int,
    gap: int,
) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw

    count = min(len(x), MOST)
    name, width, value = parts
    sheet = Image.new("RGB", (name + width + value, max(high * count, 1)), PAPER)
    pen = ImageDraw.Draw(sheet)
    full, marks = _shares(x[:count], units), _shares(start[:count], units)
    for i in range(count):
        top, bottom = i * high, (i + 1) * high - 1 - gap
        pen.rectangle((name, top, name + width - 1, bottom), GROUND)
        if np.isfinite(full[i]):
            pen.rectangle((name, top, name + round(full[i] * (width - 1)), bottom), BAR)
        if np.isfinite(marks[i]):
            at = name + round(marks[i] * (width - 1))
            pen.rectangle((max(at - 1, name), top, at, bottom), MARK)
        if name:
            pen.text((0, top), str(i + 1), INK)
            pen.text((name + width + 6, top), _words(x[i]), INK)
    return np.asarray(sheet).copy()


def _shares(x: NDArray[Any], units: Codec) -> NDArray[np.float64]:
    """Place values in their columns' ranges, from 0 to 1; NaN stays, and a constant is half."""
    least, most = (
        np.broadcast_to(np.asarray(end, np.float64), (units.size,))[: len(x)]
        for end in (units.least, units.most)
    )
    span = np.where(most > least, most - least, 1.0)
    share = np.where(most > least, (x.astype(np.float64) - least) / span, 0.5)
    return np.where(np.isnan(x.astype(np.float64)), np.nan, share).clip(0, 1)


def _words(value: Any) -> str:
    return "missing" if np.isnan(value) else f"{value:.5g}"
