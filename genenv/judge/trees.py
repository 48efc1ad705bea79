"""Boosted trees and forests as arrays: fitted by scikit-learn, kept and asked without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from genenv import checks
from genenv.judge.exits import Exits

TURNS = 100  # of boosting
TREES, VALUED = 200, 100  # of a forest: of classes, of values
BLOCK = 1 << 17  # places in trees that are followed at once: they stay in the cache


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees over the columns of a row, all nodes in one list.

    A row goes left where its column is at most the threshold; a leaf is its own child.
    """

    root: NDArray[np.int32]  # (trees,), node numbers
    column: NDArray[np.int32]  # (nodes,)
    threshold: NDArray[np.float64]  # (nodes,)
    left: NDArray[np.int32]  # (nodes,)
    right: NDArray[np.int32]  # (nodes,)
    value: NDArray[np.float32]  # (nodes, outputs): what a leaf adds
    start: NDArray[np.float32]  # (outputs,): what every row begins with
    boosted: NDArray[np.bool_]  # (): sums are logits, else probabilities or values

    def __call__(self, rows: Tensor) -> Tensor:
        """(n, ...) in [-1, 1] -> probabilities (n, outputs); of trees of values (n, 1)."""
        x = rows.flatten(1).numpy()
        if self.column.max(initial=0) >= x.shape[1]:
            wanted = f"rows of {self.column.max() + 1} columns or more"
            raise checks.Mistake(wanted, x.shape[1], "ask the trees of these columns")
        step = max(1, BLOCK // max(1, len(self.root)))
        parts = [self._sums(x[at : at + step]) for at in range(0, len(x), step)]
        sums = np.concatenate(parts) if parts else np.zeros((0, len(self.start)), np.float32)
        p = softmax(sums, axis=1) if self.boosted else sums
        return torch.from_numpy(p.astype(np.float32))

    @cached_property
    def _adding(self) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Of each output: the trees that add to it, and what each node does, (nodes,)."""
        tree = np.searchsorted(self.root, np.arange(len(self.column)), side="right") - 1
        adds = [np.unique(tree[column != 0]) for column in self.value.T]
        return list(zip(adds, np.ascontiguousarray(self.value.T), strict=True))

    @cached_property
    def _exits(self) -> Exits | None:
        """Of small trees; a walk through large ones takes less room."""
        return Exits.of(self.root, self.column, self.threshold, self.left, self.right)

    @cached_property
    def _child(self) -> NDArray[np.int64]:
        """Right and left child of each node, one after the other: (2 nodes,)."""
        return np.stack([self.right, self.left], axis=1).reshape(-1).astype(np.int64)

    def _sums(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        at = self._walked(x) if self._exits is None else self._exits(x)
        parts = [value.take(at[:, trees]).sum(1) for trees, value in self._adding]
        sums: NDArray[np.float32] = self.start + np.stack(parts, axis=1)
        return sums

    def _walked(self, x: NDArray[np.float32]) -> NDArray[np.int64]:
        """Follow rows (n, columns) to the leaves of all trees: (n, trees), node numbers."""
        cells = np.ascontiguousarray(x).reshape(-1)
        at = np.tile(self.root.astype(np.int64), len(x))
        first = np.repeat(np.arange(len(x)) * x.shape[1], len(self.root))
        leaf = np.empty(len(at), np.int64)
        under_way = np.arange(len(at))
        while len(at):
            low = cells.take(first + self.column.take(at)) <= self.threshold.take(at)
            further = self._child.take(2 * at + low)
            there = further == at
            leaf[under_way[there]] = at[there]
            at, first, under_way = (part[~there] for part in (further, first, under_way))
        return leaf.reshape(len(x), len(self.root))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fields by name, for a safetensors file; see `of_arrays`."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @staticmethod
    def of_arrays(arrays: Mapping[str, NDArray[Any]]) -> Trees:
        """Make the trees again whose `arrays` these are.

        Raises
        ------
        ValueError
            The nodes are no trees: a walk through them might never end.
        """
        made = Trees(**arrays)
        own = np.arange(len(made.column))
        inner = own[(made.left != own) | (made.right != own)]
        children = np.concatenate([made.left[inner], made.right[inner]])
        tree = np.searchsorted(made.root, own, side="right") - 1
        whole = (
            made.value.shape == (len(own), len(made.start))
            and len(made.threshold) == len(made.left) == len(made.right) == len(own)
            and bool(np.all(np.diff(made.root, prepend=-1) > 0))
            and bool(np.isin(children, own).all())
            and bool((tree[children] == tree[np.tile(inner, 2)]).all())
            and np.array_equal(np.sort(np.concatenate([made.root, children])), own)
            and bool((children > np.tile(inner, 2)).all())
            and bool((made.column >= 0).all())
        )
        if not whole:
            raise ValueError("trees that do not end in leaves")
        return made


def fit_boosting(
    x: Tensor, label: Tensor, outputs: int, seed: int, turns: int | None = None
) -> Trees:
    """Fit histogram gradient boosting: rows (n, ...), class indices (n,) -> its trees.

    There is a tree an output and turn (None: TURNS of them), of two outputs one.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    turns = TURNS if turns is None else turns
    made = HistGradientBoostingClassifier(
        learning_rate=0.1, max_iter=turns, max_leaf_nodes=15, l2_regularization=1.0,
        early_stopping=False, random_state=seed % 2**31,
    )  # fmt: skip
    made.fit(x.flatten(1).numpy(), label.numpy())
    classes = [int(c) for c in made.classes_]
    parts, start = [], np.full(outputs, -20.0, np.float32)  # a class without rows: never
    start[classes] = 0.0
    own = classes[1:] if len(classes) == 2 else classes  # of two classes the first has logit 0
    start[own] = made._baseline_prediction.reshape(-1)
    for turn in made._predictors:
        for c, tree in zip(own, turn, strict=True):
            parts.append(_boosted_tree(tree.nodes, c, outputs))
    return _joined(parts, start, boosted=True)


def fit_forest(x: Tensor, label: Tensor, outputs: int, seed: int) -> Trees:
    """Fit extremely randomised trees: rows (n, ...), class indices (n,) -> its trees."""
    from sklearn.ensemble import ExtraTreesClassifier

    made = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed % 2**31)
    made.fit(x.flatten(1).numpy(), label.numpy())
    classes = [int(c) for c in made.classes_]
    parts = [_forest_tree(e.tree_, classes, outputs, len(made.estimators_)) for e in made]
    return _joined(parts, np.zeros(outputs, np.float32), boosted=False)


