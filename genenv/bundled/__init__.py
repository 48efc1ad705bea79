"""The small default set, laid out as a run: digits, generator, model and guide.

`scripts/make_bundled.py` makes it. Beside the run's folders lie `data.npz` (scikit-learn's digits
as uint8, with the rows of each role) and `ladder/`, the generator at four points of its training.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genenv.data import Dataset

FOLDER = Path(__file__).parent
LADDER = (50, 200, 500, 2000)  # training steps of the generators in `ladder/`


def rung(step: int, folder: Path = FOLDER) -> Path:
    """Return the folder of the generator after so many steps, one of LADDER."""
    return folder / "ladder" / f"step-{step:04d}"


def dataset() -> tuple[Dataset, NDArray[np.int64]]:
    """Return the digits, and the numbers of the rows that generator and model learned from."""
    import numpy as np

    from genenv.data import from_arrays

    with np.load(FOLDER / "data.npz", allow_pickle=False) as file:
        return from_arrays(file["x"], file["label"], "digits"), file["train"].astype(np.int64)
