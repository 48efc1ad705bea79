"""All confirmed failures of a run: where each lies on disk, and which are held to be looked at.

What is counted of a failure takes a few bytes, what is looked at takes kilobytes. Of more failures
than are held, the first of each search, class and answer are, as many of each as there is room for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import failures, files, reading
from genenv.failures import COLUMNS, Confirmed

MOST_HELD = 200_000  # failures
MOST_BYTES = 2**29  # of their samples as float32
LEAST_HELD = 2_000  # failures, however large a sample is
ADDRESS = ("search", "seed", "index", "label", "output")


def most_held(size: int) -> int:
    """Return how many failures are held, of samples of so many numbers."""
    return max(LEAST_HELD, min(MOST_HELD, MOST_BYTES // (4 * size)))


@dataclass(frozen=True)
class Census:
    """Confirmed failures of a run, in order of log and query.

    Parameters
    ----------
    shards
        Files of RUN/failures.
    shard, row
        (m,): where each failure lies: the number of its file, and its row there.
    log, index
        (m,): the number of its search and seed, and its query, from 0.
    held
        (m,): which are held.
    """

    shards: tuple[Path, ...]
    shard: NDArray[np.int32]
    row: NDArray[np.int32]
    log: NDArray[np.int16]
    index: NDArray[np.int64]
    held: NDArray[np.bool_]

    def load(self) -> Confirmed | None:
        """Read the failures that are held, in order; None: there are none."""
        parts = [*self._read(self.held)]
        if not parts:
            return None
        order = np.argsort(np.concatenate([own for own, _ in parts]), kind="stable")
        return Confirmed.concatenate([part for _, part in parts]).rows(order)

    def others(self) -> Iterator[tuple[NDArray[np.int16], Confirmed]]:
        """Read the others, a file at a time, with the numbers of their logs."""
        for own, part in self._read(~self.held):
            yield self.log[own], part

    def _read(self, wanted: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], Confirmed]]:
        """Read wanted failures, a file at a time, with their numbers here."""
        for path, all_rows in zip(self.shards, self._of_shards, strict=True):
            own = all_rows[wanted[all_rows]]
            if len(own):
                yield own, failures.read(path).rows(self.row[own])

    @cached_property
    def _of_shards(self) -> list[NDArray[np.int64]]:
        """Return the numbers of the failures in each file."""
        order = np.argsort(self.shard, kind="stable")
        edges = np.searchsorted(self.shard[order], np.arange(len(self.shards) + 1))
        return [order[start:end] for start, end in pairwise(edges)]


def take(folder: Path, logs: Sequence[tuple[str, int]], shape: tuple[int, ...]) -> Census:
    """Take the census of RUN/failures.

    Parameters
    ----------
    folder
        That of the shards.
    logs
        Searches and seeds, in order; failures of others are left out.
    shape
        Of a sample.

    Raises
    ------
    Mistake
        A shard that is damaged or holds other columns.
    """
    shards = tuple(files.shards(folder))
    parts = [_address(path, i, logs) for i, path in enumerate(shards)]
    shard, row, log, index, pair = _joined(parts)
    held = _first(
        log.astype(np.int64) * (1 + pair.max(initial=0)) + pair, most_held(math.prod(shape))
    )
    return Census(shards, shard, row, log, index, held)


def _address(path: Path, number: int, logs: Sequence[tuple[str, int]]) -> tuple[NDArray[Any], ...]:
    """Return what a census takes of a shard, a row a failure."""
    found = reading.arrays(path, ADDRESS)
    reading.check(path, found, {name: COLUMNS[name] for name in ADDRESS})
    log = np.full(len(found["index"]), -1, np.int16)
    for i, (search, seed) in enumerate(logs):
        log[(found["search"] == search) & (found["seed"] == seed)] = i
    row = np.flatnonzero(log >= 0)
    pair = found["label"] * found["output"].shape[1] + found["output"].argmax(1)
    shard = np.full(len(row), number, np.int32)
    return shard, row.astype(np.int32), log[row], found["index"][row], pair[row]


def _joined(parts: list[tuple[NDArray[Any], ...]]) -> tuple[NDArray[Any], ...]:
    """Join the columns of shards, in order of log; within, as they lie."""
    empty = (np.zeros(0, kind) for kind in (np.int32, np.int32, np.int16, np.int64, np.int64))
    columns = [np.concatenate(column) for column in zip(tuple(empty), *parts, strict=True)]
    order = np.argsort(columns[2], kind="stable")
    return tuple(column[order] for column in columns)


def _first(kind: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Choose at most so many rows, the first of each kind, at least one: (m,)."""
    _, which, counts = np.unique(kind, return_inverse=True, return_counts=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    place = np.empty(len(kind), np.int64)  # among those of its kind
    place[order] = np.arange(len(kind)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(place < max(1, _level(counts, most)))


def _level(counts: NDArray[np.int64], most: int) -> int:
    """Return the greatest number that each count may come to, that all come to `most` together."""
    if counts.sum() <= most:
        return int(counts.max(initial=0))
    low, high = 0, int(counts.max())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if np.minimum(counts, middle).sum() <= most else (low, middle)
    return low
