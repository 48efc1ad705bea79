"""Masked arrays as frames: what the mask covers is missing, and never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from genenv import checks

if TYPE_CHECKING:
    import pandas as pd

LABEL = "label"  # the column of a framed array's labels


def is_masked(x: Any) -> bool:
    """Whether rows (n, columns) have masked values among them."""
    return np.ma.is_masked(x) and np.ndim(x) == 2


def framed(x: Any, y: Any) -> pd.DataFrame:
    """Return rows (n, columns) and labels (n,) as a frame with NaN where they are masked.

    Raises
    ------
    Mistake
        They are not as many.
    """
    import pandas as pd

    rows = np.ma.filled(np.ma.asarray(x, np.float64), np.nan)
    label = np.ravel(y)
    if len(label) != len(rows):
        raise checks.Mistake(f"{len(rows)} labels, one a row", len(label), "give as many")
    frame = pd.DataFrame(rows, columns=[f"column {i}" for i in range(rows.shape[1])])
    return frame.assign(**{LABEL: label})
