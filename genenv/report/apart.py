"""What sets a mode apart from its class: a rule of two steps on factors that have names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import factors, intervals
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
    tested: tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]] | None = None,
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
    tested
        Untouched real rows (t, *units.shape), their class indices, and whether the model is right,
        (t,) each; None: there are none.

    Returns
    -------
    For each mode `rule` in words and the shares of its failures and of its class's rows that it
    holds of, `mode` and `class`; and `slice`, how often the model is right on untouched rows of the
    class that it holds of (None: on none). None where too few failures or no rule tell it. Of a
    table, `Tally.rules` adds `sure`: these real rows are those that the judge accepts.
    """
    x, label, mode = failing
    shown, rows = (factors.factors(units.tensor(a), units).numpy() for a in (x, real[0]))
    found = []
    for each in ids:
        own = mode == each
        of_class = label[own][0]
        beside = rows[real[1] == of_class]
        enough = min(int(own.sum()), len(beside)) >= LEAST
        asked = None if tested is None else _of_class(units, tested, of_class)
        found.append(_rule(shown[own], beside, units, asked) if enough else None)
    return found


Tested = tuple[NDArray[Any], NDArray[np.bool_]]  # factors (t, factors), whether the model is right


def _of_class(
    units: Codec, tested: tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]], label: int
) -> Tested:
    x, truth, right = tested
    own = truth == label
    return factors.factors(units.tensor(x[own]), units).numpy(), right[own]


def _slice(tree: Any, leaf: int, tested: Tested | None) -> dict[str, Any] | None:
    """Say how often the model is right on untouched rows in a leaf; None: there are none."""
    if tested is None or not len(tested[0]):
        return None
    inside = tree.decision_path(tested[0]).toarray()[:, leaf] > 0
    count, right = int(inside.sum()), int(tested[1][inside].sum())
    if not count:
        return None
    low, high = intervals.wilson(right, count)
    return {"share": right / count, "low": low, "high": high, "rows": count}


def _rule(
    own: NDArray[Any], beside: NDArray[Any], units: Codec, tested: Tested | None
) -> Rule | None:
    from sklearn.tree import DecisionTreeClassifier

    rows = np.concatenate([own, beside])
    is_own = np.arange(len(rows)) < len(own)
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(2, len(own) // 4), class_weight="balanced",
        random_state=0,
    ).fit(rows, is_own)  # fmt: skip
    passed = tree.decision_path(rows).toarray().astype(np.bool_)  # (rows, nodes)
    inside = dict(enumerate(passed.T))
    gains = {node: _gain(mask, is_own) for node, mask in inside.items()}
    best = max(gains, key=lambda node: gains[node])
    if gains[best] < WORTH:
        return None
    share = {"mode": inside[best][is_own].mean(), "class": inside[best][~is_own].mean()}
    steps = path_to(tree.tree_, best)
    return {
        "rule": " and ".join(factors.step(units, *step) for step in steps),
        **{name: float(value) for name, value in share.items()},
        "slice": _slice(tree, best, tested),
    }


def _gain(mask: NDArray[np.bool_], is_own: NDArray[np.bool_]) -> float:
    return float(mask[is_own].mean() - mask[~is_own].mean())


def path_to(tree: Any, leaf: int) -> list[tuple[int, bool, float]]:
    """Return the steps from the root to a leaf: factor, whether above, and threshold."""
    steps: list[tuple[int, bool, float]] = []
    while leaf:
        left = leaf in tree.children_left
        children = tree.children_left if left else tree.children_right
        parent = int(np.flatnonzero(children == leaf)[0])
        steps.insert(0, (int(tree.feature[parent]), not left, float(tree.threshold[parent])))
        leaf = parent
    return _merged(steps)


def _merged(steps: list[tuple[int, bool, float]]) -> list[tuple[int, bool, float]]:
    """Keep the tighter of two steps on one column and side."""
    kept: dict[tuple[int, bool], float] = {}
    for column, side, at in steps:
        kept[column, side] = at  # the later step of a path is the tighter one
    return [(column, side, at) for (column, side), at in kept.items()]


def words(rule: Rule | None) -> str:
    """Write a rule for a reader; "" for none."""
    if rule is None:
        return ""
    text = f"{rule['rule']}: {rule['mode']:.0%} of it, {rule['class']:.0%} of its class's real rows"
    if rule.get("sure"):
        text = f"{text} that the judge accepts"
    if rule.get("slice") is None:
        return text
    right = rule["slice"]
    return f"{text}; the model is right on {right['share']:.0%} of {right['rows']:,} untouched ones"
