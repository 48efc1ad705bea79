"""Which members may judge a row: those that were not trained on it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding

COUNT = 3
GUIDE_FOLD = 0  # that the guide's networks are not trained on
Fold = NDArray[np.int64]  # (n,): the members of this number did not see the row


@dataclass(frozen=True, eq=False)
class Folded:
    """Labelled rows as oracles see them, and whose members do not learn them."""

    rows: Tensor
    """(n, c, h, w) or (n, columns) in [-1, 1]."""
    label: Tensor
    """(n,) class indices."""
    fold: Fold
    outputs: int
    """Classes."""

    def without(self, number: int) -> tuple[Tensor, Tensor]:
        """Return the rows, and their labels, that the members of a fold learn."""
        return self._where(self.fold != number)

    def of(self, number: int) -> tuple[Tensor, Tensor]:
        """Return the rows of a fold, and their labels."""
        return self._where(self.fold == number)

    def _where(self, chosen: NDArray[np.bool_]) -> tuple[Tensor, Tensor]:
        found = torch.from_numpy(chosen)
        return self.rows[found], self.label[found]


def digest(x: NDArray[Any]) -> NDArray[np.uint64]:
    """Name rows in the data's units by their content: (n, *shape) -> (n,)."""
    rows = np.ascontiguousarray(x, np.float32).reshape(len(x), math.prod(x.shape[1:])) + np.float32(
        0
    )  # -0 is 0
    names = b"".join(hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
    return np.frombuffer(names, np.uint64)


@dataclass(frozen=True, eq=False)
class Folds:
    """The folds of the training rows, and of any other row."""

    name: NDArray[np.uint64]  # (rows,), digests of the training rows, ascending, each once
    fold: NDArray[np.uint8]  # (rows,), theirs

    def of_rows(self, x: NDArray[Any]) -> Fold:
        """Choose by content, (n, *shape) as stored -> (n,): a training row gets its own fold."""
        names = digest(x)
        place = self._place(names)
        own = self.fold[place].astype(np.int64)
        return np.where(self.name[place] == names, own, (names % COUNT).astype(np.int64))

    def learned(self, x: NDArray[Any]) -> NDArray[np.bool_]:
        """Tell the training rows among others, (n, *shape) as stored -> (n,)."""
        names = digest(x)
        return np.asarray(self.name[self._place(names)] == names)

    def _place(self, names: NDArray[np.uint64]) -> NDArray[np.int64]:
        return np.minimum(np.searchsorted(self.name, names), len(self.name) - 1)


def of_query(search: str, seed: int, index: NDArray[np.int64]) -> Fold:
    """Choose by the address of queries, (n,) -> (n,)."""
    return (seeding.fold_rows(seed, "judged", search, index) % np.uint64(COUNT)).astype(np.int64)


def divide(
    x: NDArray[Any], label: NDArray[np.int64], classes: int, seed: int
) -> tuple[Folds, Fold]:
    """Deal rows into folds, each class evenly; equal rows go to one fold.

    Returns
    -------
    The folds, and that of each row (n,).

    Raises
    ------
    Mistake
        A class has fewer different rows than there are folds.
    """
    names, first, inverse = np.unique(digest(x), return_index=True, return_inverse=True)
    own = label[first]
    counts = np.bincount(own, minlength=classes)
    if counts.min() < COUNT:
        raise checks.Mistake(
            f"{COUNT} different rows or more of each class, one a fold",
            f"{counts.min()} of class number {int(counts.argmin())}",
            "give more rows of it, or leave that class out",
        )
    shuffled = seeding.numpy_generator(seed, "folds").permutation(len(names))
    order = shuffled[np.argsort(own[shuffled], kind="stable")]
    fold = np.empty(len(names), np.uint8)
    fold[order] = np.arange(len(order)) % COUNT
    return Folds(names, fold), fold[inverse.reshape(-1)].astype(np.int64)
