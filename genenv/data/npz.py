"""Data from an .npz file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset


def npz_file(path: Path) -> Dataset:
    """Load the arrays x and, where present, y of an .npz file; executes nothing.

    Raises
    ------
    Mistake
        When the file is no .npz, has no x, or holds pickled objects.
    """
    try:
        x, y = _read(path)
    except checks.Mistake:
        raise
    except Exception as error:  # a ruined file makes zipfile, tokenize and NumPy raise anything
        if "pickle" in str(error):
            raise checks.Mistake(
                "arrays of numbers or strings",
                f"pickled objects in {path}",
                "save numbers: pickles are not read, for they can run code",
            ) from error
        raise checks.Mistake(
            "an .npz file", f"{path}, which cannot be read ({error})", "save it again"
        ) from error
    return from_arrays(x, y, path.stem)


def _read(path: Path) -> tuple[NDArray[Any], NDArray[Any] | None]:
    with path.open("rb") as stream:
        file = np.load(stream, allow_pickle=False)
        names = getattr(file, "files", None)
        if names is None or "x" not in names:
            found = "a lone array" if names is None else f"arrays {', '.join(names) or 'none'}"
            raise checks.Mistake(
                f"an array x in {path}", found, "save it with np.savez(path, x=x, y=y)"
            )
        return file["x"], file["y"] if "y" in names else None
