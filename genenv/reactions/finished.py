"""What a study has finished, in its run's folder: a later process goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from genenv import runs
from genenv.failures import UNREADABLE
from genenv.stages import Stages

CELLS = "cells"  # folder of what is finished, in a run

Rows = list[dict[str, Any]]
Advance = Callable[[int], None]


class _Kept(Protocol):
    """What writes itself into a file."""

    def save(self, path: Path) -> None:
        """Write the file, whole."""


K = TypeVar("K", bound=_Kept)
T = TypeVar("T")


class Finished:
    """The parts of a study, each read where it is there, and else made and kept.

    A part that is cut off or damaged is made again.

    Parameters
    ----------
    folder
        Of the run.
    stages
        Progress and seconds.
    tell
        Takes a sentence on a part that could not be read.
    """

    def __init__(self, folder: Path, stages: Stages, tell: Callable[[str], None]) -> None:
        self.folder, self.stages, self.tell = folder / CELLS, stages, tell

    def arrays(self, name: str, seed: int, load: Callable[[Path], K], make: Callable[[], K]) -> K:
        """Return arrays of one seed; `load` reads the file that `K.save` wrote."""
        path = self.folder / f"{name}-{seed}.npz"
        kept = self._read(path, load)
        if kept is None:
            self.folder.mkdir(exist_ok=True)
            make().save(path)
            kept = load(path)
        return kept

    def rows(self, stage: str, seed: int, learner: str, work: Callable[[Advance], Rows]) -> Rows:
        """Return the rows of one learner and seed; `work` makes them, as a part of a stage."""
        path = self.folder / f"{stage}-{seed}-{quote(learner, safe='')}.json"
        kept = self._read(path, _rows)
        if kept is None:
            self.folder.mkdir(exist_ok=True)
            with self.stages.stage(stage, ends=False) as advance:
                runs.write_json(path, work(advance))
            kept = _rows(path)
        return kept

    def _read(self, path: Path, load: Callable[[Path], T]) -> T | None:
        if not path.is_file():
            return None
        try:
            return load(path)
        except UNREADABLE:
            self.tell(f"{CELLS}/{path.name} could not be read, so it was made again.")
            return None


def _rows(path: Path) -> Rows:
    """Read a list of rows.

    Raises
    ------
    ValueError
        The file holds something else.
    """
    rows = json.loads(path.read_text())
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        raise ValueError(f"{path} holds no rows")
    return rows
