"""scikit-learn's digits: 1,797 handwritten digits of 8 x 8 pixels, 0 to 16."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset


def digits() -> Dataset:
    """Load the digits that come with scikit-learn: float32 (1797, 8, 8), values 0 to 16."""
    images, target = _stored()
    return from_arrays(images.astype(np.float32), target.copy(), "digits")


@cache
def _stored() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read them once a process: they lie in a text file."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.images, bunch.target
