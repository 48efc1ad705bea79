"""The picture of a disturbed walk through a world."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.envs import pictures


def page(
    codes: NDArray[np.floating[Any]],
    trace: NDArray[np.floating[Any]],
    reach: float,
    span: int,
    said: str,
    state: str,
) -> NDArray[np.uint8]:
    """Draw codes, miss distance and energy over time: (height, width, 3).

    Parameters
    ----------
    codes
        (steps, base_dim) so far.
    trace
        Energy and miss distance (steps + 1, 2).
    reach, span
        Of the codes; steps that there is room for.
    said, state
        At which step it is, and whether it "failed", is "over" or "holds".
    """
    shades = [pictures.BLUE, pictures.GOOD, pictures.GREY, pictures.INK]
    lines = [(code, shades[i % 4]) for i, code in enumerate(codes.T)]
    energy, miss = trace.T
    top = max(1.0, energy.max())
    colour = pictures.BAD if state == "failed" else pictures.INK
    panels = [
        pictures.curves(lines, -reach, reach, span),
        pictures.curves([(miss, pictures.BLUE), (energy / top, colour)], 0, 1, span + 1),
    ]
    words = (
        f"codes e within {reach:.2f}; miss (blue), energy of {top:.1f}",
        f"{said}, energy {energy[-1]:.3f}, miss {miss[-1]:.2f}: {state}",
    )
    return pictures.page(panels, words)
