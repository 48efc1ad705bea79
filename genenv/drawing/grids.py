"""Pictures in rows and columns that have names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.wording import shortened

LEAST_SIDE = 48  # pixels: smaller cells are enlarged by an integer factor
GAP = 4  # pixels between cells
LETTERS = 16  # of a name; longer ones are cut
_FONT = 13  # pixels
_PAPER, _INK = 255, 40  # grey levels


def table(
    cells: NDArray[np.uint8],
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    margin: int = 0,
) -> NDArray[np.uint8]:
    """Lay pictures out in a table with names at its left and top.

    Parameters
    ----------
    cells
        (rows, columns, h, w, 1 or 3) of uint8; pictures with a side under 48 pixels are enlarged by
        an integer factor, so that every pixel stays a square.
    rows, columns
        A name a row and a column, cut after 16 letters; (): no names.
    margin
        Pixels at the left that the names of the rows get at least.

    Returns
    -------
    (height, width, 1 or 3) uint8.
    """
    from PIL import Image, ImageDraw

    factor = enlargement(cells.shape[2:4])
    cells = cells.repeat(factor, axis=2).repeat(factor, axis=3)
    down, across, height, width = cells.shape[:4]
    rows = [shortened(name, LETTERS) for name in rows]
    columns = [shortened(name, LETTERS) for name in columns]
    left = max(margin, name_width(rows)) + GAP
    top = (_FONT + GAP if columns else 0) + GAP
    size = left + across * (width + GAP), top + down * (height + GAP)
    sheet = Image.new("L", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, name in enumerate(rows):
        middle = top + i * (height + GAP) + height // 2
        pen.text((left - 2 * GAP, middle), name, _INK, _font(), anchor="rm")
    for j, name in enumerate(columns):
        middle = left + j * (width + GAP) + width // 2
        pen.text((middle, top - GAP // 2), name, _INK, _font(), anchor="ms")
    picture = np.array(sheet)[..., None].repeat(cells.shape[-1], axis=2)
    for i in range(down):
        for j in range(across):
            y, x = top + i * (height + GAP), left + j * (width + GAP)
            picture[y : y + height, x : x + width] = cells[i, j]
    return picture


def name_width(names: Sequence[str]) -> int:
    """Return the pixels that the longest of these names of rows takes; 0 for no names."""
    shown = (shortened(name, LETTERS) for name in names)
    return max((int(_font().getlength(name)) + 2 * GAP for name in shown), default=0)


def stack(sheets: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Put sheets (h, w, channels) under each other, the narrower ones at the left."""
    width = max(sheet.shape[1] for sheet in sheets)
    fill = [((0, 2 * GAP), (0, width - sheet.shape[1]), (0, 0)) for sheet in sheets]
    padded = [np.pad(s, f, constant_values=_PAPER) for s, f in zip(sheets, fill, strict=True)]
    return np.concatenate(padded)


def enlargement(side: Sequence[int]) -> int:
    """Return the factor by which pictures (h, w) are enlarged in a table."""
    return -(-LEAST_SIDE // min(side))


@cache
def _font() -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(_FONT)
