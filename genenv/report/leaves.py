"""Modes of a table's failures: the leaves of a shallow tree that tells them from real rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import factors
from genenv.codecs import Codec
from genenv.judge import Judge

DEPTH = 3
LEAST = 5  # failures of a class and answer, below which they are one mode
SMALLEST = 0.05  # of these failures, and of the class's real rows, that a leaf holds at least
FEW = 30  # rows of a class that the judge accepts, below which all of them are compared with
COMPARED = 20_000  # real rows of a table, most that modes are told from


def modes(
    units: Codec,
    failing: tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]],
    real: tuple[NDArray[Any], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """Divide failures into modes.

    Clusters in the features of a network break a region of a table into many; a leaf is a region in
    the columns themselves.

    Parameters
    ----------
    units
        Of the table.
    failing
        Failures: stored rows (m, *units.shape), class indices, and class x answer, (m,) each.
    real
        Real rows (n, *units.shape) and their class indices (n,).

    Returns
    -------
    Ids 0, 1, ... (m,): of one class and answer each, numbered as they come.
    """
    x, label, group = failing
    shown, rows = (factors.factors(units.tensor(a), units).numpy() for a in (x, real[0]))
    pairs = np.zeros((len(x), 2), np.int64)
    for each in np.unique(group):
        own = group == each
        beside = rows[real[1] == label[own][0]]
        pairs[own] = np.stack([group[own], _leaves(shown[own], beside)], axis=1)
    if not len(pairs):
        return np.zeros(0, np.int64)
    _, first, inverse = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse.reshape(-1)], np.int64)


def told_from(judge: Judge, x: NDArray[Any], label: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which real rows the judge accepts: as a failure only such a row could be confirmed.

    Beside all rows of a class, a rule would tell what the judge is sure of, not what the model
    fails on. A class with few such rows keeps all.
    """
    accepted = np.zeros(len(x), np.bool_)
    accepted[:COMPARED] = judge.accepts(x[:COMPARED], label[:COMPARED])
    for each in np.unique(label):
        if accepted[label == each].sum() < FEW:
            accepted[label == each] = True
    return accepted


def _leaves(own: NDArray[Any], beside: NDArray[Any]) -> NDArray[np.int64]:
    """Return the leaf of each failure (m, factors) of a tree beside real rows (n, factors)."""
    from sklearn.tree import DecisionTreeClassifier

    if len(own) < LEAST or not len(beside):
        return np.zeros(len(own), np.int64)
    rows = np.concatenate([own, beside])
    is_own = np.arange(len(rows)) < len(own)
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_weight_fraction_leaf=SMALLEST, class_weight="balanced", random_state=0
    ).fit(rows, is_own)
    return np.asarray(_regions(tree.tree_)[tree.apply(own)], np.int64)


def _regions(tree: Any) -> NDArray[np.int64]:
    """Return for each node of a tree the region that it belongs to, (nodes,).

    Neighbouring leaves in which both failures, or both real rows, prevail are one region: the step
    between them tells how many, not where.
    """
    left, right = tree.children_left, tree.children_right
    failing = tree.value[:, 0, 1] > tree.value[:, 0, 0]
    region = np.arange(tree.node_count)
    whole = left < 0
    for node in range(tree.node_count - 1, -1, -1):  # children have larger numbers
        pair = [left[node], right[node]]
        if left[node] >= 0 and whole[pair].all() and failing[pair[0]] == failing[pair[1]]:
            whole[node] = True
            region[np.isin(region, pair)] = node
    return np.asarray(region, np.int64)
