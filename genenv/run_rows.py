"""Which rows a run took for what: a range or a digest in config.json, the numbers in rows.npz."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading

NAME = "rows.npz"
Rows = NDArray[np.int64]
Parts = Mapping[str, Rows]


def spelled(rows: Rows) -> dict[str, Any]:
    """Return ascending row numbers as config.json has them: where they begin and end, or a digest.

    A range holds its last row, too.
    """
    if len(rows) and int(rows[-1]) - int(rows[0]) == len(rows) - 1:
        return {"first": int(rows[0]), "last": int(rows[-1])}
    return {"count": len(rows), "sha256": _digest(rows)}


def write(folder: Path, parts: Parts) -> None:
    """Write the rows of each part that is no range beside config.json, unless they are there."""
    fields: Any = {name: rows for name, rows in parts.items() if "sha256" in spelled(rows)}
    if fields and not (folder / NAME).is_file():
        files.write_atomically(folder / NAME, partial(np.savez_compressed, **fields))


def read(folder: Path, name: str, said: Any) -> Rows | None:
    """Return the rows of a part as `spelled` said it; None where the run does not hold them.

    Parameters
    ----------
    folder
        The run's.
    name
        Of the part: "train".
    said
        What config.json says of it; in older runs the numbers themselves.

    Raises
    ------
    Mistake
        The numbers are not those of which config.json has the digest.
    """
    if isinstance(said, list):
        return np.array(said, np.int64)
    if not isinstance(said, dict):
        return None
    if "first" in said:
        return np.arange(said["first"], said["last"] + 1)
    path = folder / NAME
    if not path.is_file():
        return None
    rows: Rows = reading.arrays(path, [name])[name]
    if _digest(rows) != said["sha256"]:
        raise checks.Mistake(f"the rows of {name} in {path}", "others", "take the run's own file")
    return rows


def _digest(rows: Rows) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest()
