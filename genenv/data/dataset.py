"""A data set in the user's own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.codecs import Codec, Rows


@dataclass(frozen=True, eq=False)
class Modes:
    """A mixture's known components, all of one spread."""

    centres: NDArray[np.float64]  # (modes, columns)
    sigma: float  # standard deviation of each column about its centre


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels, as the user stores them."""

    name: str
    x: NDArray[Any]  # (n, *units.shape), the user's dtype
    label: NDArray[np.int64] | None  # (n,), index into classes; None: no labels
    classes: tuple[int | str, ...]  # of the sorted unique labels of the user; () without labels
    units: Codec
    held_out: Dataset | None = None  # rows that came as a test set of their own
    modes: Modes | None = None  # where they are known, so that metrics can count them
    unconditional: bool = False  # fit ignores the labels unless told (mode-counting toys)
    notes: tuple[str, ...] = field(default=())  # what loading changed: padded, grey to colour

    def __len__(self) -> int:
        return len(self.x)

    def at(self, rows: NDArray[np.int64]) -> Dataset:
        """Return some rows as a data set of their own, without a test set; all without a copy."""
        if np.array_equal(rows, np.arange(len(self))):
            return replace(self, held_out=None)
        label = None if self.label is None else self.label[rows]
        return replace(self, x=self.x[rows], label=label, held_out=None)

    def named(self, names: Sequence[str]) -> Dataset:
        """Return the same rows under other names of their classes, held-out rows too.

        Raises
        ------
        Mistake
            Not one name for each class, two alike, or the classes are a table's, which has names.
        """
        if isinstance(self.units, Rows):
            raise checks.Mistake("class names with images or vectors", "a table", "leave them out")
        if len(names) != len(self.classes):
            raise checks.Mistake(
                f"{len(self.classes)} class names, in the order of the labels of {self.name}",
                len(names),
                "give one for each",
            )
        checks.once("class names", names)
        other = None if self.held_out is None else self.held_out.named(names)
        return replace(self, classes=tuple(names), held_out=other)

    def without_labels(self) -> Dataset:
        """Return the same samples without their labels."""
        return replace(self, label=None, classes=())

    def pick(self, rows: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return some rows of labelled data: samples (n, *units.shape), class indices (n,)."""
        assert self.label is not None
        return self.x[rows], self.label[rows]
