"""Labels that a user asks for, checked and broadcast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genenv import checks


def indices(label: int | NDArray[np.int64], count: int, classes: int) -> NDArray[np.int64]:
    """Give each of `count` rows its class index, (count,), from one for all or one a row.

    Raises
    ------
    Mistake
        No integers, not one a row, or no index from 0 to classes - 1.
    """
    array = np.asarray(label)
    if array.dtype.kind not in "ui" or (array.ndim and array.shape != (count,)):
        raise checks.Mistake(
            f"label to be an integer or {count} integers",
            f"{array.dtype} of shape {array.shape}",
            "give indices into the classes",
        )
    if array.size and not (array.min() >= 0 and array.max() < classes):
        raise checks.Mistake(
            f"labels from 0 to {classes - 1}",
            f"{array.min()} to {array.max()}",
            "give indices into the classes",
        )
    return np.broadcast_to(array, (count,)).astype(np.int64)
