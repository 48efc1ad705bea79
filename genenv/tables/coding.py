"""Rows of a table as a network learns them: normal scores, and states as one-hot runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.tables import determined
from genenv.tables.cells import Floats
from genenv.tables.column import Column
from genenv.tables.determined import Determined
from genenv.tables.schema import Schema
from genenv.tables.scores import Scores

NAMED = ("categorical", "boolean", "constant")  # kinds without an order
MOST_NUMBERS = 2**24  # that dithers drawn in advance may take
MOST_DITHERS = 16  # of a row


@dataclass(frozen=True)
class Coding:
    """What a network sees of a table: all but the target and what other columns determine.

    A number or an ordered value is one score; a column without an order a run of as many states as
    it has values, and one more where a value may be missing. A number that may be missing has a run
    of two states behind it, the second of which is missing.
    """

    schema: Schema
    """Of the rows."""
    scores: tuple[Scores | None, ...]
    """Of each column that is a number, None elsewhere."""
    gone: tuple[Determined, ...]
    """Columns that others determine."""

    @classmethod
    def fit(cls, codes: Floats, schema: Schema) -> Coding:
        """Take the laws of the columns of codes (n, columns), NaN where a value is missing."""
        columns = zip(schema.columns, codes.T, strict=True)
        scores = [None if c.kind in NAMED else Scores.fit(c, own) for c, own in columns]
        found = cls(schema, tuple(scores), determined.find(codes, schema))
        return found if found.kept else replace(found, gone=())

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Numbers of the columns that are learned."""
        left = {each.column for each in self.gone}
        names = enumerate(self.schema.names)
        return tuple(i for i, name in names if i not in left and name != self.schema.target)

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """What the numbers of a row are, in order: 0 of a score, else the states of a run."""
        found: list[int] = []
        for i in self.kept:
            if self.scores[i] is not None:
                found.append(0)
            found += [self._states(i)] if self._states(i) else []
        return tuple(found)

    @property
    def width(self) -> int:
        """Numbers of a row."""
        return sum(max(head, 1) for head in self.heads)

    def encode(self, codes: Floats, seed: int = 0) -> NDArray[np.float32]:
        """Map codes (n, columns) to rows (n, width), dithered by address."""
        keys = seeding.fold_rows(seed, "dither", np.arange(len(codes)))
        share = seeding.uniforms(keys, len(self.schema.columns))
        rows = np.zeros((len(codes), self.width), np.float32)
        everyone = np.arange(len(codes))
        at = 0
        for i in self.kept:
            column, score, own = self.schema.columns[i], self.scores[i], codes[:, i]
            missing = np.isnan(own)
            state, states = np.where(missing, len(column.values), own), self._states(i)
            if score is not None:
                rows[:, at] = score.encode(own, share[:, i])
                at += 1
                state = missing.astype(np.float64)
            if states:
                rows[everyone, at + state.astype(np.int64)] = 1
                at += states
        return rows

    def dithered(self, codes: Floats, seed: int) -> tuple[NDArray[np.float32], int]:
        """Return rows (k n, width), each of codes (n, columns) k times, and k."""
        times = max(1, min(MOST_DITHERS, MOST_NUMBERS // (len(codes) * self.width)))
        return self.encode(np.tile(codes, (times, 1)), seed), times

    def decode(self, rows: Floats | NDArray[np.float32], label: NDArray[np.int64] | None) -> Floats:
        """Map rows (n, width), and labels (n,) of a table with a target, to codes (n, columns)."""
        codes = np.full((len(rows), len(self.schema.columns)), np.nan)
        if label is not None:
            codes[:, self.schema.names.index(self.schema.label.name)] = label
        at = 0
        for i in self.kept:
            column, score, states = self.schema.columns[i], self.scores[i], self._states(i)
            if score is not None:
                codes[:, i] = score.decode(rows[:, at])
                at += 1
            if states:
                state = rows[:, at : at + states].argmax(axis=1)
                codes[:, i] = state if score is None else codes[:, i]
                codes[(state == states - 1) & column.missing, i] = np.nan
                at += states
        return determined.derived(codes, self.gone)

    def _states(self, i: int) -> int:
        """Return how many states column i has: of a number, whether it is missing, if it may be."""
        column = self.schema.columns[i]
        if self.scores[i] is not None:
            return 2 * column.missing
        return len(column.values) + column.missing

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return laws and derivations as arrays by name."""
        found: dict[str, NDArray[Any]] = {}
        for i, score in enumerate(self.scores):
            if score is not None:
                own = {"values": score.values, "first": score.first, "last": score.last}
                found |= {f"{name}_{i}": array for name, array in own.items()}
        return found | determined.to_arrays(self.gone)

    @classmethod
    def from_arrays(cls, schema: Schema, held: Mapping[str, NDArray[Any]]) -> Coding:
        """Read what `to_arrays` wrote.

        Raises
        ------
        KeyError, ValueError
            An array is missing, or another one than was written.
        """
        scores = [
            None if column.kind in NAMED else _score(column, i, held)
            for i, column in enumerate(schema.columns)
        ]
        return cls(schema, tuple(scores), determined.from_arrays(held))


def _score(column: Column, at: int, held: Mapping[str, NDArray[Any]]) -> Scores:
    values, first, last = (held[f"{name}_{at}"] for name in ("values", "first", "last"))
    if not len(values) == len(first) == len(last) > 0:
        raise ValueError(f"laws of {len(values)}, {len(first)} and {len(last)} values")
    return Scores(values, first, last, 0 if column.discrete else column.decimals)
