"""Pictures of the projector's points in frames of a colour a group.

TensorBoard 2.21 opens its projector without a colour map, whatever the files say; the colour that
one sees at once has to be in the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FRAMES = {  # in order of first appearance, then from the first again; apart for the colour-blind
    "blue": (0, 114, 178),
    "orange": (230, 159, 0),
    "green": (0, 158, 115),
    "vermilion": (213, 94, 0),
    "purple": (204, 121, 167),
    "sky": (86, 180, 233),
}
SIDE = 6  # pixels of a point without a picture
PART = 8  # a frame's width is this part of the shorter side


def colours(groups: Sequence[str]) -> list[str]:
    """Name the colour of each point's group."""
    names = list(FRAMES)
    place = {group: names[i % len(names)] for i, group in enumerate(dict.fromkeys(groups))}
    return [place[group] for group in groups]


def framed(
    pictures: NDArray[np.uint8] | None, groups: Sequence[str]
) -> tuple[NDArray[np.uint8], list[str]]:
    """Frame pictures by their group.

    Parameters
    ----------
    pictures
        (n, h, w, 1 or 3); None: the points are vectors, and get a square of their colour.
    groups
        (n,) names.

    Returns
    -------
    (n, height, width, 3) uint8, and the name of each frame's colour.
    """
    named = colours(groups)
    paint = np.array([FRAMES[name] for name in named], np.uint8).reshape(-1, 1, 1, 3)
    if pictures is None:
        return np.broadcast_to(paint, (len(named), SIDE, SIDE, 3)).copy(), named
    edge = max(1, min(pictures.shape[1:3]) // PART)
    height, width = (side + 2 * edge for side in pictures.shape[1:3])
    sheet = np.broadcast_to(paint, (len(named), height, width, 3)).copy()
    sheet[:, edge:-edge, edge:-edge] = pictures
    return sheet, named
