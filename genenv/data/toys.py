"""Mixtures of Gaussians in the plane whose modes can be counted.

The protocol of VEEGAN (arXiv 1705.07761) and PacGAN (1712.04086): a ring of 8 and a grid of 25
modes. Labels are the number of the mode; fits ignore them unless told.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset

_ANGLES = np.arange(8) * 2 * np.pi / 8
RING_CENTRES = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)  # (8, 2), radius 1
RING_SIGMA = 0.01
GRID_CENTRES = np.array([(a, b) for a in (-4, -2, 0, 2, 4) for b in (-4, -2, 0, 2, 4)], float)
GRID_SIGMA = 0.05
ROWS = 20_000


def ring(rows: int = ROWS, seed: int = 0) -> Dataset:
    """Draw from 8 modes at radius 1, sigma 0.01: float32 (rows, 2)."""
    return _mixture("ring", RING_CENTRES, RING_SIGMA, rows, seed)


def grid(rows: int = ROWS, seed: int = 0) -> Dataset:
    """Draw from 25 modes at {-4, -2, 0, 2, 4}², sigma 0.05: float32 (rows, 2)."""
    return _mixture("grid", GRID_CENTRES, GRID_SIGMA, rows, seed)


def _mixture(
    name: str, centres: NDArray[np.float64], sigma: float, rows: int, seed: int
) -> Dataset:
    generator = seeding.numpy_generator(seed, "toy", name)
    label = generator.integers(len(centres), size=rows)
    x = centres[label] + sigma * generator.standard_normal((rows, 2))
    return replace(from_arrays(x.astype(np.float32), label, name), unconditional=True)
