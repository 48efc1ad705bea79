"""What sets a mode apart from its class: a rule of two steps on factors that have names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import factors
from genenv.codecs import Codec

DEPTH = 2  # steps of a rule
LEAST = 3  # failures of a mode, below which nothing is said of it
WORTH = 0.2  # by how much a rule must hold more often of the mode than of its class

Rule = dict[str, Any]


def rules(
    units: Codec,
    failing: tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]],
    real: tuple[NDArray[Any], NDArray[np.int64]],
    ids: Sequence[int],
) -> list[Rule | None]:
    """Find the shortest rule that tells each mode from the real rows of its class.

    Parameters
    ----------
    units
        Of the data.
    failing
        Failures: samples (m, *units.shape), class indices and modes (m,).
    real
        Real rows (n, *units.shape) and their class indices (n,).
    ids
        Modes asked for, each with a failure.

    Returns
    -------
    For each mode `rule` in words and the shares of its failures and of its class's rows that it
    holds of, `mode` and `class`; None where too few failures or no rule tell it.
    """
    x, label, mode = failing
    shown, rows = (factors.factors(units.tensor(a), units).numpy() for a in (x, real[0]))
    names = factors.names(units)
    found = []
    for each in ids:
        own = mode == each
        beside = rows[real[1] == label[own][0]]
        enough = min(int(own.sum()), len(beside)) >= LEAST
        found.append(_rule(shown[own], beside, names) if enough else None)
    return found


def _rule(own: NDArray[Any], beside: NDArray[Any], names: Sequence[str]) -> Rule | None:
    from sklearn.tree import DecisionTreeClassifier

    rows = np.concatenate([own, beside])
    is_own = np.arange(len(rows)) < len(own)
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(2, len(own) // 4), class_weight="balanced",
        random_state=0,
    ).fit(rows, is_own)  # fmt: skip
    leaves = tree.apply(rows)
    inside = {leaf: (leaves == leaf) for leaf in np.unique(leaves).tolist()}
    gains = {leaf: _gain(mask, is_own) for leaf, mask in inside.items()}
    best = max(gains, key=lambda leaf: gains[leaf])
    if gains[best] < WORTH:
        return None
    share = {"mode": inside[best][is_own].mean(), "class": inside[best][~is_own].mean()}
    steps = _path(tree.tree_, best)
    return {
        "rule": " and ".join(f"{names[column]} {side} {at:.3g}" for column, side, at in steps),
        **{name: float(value) for name, value in share.items()},
    }


def _gain(mask: NDArray[np.bool_], is_own: NDArray[np.bool_]) -> float:
    return float(mask[is_own].mean() - mask[~is_own].mean())


def _path(tree: Any, leaf: int) -> list[tuple[int, str, float]]:
    """Return the steps from the root to a leaf: column, side and threshold."""
    steps: list[tuple[int, str, float]] = []
    while leaf:
        left = leaf in tree.children_left
        children = tree.children_left if left else tree.children_right
        parent = int(np.flatnonzero(children == leaf)[0])
        side = "at most" if left else "above"
        steps.insert(0, (int(tree.feature[parent]), side, float(tree.threshold[parent])))
        leaf = parent
    return _merged(steps)


def _merged(steps: list[tuple[int, str, float]]) -> list[tuple[int, str, float]]:
    """Keep the tighter of two steps on one column and side."""
    kept: dict[tuple[int, str], float] = {}
    for column, side, at in steps:
        kept[column, side] = at  # the later step of a path is the tighter one
    return [(column, side, at) for (column, side), at in kept.items()]


def words(rule: Rule | None) -> str:
    """Write a rule for a reader; "" for none."""
    if rule is None:
        return ""
    return f"{rule['rule']}: {rule['mode']:.0%} of it, {rule['class']:.0%} of its class's real rows"
