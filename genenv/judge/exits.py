"""The leaf at which a row leaves each of many small trees, found without a walk through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAVES = 64  # of a tree, a bit each
ROOM = 1 << 26  # bytes that the tables may take

Numbers = NDArray[np.signedinteger[Any]]
Ints = NDArray[np.int64]
Bits = NDArray[Any]  # of `Exits.bits`


@dataclass(frozen=True, eq=False)
class Exits:
    """Trees by what their nodes rule out.

    A node whose column lies above its threshold rules out the leaves on its left; a row leaves by
    the leftmost leaf that is not ruled out (QuickScorer, Lucchese et al., SIGIR 2015). What all
    nodes of a column rule out together follows from how many of their thresholds lie below.
    """

    bits: np.dtype[Any]
    """Unsigned, one a leaf of a tree."""
    columns: list[tuple[int, NDArray[np.float64], Bits]]
    """Number, thresholds in ascending order (k,), leaves that are left below, between and above
    them (k + 1, trees)."""
    leaf: Ints
    """Nodes that are leaves: tree by tree, from left to right."""
    first: Ints
    """(trees,), where each begins in `leaf`."""

    @staticmethod
    def of(
        root: Numbers,
        column: Numbers,
        threshold: NDArray[np.float64],
        left: Numbers,
        right: Numbers,
    ) -> Exits | None:
        """Lay trees out; see `Trees`. None: they have too many leaves or thresholds."""
        root, left, right = (part.astype(np.int64) for part in (root, left, right))
        leaves, first = _leaves(root, left, right)
        if leaves[root].max(initial=0) > LEAVES:
            return None
        bits = np.min_scalar_type((1 << int(leaves[root].max(initial=1))) - 1)
        own = np.arange(len(column))
        inner = own[left != own]
        tree = np.searchsorted(root, own, side="right") - 1
        ruled = (np.uint64(1) << leaves[left[inner]].astype(np.uint64)) - np.uint64(1)
        kept = (~(ruled << first[inner].astype(np.uint64))).astype(bits)
        columns: list[tuple[int, NDArray[np.float64], Bits]] = []
        room = ROOM
        for number in np.unique(column[inner]).tolist():
            mine = column[inner] == number
            steps, place = np.unique(threshold[inner[mine]], return_inverse=True)
            room -= (len(steps) + 1) * len(root) * bits.itemsize
            if room < 0:
                return None
            table = np.full((len(steps) + 1, len(root)), np.iinfo(bits).max, bits)
            np.bitwise_and.at(table, (place + 1, tree[inner[mine]]), kept[mine])
            columns.append((number, steps, np.bitwise_and.accumulate(table, axis=0)))
        ends = own[left == own]
        order = np.lexsort((first[ends], tree[ends]))
        begins = np.concatenate([[0], np.cumsum(leaves[root])[:-1]])
        return Exits(bits, columns, ends[order], begins)

    def __call__(self, x: NDArray[np.float32]) -> Ints:
        """(rows, columns) -> nodes (rows, trees)."""
        left = np.full((len(x), len(self.first)), np.iinfo(self.bits).max, self.bits)
        found = np.empty_like(left)
        for number, steps, table in self.columns:
            np.take(table, np.searchsorted(steps, x[:, number]), 0, found, "clip")
            left &= found
        one = self.bits.type(1)
        below = np.bitwise_count((left & (~left + one)) - one)  # zeros under the lowest bit
        nodes: Ints = self.leaf.take(self.first + below)
        return nodes


def _leaves(root: Ints, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Count the leaves under each node, and those of its tree on its left: both (nodes,)."""
    levels = []
    at = root
    while len(at):
        inner = at[left[at] != at]
        levels.append(inner)
        at = np.concatenate([left[inner], right[inner]])
    count = np.ones(len(left), np.int64)
    for inner in reversed(levels):
        count[inner] = count[left[inner]] + count[right[inner]]
    before = np.zeros(len(left), np.int64)
    for inner in levels:
        before[left[inner]] = before[inner]
        before[right[inner]] = before[inner] + count[left[inner]]
    return count, before
