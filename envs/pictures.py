"""Pieces of pictures of an episode, drawn with NumPy and Pillow: panels and captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 160  # pixels of the square of a panel
MARGIN, CAPTION = 8, 16  # pixels around things, and of a line of text
PAPER = (255, 255, 255)
INK = (40, 40, 40)
GREY = (190, 190, 190)
GOOD = (46, 125, 50)
BAD = (198, 40, 40)
BLUE = (21, 101, 192)

Colour = tuple[int, int, int]
Series = tuple[NDArray[Any], Colour]


def page(panels: Sequence[Image.Image], lines: Sequence[str]) -> NDArray[np.uint8]:
    """Lay out panels side by side, and lines of text below them.

    Parameters
    ----------
    panels
        Squares of SIDE pixels.
    lines
        Captions; always give as many, so that frames of a film are of one size.

    Returns
    -------
    (height, width, 3).
    """
    width = len(panels) * (SIDE + MARGIN) + MARGIN
    sheet = Image.new("RGB", (width, SIDE + 3 * MARGIN + len(lines) * CAPTION), PAPER)
    for i, panel in enumerate(panels):
        sheet.paste(panel, (MARGIN + i * (SIDE + MARGIN), MARGIN))
    draw = ImageDraw.Draw(sheet)
    for i, line in enumerate(lines):
        draw.text((MARGIN, SIDE + 2 * MARGIN + i * CAPTION), line, fill=INK)
    return np.asarray(sheet).copy()


def enlarged(u: NDArray[Any]) -> Image.Image:
    """Fit one image in [-1, 1], (h, w), (h, w, 1) or (h, w, 3), its pixels as squares."""
    pixels = np.rint((u.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
    image = Image.fromarray(pixels.squeeze(2) if u.ndim == 3 and u.shape[2] == 1 else pixels)
    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    square = Image.new("RGB", (SIDE, SIDE), PAPER)
    square.paste(image.resize(size, Image.Resampling.NEAREST).convert("RGB"))
    return square


def sample(u: NDArray[Any]) -> Image.Image:
    """Show one sample in [-1, 1]: an image, or a vector (n,) as bars."""
    return enlarged(u) if u.ndim >= 2 else bars((u + 1) / 2, [GREY] * len(u))


def bars(heights: NDArray[Any], colours: Sequence[Colour]) -> Image.Image:
    """Draw upright bars of heights 0 to 1, one colour a bar."""
    square = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(square)
    step = SIDE / len(heights)
    for i, (height, colour) in enumerate(zip(heights.clip(0, 1), colours, strict=True)):
        top = round((SIDE - 1) * (1 - float(height)))
        draw.rectangle(
            (i * step + 1, top, max((i + 1) * step - 2, i * step + 1), SIDE), fill=colour
        )
    return square


def scatter(clouds: Sequence[Series], low: float, high: float, radius: int = 1) -> Image.Image:
    """Draw clouds of points, (n, 2) each with its colour, in the square [low, high]²; later on top.

    Points outside of the limits are not drawn.
    """
    square = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(square)
    draw.rectangle((0, 0, SIDE - 1, SIDE - 1), outline=GREY)
    for points, colour in clouds:
        inside = points[((points >= low) & (points <= high)).all(1)]
        at = np.rint((inside - low) / (high - low) * (SIDE - 1)).astype(int)
        for column, row in at.tolist():
            box = (
                column - radius,
                SIDE - 1 - row - radius,
                column + radius,
                SIDE - 1 - row + radius,
            )
            draw.ellipse(box, fill=colour)
    return square


def curves(series: Sequence[Series], low: float, high: float, length: int) -> Image.Image:
    """Draw series, (n,) each with its colour, from left to right; `length` values fill the width.

    Values outside of [low, high] are drawn at the limit; those not finite are left out.
    """
    square = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(square)
    draw.rectangle((0, 0, SIDE - 1, SIDE - 1), outline=GREY)
    if low < 0 < high:
        zero = round((SIDE - 1) * high / (high - low))
        draw.line((0, zero, SIDE - 1, zero), fill=GREY)
    for values, colour in series:
        kept = np.flatnonzero(np.isfinite(values))
        across = kept / max(length - 1, 1) * (SIDE - 1)
        up = (high - np.asarray(values)[kept].clip(low, high)) / (high - low) * (SIDE - 1)
        points = [(float(a), float(b)) for a, b in zip(across, up, strict=True)]
        if len(points) == 1:
            draw.ellipse(
                (points[0][0] - 1, points[0][1] - 1, points[0][0] + 1, points[0][1] + 1),
                fill=colour,
            )
        draw.line(points, fill=colour, width=2)
    return square
