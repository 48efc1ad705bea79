"""What is kept of a run is asked again before it is counted: what is no more so is moved aside."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from genenv import failures, files, reading
from genenv.failures import Confirmed
from genenv.judge import Verdict
from genenv.unanswered import Unanswered

Kept = TypeVar("Kept", Confirmed, Unanswered)


def recheck(
    kept: Path,
    aside: Path,
    read: Callable[[Path], Kept],
    again: Callable[[Kept], NDArray[np.bool_]],
) -> int:
    """Ask about all rows of both folders, shard by shard, and put each where it belongs.

    Parameters
    ----------
    kept, aside
        Folders of shards of the same names; a row is in one of them, or in both where a process
        ended between the two.
    read
        Reads a shard.
    again
        Whether rows are still what they were kept as, (m,).

    Returns
    -------
    How many rows are aside.
    """
    total = 0
    for name in sorted({path.name for place in (kept, aside) for path in files.shards(place)}):
        here, there = (read(p) if os.path.lexists(p := d / name) else None for d in (kept, aside))
        rows = _joined([part for part in (here, there) if part is not None])
        holds = again(rows)
        total += int((~holds).sum())
        if len(here or ()) != holds.sum() or len(there or ()) != (~holds).sum():
            _write(aside / name, rows.rows(~holds))  # first: a row is never in neither
            _write(kept / name, rows.rows(holds))
    return total


def enter(findings: Path, kept: Path, aside: Path) -> None:
    """Let the verdicts of findings say where their rows are: confirmed, or passed where aside.

    Parameters
    ----------
    findings, kept, aside
        Folders of shards of the same names.
    """
    for name in sorted({path.name for place in (kept, aside) for path in files.shards(place)}):
        said = reading.arrays(findings / name, ("index", "verdict"))
        verdict = said["verdict"].copy()
        for place, now in ((kept, Verdict.CONFIRMED), (aside, Verdict.PASSED)):
            if (place / name).is_file():
                rows = failures.read(place / name).index
                verdict[np.isin(said["index"], rows)] = now
        if not np.array_equal(verdict, said["verdict"]):
            columns: dict[str, Any] = reading.arrays(findings / name) | {"verdict": verdict}
            files.write_atomically(findings / name, partial(_packed, columns))


def _packed(columns: dict[str, Any], file: BinaryIO) -> None:
    np.savez_compressed(file, **columns)


def _joined(parts: list[Kept]) -> Kept:
    """Join the rows of a shard in order of query, each once."""
    rows = type(parts[0]).concatenate(parts)
    _, first = np.unique(rows.index, return_index=True)
    return rows.rows(first)


def _write(path: Path, rows: Kept) -> None:
    if len(rows):
        files.write_atomically(path, rows.save)
    else:
        path.unlink(missing_ok=True)
