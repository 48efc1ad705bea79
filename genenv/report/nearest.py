"""The nearest real row of each confirmed failure, kept beside the report for who looks later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading
from genenv.reading import Column
from genenv.report.evidence import Failures

NAME = "nearest.npz"  # in the run's folder; it holds real rows, so that no copy for others has it
COLUMNS = {
    "search": Column("U", (None,)),
    "seed": Column("iu", (None,)),
    "query": Column("iu", (None,), 1),
    "place": Column("iu", (None,), 0),
    "distance": Column("f", (None,), 0),
}


@dataclass(frozen=True)
class Nearest:
    """A real row."""

    x: NDArray[Any]  # (*units.shape), as stored
    label: int  # its class, an index
    distance: float  # Euclidean, in [-1, 1]


def save(folder: Path, found: Failures) -> None:
    """Write the nearest rows of all confirmed failures, each row once; nothing where none is."""
    if not len(found):
        return
    flat = found.nearest.reshape(len(found), -1)
    _, first, place = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    columns: dict[str, Any] = {
        "search": found.search,
        "seed": found.seed,
        "query": found.query,
        "place": place.reshape(-1),
        "distance": found.nearest_distance,
        "x": found.nearest[first],
        "label": found.nearest_label[first],
    }
    files.write_atomically(folder / NAME, lambda file: np.savez_compressed(file, **columns))


class Rows:
    """What `save` wrote, or nothing where a run has no such file.

    Raises
    ------
    Mistake
        It is damaged, or of other data.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], classes: int) -> None:
        path = folder / NAME
        self._columns = reading.arrays(path) if path.is_file() else None
        if self._columns is None:
            return
        own = self._columns
        reading.check(path, own, COLUMNS)
        rows = len(own.get("x", ()))
        reading.check(path, own, {"label": Column("iu", (rows,), 0, classes - 1)})
        checks.shape(f"x in {path}", own["x"], (rows, *shape))
        if len(own["place"]) and own["place"].max() >= rows:
            raise reading.damaged(path, "places beyond its rows")

    def of(self, search: str, seed: int, query: int) -> Nearest | None:
        """Return the nearest row of the failure at an address; None: it has none."""
        own = self._columns
        if own is None:
            return None
        is_it = (own["search"] == search) & (own["seed"] == seed) & (own["query"] == query)
        if not is_it.any():
            return None
        at = int(np.argmax(is_it))
        place = own["place"][at]
        return Nearest(own["x"][place], int(own["label"][place]), float(own["distance"][at]))
