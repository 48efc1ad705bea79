"""scikit-learn's digits: 1,797 handwritten digits of 8 x 8 pixels, 0 to 16."""

from __future__ import annotations

import numpy as np

from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset


def digits() -> Dataset:
    """Load the digits that come with scikit-learn: float32 (1797, 8, 8), values 0 to 16."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return from_arrays(bunch.images.astype(np.float32), bunch.target, "digits")