def fit_boosted_values(x: Tensor, value: Tensor, seed: int) -> Trees:
    """Fit histogram gradient boosting to values: rows (n, ...), (n,) -> its trees."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    made = HistGradientBoostingRegressor(
        learning_rate=0.1, max_iter=TURNS, max_leaf_nodes=15, l2_regularization=1.0,
        early_stopping=False, random_state=seed % 2**31,
    )  # fmt: skip
    made.fit(x.flatten(1).numpy(), value.numpy())
    parts = [_boosted_tree(tree.nodes, 0, 1) for turn in made._predictors for tree in turn]
    return _joined(parts, np.float32(made._baseline_prediction).reshape(1), boosted=False)


def fit_forest_values(x: Tensor, value: Tensor, seed: int) -> Trees:
    """Fit extremely randomised trees to values: rows (n, ...), (n,) -> its trees."""
    from sklearn.ensemble import ExtraTreesRegressor

    made = ExtraTreesRegressor(VALUED, min_samples_leaf=3, random_state=seed % 2**31)
    made.fit(x.flatten(1).numpy(), value.numpy())
    parts = [_value_tree(each.tree_, len(made.estimators_)) for each in made]
    return _joined(parts, np.zeros(1, np.float32), boosted=False)


_Tree = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


def _boosted_tree(nodes: Any, output: int, outputs: int) -> _Tree:
    value = np.zeros((len(nodes), outputs), np.float32)
    leaf = nodes["is_leaf"].astype(bool)
    value[leaf, output] = nodes["value"][leaf]
    own = np.arange(len(nodes))
    left, right = (np.where(leaf, own, nodes[side].astype(np.int64)) for side in ("left", "right"))
    column = np.where(leaf, 0, nodes["feature_idx"])
    return column, nodes["num_threshold"], left, right, value


def _forest_tree(tree: Any, classes: list[int], outputs: int, trees: int) -> _Tree:
    leaf = tree.children_left < 0
    share = tree.value[:, 0, :] / tree.value[:, 0, :].sum(1, keepdims=True)
    value = np.zeros((len(leaf), outputs), np.float32)
    value[:, classes] = np.where(leaf[:, None], share, 0) / trees
    own = np.arange(len(leaf))
    left, right = (np.where(leaf, own, c) for c in (tree.children_left, tree.children_right))
    return np.where(leaf, 0, tree.feature), tree.threshold, left, right, value


def _value_tree(tree: Any, trees: int) -> _Tree:
    leaf = tree.children_left < 0
    value = np.where(leaf[:, None], tree.value[:, :, 0], 0).astype(np.float32) / trees
    own = np.arange(len(leaf))
    left, right = (np.where(leaf, own, c) for c in (tree.children_left, tree.children_right))
    return np.where(leaf, 0, tree.feature), tree.threshold, left, right, value


def _joined(parts: list[_Tree], start: NDArray[np.float32], boosted: bool) -> Trees:
    sizes = [len(part[0]) for part in parts]
    root = np.cumsum([0, *sizes[:-1]])
    column, threshold, left, right, value = (np.concatenate(c) for c in zip(*parts, strict=True))
    shift = np.repeat(root, sizes)
    whole = np.int32
    return Trees(
        root.astype(whole),
        column.astype(whole),
        threshold.astype(np.float64),
        (left + shift).astype(whole),
        (right + shift).astype(whole),
        value,
        start,
        np.array(boosted),
    )
