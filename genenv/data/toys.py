"""Mixtures of Gaussians in the plane whose modes can be counted.

The protocol of VEEGAN (arXiv 1705.07761) and PacGAN (1712.04086): a ring of 8 and a grid of 25
modes. Labels are the number of the mode; fits ignore them unless told.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genenv import seeding
from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset, Modes

_ANGLES = np.arange(8) * 2 * np.pi / 8
_STEPS = (-4, -2, 0, 2, 4)
RING = Modes(np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1), sigma=0.01)  # radius 1
GRID = Modes(np.array([(a, b) for a in _STEPS for b in _STEPS], float), sigma=0.05)
ROWS = 20_000


def ring(rows: int = ROWS, seed: int = 0) -> Dataset:
    """Draw from 8 modes at radius 1, sigma 0.01: float32 (rows, 2)."""
    return _mixture("ring", RING, rows, seed)


def grid(rows: int = ROWS, seed: int = 0) -> Dataset:
    """Draw from 25 modes at {-4, -2, 0, 2, 4}², sigma 0.05: float32 (rows, 2)."""
    return _mixture("grid", GRID, rows, seed)


def _mixture(name: str, modes: Modes, rows: int, seed: int) -> Dataset:
    generator = seeding.numpy_generator(seed, "toy", name)
    label = generator.integers(len(modes.centres), size=rows)
    x = modes.centres[label] + modes.sigma * generator.standard_normal((rows, 2))
    dataset = from_arrays(x.astype(np.float32), label, name)
    return replace(dataset, unconditional=True, modes=modes)
