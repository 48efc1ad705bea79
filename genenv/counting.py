"""Failures counted without repeats: distinct ones, and the ways in which they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks

BLOCK = 256  # rows that are packed at a time
DISTANCES = 1024  # rows whose distances are taken at a time
SPACED = 4_096  # rows of a class whose distances to the nearest are taken
MOST_PACKED = 20_000  # rows of a group that are packed: of more the first, in order of query
MOST_LINKED = 4_000  # distinct rows of a group that are clustered: 64 MB of distances


def spacing(points: Tensor, label: Tensor) -> float:
    """Return the median distance of a row to its nearest other row of the same class.

    Of a class with more than SPACED rows the median is of so many, evenly taken; the nearest is
    sought among all.

    Parameters
    ----------
    points, label
        Real rows (n, features), their classes (n,); a row alone in its class is left out.

    Raises
    ------
    Mistake
        Every row is alone in its class.
    """
    nearest = []
    for c in set(label.tolist()):
        own = points[label == c]
        asked = torch.arange(0, len(own), -(-len(own) // SPACED))
        for rows in torch.split(asked, DISTANCES):
            distance = torch.cdist(own[rows], own)
            distance[torch.arange(len(rows)), rows] = torch.inf
            nearest.append(distance.amin(1))
    distances = torch.cat(nearest)
    distances = distances[distances.isfinite()]
    if not len(distances):
        raise checks.Mistake("two real rows of some class", "one of each", "give more data")
    return float(np.median(distances.numpy()))


def distinct(points: Tensor, group: NDArray[np.int64], radius: float) -> NDArray[np.bool_]:
    """Pack greedily: keep a row unless a kept one of its group lies within `radius`.

    Parameters
    ----------
    points, group
        Rows in order of query (m, features), and the group of each (m,).
    radius
        Euclidean.

    Returns
    -------
    (m,): which rows are kept; of a group none beyond its first 20,000 rows.
    """
    keep = np.zeros(len(points), np.bool_)
    for rows in _members(group):
        rows = rows[:MOST_PACKED]
        keep[rows] = _packed(points[rows], radius)
    return keep


def _packed(points: Tensor, radius: float) -> NDArray[np.bool_]:
    """Pack the rows of one group (m, features): (m,)."""
    keep, free = np.zeros(len(points), np.bool_), torch.ones(len(points), dtype=torch.bool)
    # matrix products find what may be near, by a bound above their rounding; subtraction decides
    squares = points.square().sum(1)
    bound = radius**2 + 4e-5 * squares.amax() - squares
    for start in range(0, len(points), BLOCK):
        rows = start + free[start : start + BLOCK].nonzero()[:, 0]
        rest = start + free[start:].nonzero()[:, 0]
        order = torch.addmm(squares[rest], points[rows], points[rest].T, alpha=-2)
        close = order <= bound[rows, None]  # ‖a - b‖² = ‖a‖² - 2 a·b + ‖b‖²
        for row, near in zip(rows.tolist(), close, strict=True):
            if free[row]:
                keep[row] = True
                around = rest[near]
                free[around[(points[around] - points[row]).norm(dim=1) <= radius]] = False
    return keep


def clusters(points: Tensor, group: NDArray[np.int64], cut: float) -> NDArray[np.int64]:
    """Cluster by average linkage inside each group, cut at a distance; singletons count.

    Of a group of more than 4,000 rows so many are linked, evenly spread over their order; the
    others go with the nearest of these, so that there are at most as many clusters as in full.

    Parameters
    ----------
    points, group
        Rows (m, features), and the group of each (m,).
    cut
        Euclidean.

    Returns
    -------
    Cluster ids 0, 1, ... (m,), in order of first appearance.
    """
    raw = np.zeros((len(points), 2), np.int64)
    for rows in _members(group):
        ids = _linked(points[rows], cut)
        raw[rows] = np.stack([np.full(len(rows), group[rows[0]]), ids], axis=1)
    _, first, inverse = np.unique(raw, axis=0, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.reshape(-1)].astype(np.int64)


def _linked(points: Tensor, cut: float) -> NDArray[Any]:
    """Cluster the rows of one group (m, features): ids (m,)."""
    from scipy.cluster.hierarchy import fcluster, linkage

    count = min(len(points), MOST_LINKED)
    if count == 1:
        return np.ones(len(points))
    sample = np.arange(count) * len(points) // count
    ids: NDArray[Any] = fcluster(linkage(points[sample].numpy(), "average"), cut, "distance")
    return ids if count == len(points) else ids[nearest(points, points[sample])]


def nearest(points: Tensor, to: Tensor) -> NDArray[np.int64]:
    """Find the nearest of (k, features) for each of (n, features): (n,)."""
    parts = [torch.cdist(part, to).argmin(1) for part in torch.split(points, DISTANCES)]
    return torch.cat(parts).numpy()


def _members(group: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the rows of each group, in order."""
    order = np.argsort(group, kind="stable")
    ends = np.flatnonzero(np.diff(group[order])) + 1
    return [rows for rows in np.split(order, ends) if len(rows)]


@dataclass(frozen=True)
class Counted:
    """Distinct failures and modes on the union of all searches."""

    distinct: NDArray[np.bool_]  # (m,), kept by the packing of the union
    mode: NDArray[np.int64]  # (m,), of every failure: that of its nearest distinct one
    radius: float
    note: str = ""  # that not all were looked at, so that the counts are lower bounds


class Counter:
    """Counts failures by the distances between real rows; nothing is tuned on the failures.

    `distinct` packs greedily in order of query inside (condition, prediction), in sample space in
    [-1, 1], at the median same-class nearest-neighbour distance of real rows. `modes` are
    average-linkage clusters of the distinct ones inside (condition, prediction), cut at twice that
    distance, both measured in the features of the audit's network.

    Parameters
    ----------
    samples, features, label
        Real rows in [-1, 1], (n, size), their audit features (n, 64), and classes (n,).
    """

    def __init__(self, samples: Tensor, features: Tensor, label: Tensor) -> None:
        self.radius = spacing(samples, label)
        self.cut = 2 * spacing(features, label)

    def count(self, samples: Tensor, features: Tensor, group: NDArray[np.int64]) -> Counted:
        """Count failures: (m, size), (m, 64), and condition x prediction (m,)."""
        keep = distinct(samples, group, self.radius)
        mode = np.zeros(len(group), np.int64)
        if len(group) == 0:
            return Counted(keep, mode, self.radius)
        kept = np.nonzero(keep)[0]
        ids = clusters(features[kept], group[kept], self.cut)
        order = {int(group[kept[rows[0]]]): rows for rows in _members(group[kept])}
        for rows in _members(group):
            own = order[int(group[rows[0]])]
            mode[rows] = ids[own[nearest(samples[rows], samples[kept[own]])]]
        return Counted(keep, mode, self.radius, _capped(group, group[kept]))


def _capped(group: NDArray[np.int64], kept: NDArray[np.int64]) -> str:
    """Say which counts are lower bounds; "" for none."""
    said = []
    if unpacked := sum(max(0, len(rows) - MOST_PACKED) for rows in _members(group)):
        said.append(
            f"distinct failures among the first {MOST_PACKED:,} of a class and answer alone "
            f"({unpacked:,} lie beyond)"
        )
    if unlinked := sum(max(0, len(rows) - MOST_LINKED) for rows in _members(kept)):
        said.append(
            f"modes on {MOST_LINKED:,} distinct failures of a class and answer "
            f"({unlinked:,} were put to the nearest of these)"
        )
    return f"Counted as lower bounds: {'; '.join(said)}." if said else ""
