"""Figures as pixels, for TensorBoard and files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.drawing.style import blank, styled

DPI = 110


def canvas(width: float, height: float, layout: Any = None) -> Any:
    """Make a figure in inches, without axes."""
    return blank(width, height, layout, DPI)


def axes_of(width: float, height: float, down: int = 1, across: int = 1) -> tuple[Any, list[Any]]:
    """Make a figure in inches and its axes, row by row."""
    with styled():
        figure = canvas(width, height, "constrained")
        return figure, list(figure.subplots(down, across, squeeze=False).ravel())


def drawn(figure: Any) -> NDArray[np.uint8]:
    """Return the pixels of a figure, (height, width, 3) uint8."""
    figure.canvas.draw()
    picture: NDArray[np.uint8] = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
    return picture
