"""What a stress run found, read from its folder: pages of flips, by filters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading
from genenv.board.details import FRAMES, Details
from genenv.board.folders import own
from genenv.board.index import Index
from genenv.board.shards import Found
from genenv.judge import Verdict

PAGE = 60  # flips that are answered at a time
PATIENCE = 1.0  # seconds that a question waits for a run to be read

Row = dict[str, Any]


class Flips:
    """The flips of one run.

    Parameters
    ----------
    run
        Folder of a stress run.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.index = Index(run)
        self.details = Details(self.index)

    def read(self) -> None:
        """Begin to read what is new, and wait a moment for it.

        Raises
        ------
        Mistake
            Nothing of what the run holds can be read.
        """
        self.index.refresh(PATIENCE)

    def page(self, wanted: Mapping[str, str], number: int) -> dict[str, Any]:
        """Return a page of flips, confirmed ones first, with how much was read so far.

        Parameters
        ----------
        wanted
            Filter -> the value that all flips of the page have; a filter that is missing, or is
            "all", takes any.
        number
            Of the page, from 0.
        """
        found = self.index.found()
        read, shards = self.index.progress
        state: dict[str, Any] = {
            "reading": self.index.reading,
            "read": read,
            "shards": shards,
            "frames": FRAMES,
        }
        state |= {"unread": sorted(self.index.unread), "page": number, "each": PAGE}
        if found is None:
            return state | {"total": 0, "count": 0, "choices": {}, "rows": []}
        names = self._names()
        kept = self._kept(found, wanted, names)
        order = kept[np.argsort(-found.verdict[kept], kind="stable")]
        shown = found.rows(order[number * PAGE : (number + 1) * PAGE])
        choices = {name: _present(found, name, own) for name, own in names.items()}
        rows = [self._row(shown, i) for i in range(len(shown))]
        return state | {
            "total": len(found),
            "count": len(kept),
            "choices": choices | {"model": [self.model]},
            "rows": rows,
        }

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return [str(c) for c in self.index.generator.classes]

    @cached_property
    def model(self) -> str:
        """Name of the model under test."""
        return _model_name(self.run)

    def _names(self) -> dict[str, list[str]]:
        """Filter -> what its column of numbers stands for."""
        return {
            "search": [*self.index.searches],
            "condition": self.classes,
            "answer": self.classes,
            "verdict": [verdict.name.lower() for verdict in Verdict],
        }

    def _kept(
        self, found: Found, wanted: Mapping[str, str], names: Mapping[str, list[str]]
    ) -> NDArray[np.intp]:
        """Return the flips that the filters keep, in order."""
        kept = np.ones(len(found), np.bool_)
        for name, own_names in names.items():
            value = wanted.get(name, "all")
            if value != "all":
                place = own_names.index(value) if value in own_names else -1
                kept &= getattr(found, _COLUMN.get(name, name)) == place
        if wanted.get("model", "all") not in ("all", self.model):
            kept[:] = False
        return np.flatnonzero(kept)

    def _row(self, shown: Found, i: int) -> Row:
        classes = self.classes
        return {
            "shard": self.index.path(int(shown.shard[i])).stem,
            "row": int(shown.row[i]),
            "search": self.index.searches[shown.search[i]],
            "model": self.model,
            "seed": int(shown.seed[i]),
            "query": int(shown.query[i]),
            "condition": classes[shown.label[i]],
            "answer": classes[shown.answer[i]],
            "p": round(float(shown.p[i]), 4),
            "severity": round(float(shown.severity[i]), 3),
            "verdict": Verdict(int(shown.verdict[i])).name.lower(),
        }


_COLUMN = {"condition": "label"}  # what a filter's column is called


def _present(found: Found, name: str, names: list[str]) -> list[str]:
    """Return the values of a filter that some flip has."""
    column = getattr(found, _COLUMN.get(name, name))
    return [names[place] for place in np.unique(column)]


def _model_name(run: Path) -> str:
    path = run / "model" / "model.json"
    if not path.exists():
        return "model"
    try:
        spec = reading.plain(own(path, run))
    except checks.Mistake:  # what cannot be read is not worth the failures
        return "model"
    return str(spec.get("path") or "default model")
