"""Data from an .npz file."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

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
        with np.load(path, allow_pickle=False) as file:
            names = list(file.files)
            if "x" not in names:
                raise checks.Mistake(
                    f"an array x in {path}",
                    f"arrays {', '.join(names) or 'none'}",
                    "save it with np.savez(path, x=x, y=y)",
                )
            x, y = file["x"], file["y"] if "y" in names else None
    except checks.Mistake:
        raise
    except ValueError as error:
        raise checks.Mistake(
            "arrays of numbers or strings",
            f"pickled objects in {path}",
            "save numbers: pickles are not read, for they can run code",
        ) from error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, AttributeError, TypeError) as error:
        raise checks.Mistake(
            "an .npz file", f"{path}, which cannot be read ({error})", "save it again"
        ) from error
    return from_arrays(x, y, path.stem)
