"""What the page shows beyond report.json: the confirmed failures themselves, and the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.codecs import Codec
from genenv.columns import Columns
from genenv.report.spreads import Spread

SUREST = 24  # failures shown before the modes
EDGE = 0.99  # share of the plausible ball's radius from which a failure counts as on its edge


@dataclass(frozen=True)
class Failures(Columns):
    """Confirmed failures of all searches, one row each, in order of search, seed and query."""

    x: NDArray[Any]  # (m, *units.shape), the data's units and dtype
    label: NDArray[np.int64]  # (m,), the condition, an index into the classes
    prediction: NDArray[np.int64]  # (m,), the model's class, an index
    output: NDArray[np.float32]  # (m, classes), the model's log-probabilities
    severity: NDArray[np.float32]  # (m,), > 0
    e: NDArray[np.float32]  # (m, base_dim): with the label, the address
    nearest: NDArray[Any]  # (m, *units.shape), the nearest real row of the generator's data
    nearest_label: NDArray[np.int64]  # (m,), its class, an index
    nearest_distance: NDArray[np.float32]  # (m,), Euclidean, in [-1, 1]
    search: NDArray[np.str_]  # (m,), name of the search that asked
    seed: NDArray[np.int64]  # (m,), its seed
    query: NDArray[np.int64]  # (m,), number of the query within search and seed, from 1
    mode: NDArray[np.int64]  # (m,), `id` of a row of report.json's modes
    on_edge: NDArray[np.bool_]  # (m,), ‖e‖ is at least EDGE times the plausible ball's radius
    distinct: NDArray[np.bool_]  # (m,), kept by the packing that counts distinct failures
    p: NDArray[np.float32]  # (m,), the audit's probability that the condition holds
    q: NDArray[np.float64]  # (m,), expected share of false ones among those as good or better

    def surest(self, count: int) -> NDArray[np.int64]:
        """Return the rows of the surest distinct failures of all modes: by q, then by query."""
        rows = np.flatnonzero(self.distinct)
        return rows[np.lexsort((self.query[rows], self.q[rows]))][:count]


@dataclass(frozen=True)
class Curve:
    """Confirmed failures of one search and seed against its queries."""

    search: str
    seed: int
    queries: NDArray[np.int64]  # (k,), ascending; the last is the budget that was spent
    confirmed: NDArray[np.int64]  # (k,), confirmed failures up to and including that query
    samples_law: bool = False  # whether the search drew from N(0, I) itself: the control


@dataclass(frozen=True)
class Evidence:
    """Everything that the page needs beside report.json."""

    failures: Failures
    curves: tuple[Curve, ...]
    units: Codec
    classes: tuple[int | str, ...]  # the user's own
    neighbour_distance: float  # median distance of a real row to its nearest of the same class
    command: str  # the command line that repeats the run
    replay: str  # the command line that replays the failures; empty: they were not kept
    notes: tuple[str, ...] = ()  # sentences on what was recognised, changed or shared
    versions: Mapping[str, str] | None = None  # package -> version
    ordinary: NDArray[Any] | None = None  # (n, *units.shape), samples of the generator as they come
    began: Sequence[Mapping[str, Any]] = ()  # of the surest failures, in order: row (its number),
    # x and again (*units.shape): the user's row that the search began at; (): at none
    spreads: tuple[Spread, ...] = ()  # of a table's columns, real against generated

    @property
    def control(self) -> frozenset[str]:
        """Names of the searches that drew from N(0, I) itself."""
        return frozenset(curve.search for curve in self.curves if curve.samples_law)

    def class_name(self, index: int) -> str:
        """Return the user's own name of a class."""
        return str(self.classes[index])
