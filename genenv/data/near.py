"""Rows that are nearly the same: with noise of a level or two, compressed again, retouched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from genenv import seeding
from genenv.data import doubles

CLOSE = 0.15  # of the usual distance to the tenth neighbour
LEAST_DIMENSION = 6  # below which smooth data have rows so near by chance: 10 * 0.15**6 = 1e-4
LEAST_COLUMNS = 16  # of vectors: a few columns of counts or codes have rows in heaps
FEWEST = 100  # rows that tell the usual distance
SAMPLE = 500  # rows whose neighbours do
AMONG = 20_000  # rows that these are looked for in
NEIGHBOURS = 20
TENTH = 10
AXES = 12  # of the plane in which neighbours are looked for: no two rows are farther apart in it
LISTED = 8  # neighbours of a row that are looked at

Rows = NDArray[np.int64]


def groups(x: NDArray[Any]) -> Rows:
    """Return for each row of (n, ...) the first row of those that are the same or nearly so.

    Pictures, and vectors of 16 columns or more, are nearly the same where they lie within 0.15 of
    the median distance from a row to its tenth neighbour. In data that vary in fewer than six ways
    about a row, where one in ten thousand has such a neighbour by chance, none are. A shift by a
    pixel is not near.
    """
    first = doubles.firsts(x)
    if not _tells(x):
        return first
    own = np.unique(first)
    flat = _flat(x[own])
    radius = _radius(flat)
    if radius == 0.0:
        return first
    pairs = _pairs(flat, radius)
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(own), len(own)))
    part = connected_components(graph, directed=False)[1]
    head = own[np.unique(part, return_index=True)[1]][part]  # of each group, its least row
    heads: Rows = head[np.searchsorted(own, first)]
    return heads


def counted_once(x: NDArray[Any], label: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """Mask the rows of (n, ...) that are no copy of an earlier one of the same label.

    Two rows of a few columns may be two cases that are alike: of these every row counts.
    """
    if not _tells(x):
        return np.ones(len(x), bool)
    key = doubles.firsts(x) if label is None else np.stack([doubles.firsts(x), label], 1)
    once = np.zeros(len(x), bool)
    once[np.unique(key, axis=0, return_index=True)[1]] = True
    return once


def notes(x: NDArray[Any], held_out: NDArray[Any] | None) -> tuple[str, ...]:
    """Say how many rows occur again, or nearly so, in the data and among held-out rows."""
    rows = x if held_out is None else np.concatenate([x, held_out])
    count, number = len(x), np.arange(len(rows))
    first, group = doubles.firsts(rows), groups(rows)
    again = first != number
    nearly = (group != number) & ~again
    both = first[count:] < count
    close = (group[count:] < count) & ~both
    once = ", and the judge counts them once" if _tells(x) else ""
    sentences = {
        f"of {count:,} rows are the same as an earlier one; the same rows stay in one part of a "
        f"split{once}.": again[:count],
        f"of {count:,} rows are nearly the same as an earlier one; such rows stay in one part of a "
        "split, too.": nearly[:count],
        f"of {len(both):,} held-out rows are rows of the data too: the judge has not only unseen "
        "rows.": both,
        f"of {len(both):,} held-out rows are nearly the same as rows of the data.": close,
    }
    return tuple(f"{there.sum():,} {words}" for words, there in sentences.items() if there.any())


def _tells(x: NDArray[Any]) -> bool:
    """Whether rows that are the same are no coincidence: pictures, and vectors of many columns."""
    return x.ndim > 2 or x.shape[1] >= LEAST_COLUMNS


def _flat(x: NDArray[Any]) -> NDArray[np.float32]:
    """Rows whose numbers weigh alike: those of pictures as they are, columns by their deviation."""
    flat = np.ascontiguousarray(x, np.float32).reshape(len(x), -1)
    if x.ndim > 2:
        return flat
    spread = flat.std(0)
    scaled: NDArray[np.float32] = (flat - flat.mean(0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def _radius(flat: NDArray[np.float32]) -> float:
    """Distance within which rows (n, size) are nearly the same; 0: none are, or too few to tell."""
    if len(flat) < FEWEST:
        return 0.0
    rng = seeding.numpy_generator(0, "near")
    among = flat[rng.permutation(len(flat))[:AMONG]]
    distance = np.sqrt(np.maximum(_squared(among[:SAMPLE], among), 0))
    near = np.sort(np.partition(distance, NEIGHBOURS, 1)[:, : NEIGHBOURS + 1], 1)[:, 1:]
    near = near[near[:, TENTH - 1] > 0]
    if not len(near):
        return 0.0
    tenth, last = near[:, TENTH - 1], near[:, -1]
    dimension = _dimension(near[:, TENTH - 1 :], last)
    # among[] is a share of the rows: its tenth neighbours lie farther off than those of all
    tenth = tenth * (len(among) / len(flat)) ** (1 / dimension)
    return CLOSE * float(np.median(tenth)) * (dimension >= LEAST_DIMENSION)


def _dimension(near: NDArray[np.float32], last: NDArray[np.float32]) -> float:
    """Estimate the dimension that the data have about a row (Levina and Bickel 2004, eq. 8).

    Of distances (rows, 11) to the tenth to twentieth neighbours: those before may be copies.
    """
    ranks = np.arange(TENTH, NEIGHBOURS)
    expected = np.mean([np.sum(1 / np.arange(rank, NEIGHBOURS)) for rank in ranks])
    logs = np.log(last[:, None] / near[:, :-1]).mean()
    return float(expected / max(logs, 1e-6))


def _squared(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)
    return squares - 2 * a @ b.T  # type: ignore[no-any-return]


def _pairs(flat: NDArray[np.float32], radius: float) -> Rows:
    """Pairs of rows (pairs, 2) within a distance, of each at most its eight nearest in the plane.

    Principal axes: distances in the plane that they span are no larger than those of rows.
    """
    centred = flat - flat.mean(0)
    rng = seeding.numpy_generator(0, "axes")
    some = centred[rng.permutation(len(flat))[:2000]]
    axes = np.linalg.svd(some, full_matrices=False)[2][:AXES]
    plane = centred @ axes.T
    _, other = KDTree(plane).query(plane, k=LISTED + 1, distance_upper_bound=radius * 1.001)
    left = np.repeat(np.arange(len(flat)), LISTED + 1)
    right = other.ravel()
    there = (right < len(flat)) & (right != left)
    left, right = left[there], right[there]
    apart = np.sqrt(((flat[left] - flat[right]) ** 2).sum(1))
    pairs: Rows = np.stack([left, right], 1)[apart <= radius]
    return pairs
