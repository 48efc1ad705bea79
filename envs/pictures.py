"""Pictures of an episode, drawn with NumPy and Pillow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from genenv.probe import Findings

SIDE = 160  # pixels of the square that holds the sample
MARGIN, CAPTION = 8, 16  # pixels around things, and of a line of text
PAPER, INK, GREY = (255, 255, 255), (40, 40, 40), (190, 190, 190)
OWN, OTHER = (46, 125, 50), (198, 40, 40)  # bar of the condition; of the class answered instead


def probe_picture(
    u: NDArray[np.float32], seen: Findings, classes: tuple[int | str, ...]
) -> NDArray[np.uint8]:
    """Draw a sample beside the model's probabilities, and both verdicts below.

    Parameters
    ----------
    u
        One sample in [-1, 1]: (h, w), (h, w, 1), (h, w, 3) or a vector (n,).
    seen
        What its query showed, one row.
    classes
        The user's labels.

    Returns
    -------
    (height, width, 3).
    """
    width, height = 2 * SIDE + 3 * MARGIN, SIDE + 3 * MARGIN + 2 * CAPTION
    page = Image.new("RGB", (width, height), PAPER)
    page.paste(_enlarged(u) if u.ndim >= 2 else _bars((u + 1) / 2, [GREY] * len(u)), (MARGIN,) * 2)
    p, label = np.exp(seen.output[0]), int(seen.label[0])
    answer = int(p.argmax())
    colours = [OWN if i == label else OTHER if i == answer else GREY for i in range(len(p))]
    page.paste(_bars(p, colours), (SIDE + 2 * MARGIN, MARGIN))
    verdict = "failed" if seen.severity[0] > 0 else "passed"
    guide = "accepts" if seen.accepted[0] else "refuses"
    lines = (
        f"asked for {classes[label]}, model says {classes[answer]} ({p[answer]:.0%}): {verdict}",
        f"guide {guide}, realism {seen.guide_distance[0]:+.2f}, severity {seen.severity[0]:+.2f}",
    )
    for i, line in enumerate(lines):
        at = (MARGIN, SIDE + 2 * MARGIN + i * CAPTION)
        ImageDraw.Draw(page).text(at, line, fill=INK)
    return np.asarray(page).copy()


def _enlarged(u: NDArray[np.float32]) -> Image.Image:
    """Fit the image into a square of SIDE, its pixels as squares."""
    pixels = np.rint((u.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
    image = Image.fromarray(pixels.squeeze(2) if u.ndim == 3 and u.shape[2] == 1 else pixels)
    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    square = Image.new("RGB", (SIDE, SIDE), PAPER)
    square.paste(image.resize(size, Image.Resampling.NEAREST).convert("RGB"))
    return square


def _bars(heights: NDArray[np.floating[Any]], colours: list[tuple[int, int, int]]) -> Image.Image:
    """Draw upright bars of heights 0 to 1 in a square of SIDE."""
    square = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw, step = ImageDraw.Draw(square), SIDE / len(heights)
    for i, (height, colour) in enumerate(zip(heights.clip(0, 1), colours, strict=True)):
        top = round((SIDE - 1) * (1 - float(height)))
        draw.rectangle(
            (i * step + 1, top, max((i + 1) * step - 2, i * step + 1), SIDE), fill=colour
        )
    return square
