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
MOST = 2**28  # rows that a range may claim: two gigabytes of numbers
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


def said(path: Path, plain: dict[str, Any], part: str) -> Any:
    """Return what config.json, at a path and read, says of the rows of a part; None: nothing."""
    rows = plain.get("split", plain)
    if not isinstance(rows, dict):
        raise reading.damaged(path, "no rows by the name of their part")
    return rows.get(part)


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
        The numbers are not those of which config.json has the digest, or are no numbers.
    """
    if isinstance(said, list):
        return reading.guarded(folder, lambda: np.array(said, np.int64).reshape(len(said)))
    if not isinstance(said, dict):
        return None
    if "first" in said:
        return reading.guarded(folder, lambda: _range(said["first"], said["last"]))
    path = folder / NAME
    if not path.is_file():
        return None
    rows: Rows = reading.arrays(path, [name])[name]
    if _digest(rows) != said.get("sha256"):
        raise checks.Mistake(f"the rows of {name} in {path}", "others", "take the run's own file")
    return rows


def _range(first: int, last: int) -> Rows:
    if not 0 <= first <= last < MOST:
        raise ValueError(f"rows {first} to {last}")
    return np.arange(first, last + 1)


def _digest(rows: Rows) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest()
