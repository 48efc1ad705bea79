"""A mixture under a condition: which component, and where each of its columns falls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from genenv.tables.cells import Cells, Floats, Pieces
from genenv.tables.em import Parameters


class Law:
    """The mixture under a condition: weights of components, and a CDF over pieces in each."""

    def __init__(
        self, cells: tuple[Cells, ...], pieces: list[Pieces], parameters: Parameters
    ) -> None:
        self.cells, self.pieces = cells, pieces
        firsts = starts(cells)
        mass = parameters.weights
        self.cumulative = []
        for first, each in zip(firsts, pieces, strict=True):
            sums = np.cumsum(parameters.cells[:, first + each.cell] * each.share, axis=1)
            mass = mass * sums[:, -1]
            self.cumulative.append(sums / np.maximum(sums[:, -1:], 1e-300))
        self.mass = mass.sum()
        self.weights = np.cumsum(mass) / max(self.mass, 1e-300)

    def codes(self, e: Floats | NDArray[np.float32]) -> Floats:
        """Map base vectors (n, 1 + columns) to codes (n, columns)."""
        u = ndtr(e.astype(np.float64))
        component = _place(self.weights, u[:, 0])
        parts = zip(self.cells, self.pieces, self.cumulative, u.T[1:], strict=True)
        return np.stack([_drawn(*part, component) for part in parts], axis=1)


def _place(cumulative: Floats, u: Floats) -> NDArray[np.int64]:
    """Return where a cumulative sum first passes u."""
    return np.minimum(np.searchsorted(cumulative, u, side="right"), len(cumulative) - 1)


def _drawn(
    cells: Cells, pieces: Pieces, cumulative: Floats, u: Floats, component: NDArray[np.int64]
) -> Floats:
    """Draw one column: the inverse of the CDF that each row's component has."""
    components, width = cumulative.shape
    steps = cumulative + np.arange(components)[:, None]  # one ascending line over all components
    flat = np.searchsorted(steps.ravel(), u + component, side="right") - component * width
    at = np.clip(flat, 0, width - 1)
    below = np.where(at > 0, cumulative[component, at - 1], 0.0)
    height = cumulative[component, at] - below
    within = np.clip((u - below) / np.maximum(height, 1e-300), 0, 1)
    return cells.value(pieces, at, within)


def starts(cells: tuple[Cells, ...]) -> NDArray[np.int64]:
    """Return the first cell of each column, of all columns' cells in a row."""
    return np.cumsum([0, *(each.count for each in cells[:-1])])


def rows_of(cells: tuple[Cells, ...], codes: Floats) -> NDArray[np.int64]:
    """Return the cell of each code, numbered over all columns: (n, columns)."""
    own = [each.index(column) for each, column in zip(cells, codes.T, strict=True)]
    return np.stack(own, axis=1) + starts(cells)
