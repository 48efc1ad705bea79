"""The picture of a disturbed walk through a world."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.envs import pictures


class Film:
    """Codes, energy and miss distance of each row over time.

    Parameters
    ----------
    rows, windows, base_dim
        Of the batch, the windows of an episode and the numbers of a code.
    """

    def __init__(self, rows: int, windows: int, base_dim: int) -> None:
        self.codes = np.zeros((rows, windows, base_dim))
        self.trace = np.zeros((rows, windows + 1, 2))  # energy and miss

    def begin(self, rows: NDArray[np.int64], miss: NDArray[np.float64]) -> None:
        """Take the miss distances (all rows,) before these rows' first steps."""
        self.trace[rows, 0] = np.stack([np.zeros(len(rows)), miss[rows]], 1)

    def take(
        self,
        rows: NDArray[np.int64],
        step: NDArray[np.int64],
        e: NDArray[np.float32],
        energy: NDArray[np.float64],
        miss: NDArray[np.float64],
    ) -> None:
        """Take what these rows came to by the step that each is at; arguments are of all rows."""
        self.codes[rows, step[rows] - 1] = e[rows]
        self.trace[rows, step[rows]] = np.stack([energy, miss], 1)[rows]

    def so_far(self, row: int, step: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Codes (step, base_dim) and trace (step + 1, 2) of a row, for `page`."""
        return self.codes[row, :step], self.trace[row, : step + 1]


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
