"""Queries that the model under test did not answer: when that is too many, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading
from genenv.columns import Columns
from genenv.reading import Column

WINDOW = 1000  # queries of which the model has to answer half
COLUMNS = {  # of a shard, in the order of `Unanswered`
    "x": Column("fiu", None),
    "e": Column("f", (None, None)),
    "label": Column("iu", (None,), 0),
    "search": Column("U", (None,)),
    "seed": Column("iu", (None,)),
    "index": Column("iu", (None,), 0),
}


@dataclass(frozen=True)
class Unanswered(Columns):
    """Queries without a usable answer, one row each: the raw sample and its address."""

    x: NDArray[Any]  # (m, *units.shape), the data's units and dtype
    e: NDArray[np.float32]  # (m, base_dim)
    label: NDArray[np.int64]  # (m,), the condition
    search: NDArray[np.str_]  # (m,)
    seed: NDArray[np.int64]  # (m,)
    index: NDArray[np.int64]  # (m,), query of the search, from 0


def read(path: Path) -> Unanswered:
    """Read a shard of RUN/errors.

    Raises
    ------
    Mistake
        It is damaged or holds other columns.
    """
    part = reading.arrays(path, COLUMNS)
    reading.check(path, part, COLUMNS)
    return Unanswered(**part)


def shards(folder: Path) -> Iterator[Unanswered]:
    """Read the shards of RUN/errors in order, one at a time; see `read`."""
    return map(read, files.shards(folder))


def load(folder: Path) -> Unanswered | None:
    """Read all shards of RUN/errors in order; None where there are none."""
    parts = [*shards(folder)]
    return reading.guarded(folder, lambda: Unanswered.concatenate(parts)) if parts else None


def first_of_too_many(error: NDArray[np.bool_], queries: int) -> int | None:
    """Find where a model stopped answering.

    Parameters
    ----------
    error
        Which queries so far it did not answer, (n,), in order.
    queries
        That are planned in all.

    Returns
    -------
    The first error among the last 1,000 queries, if more than half of these are errors (of a
    smaller plan: of what half of the plan would be); else None.
    """
    recent = error[-WINDOW:]
    if 2 * int(recent.sum()) <= min(WINDOW, queries):
        return None
    return len(error) - len(recent) + int(recent.argmax())


def check(error: NDArray[np.bool_], queries: int, trouble: str) -> None:
    """Raise a Mistake where the model answers no more, see `first_of_too_many`.

    Parameters
    ----------
    error, queries
        See `first_of_too_many`.
    trouble
        What happened in the last of them.
    """
    if first_of_too_many(error, queries) is None:
        return
    recent = error[-WINDOW:]
    raise checks.Mistake(
        f"the model, which left {int(recent.sum()):,} of the last {len(recent):,} queries without "
        "an answer, to answer with finite numbers",
        trouble,
        "mend it and go on: these queries are asked again",
    )
