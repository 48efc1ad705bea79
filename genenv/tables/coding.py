"""Rows of a table as a network learns them: normal scores, and states as one-hot runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from genenv import seeding
from genenv.tables import determined
from genenv.tables.cells import Floats
from genenv.tables.column import Column
from genenv.tables.determined import Determined
from genenv.tables.schema import Schema
from genenv.tables.scores import Scores
from genenv.tables.within import Within

NAMED = ("categorical", "boolean", "constant")  # kinds without an order
MOST_NUMBERS = 2**24  # that dithers drawn in advance may take
MOST_DITHERS = 16  # of a row
LEAST = 1e-3  # variance of a direction of the scores: more than it has is not made up for


@dataclass(frozen=True)
class Coding:
    """What a network sees of a table: all but the target and what other columns determine.

    A number or an ordered value is one score; a column without an order a run of as many states as
    it has values, and one more where a value may be missing. A number that may be missing has a run
    of two states behind it, the second of which is missing. Scores are made uncorrelated: where
    columns nearly determine one another the network has that law to learn at full size.
    """

    schema: Schema
    """Of the rows."""
    scores: tuple[Scores | None, ...]
    """Of each column that is a number, None elsewhere."""
    gone: tuple[Determined, ...]
    """Columns that others determine."""
    within: tuple[Within | None, ...] = ()
    """Of each column: where a row lies within the step of its value; None: evenly."""
    mixing: Floats = field(default_factory=lambda: np.empty((0, 0)))
    """(scores, scores), symmetric: scores are this times uncorrelated ones."""

    @classmethod
    def fit(cls, codes: Floats, schema: Schema) -> Coding:
        """Take the laws of the columns of codes (n, columns), NaN where a value is missing."""
        columns = zip(schema.columns, codes.T, strict=True)
        scores = [None if c.kind in NAMED else Scores.fit(c, own) for c, own in columns]
        found = cls(schema, tuple(scores), determined.find(codes, schema))
        found = found if found.kept else replace(found, gone=())
        found = replace(found, within=found._placed(codes))
        return replace(
            found, mixing=root(found._rows(codes, found._share(codes, 0))[:, found.scored])
        )

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

    @cached_property
    def scored(self) -> NDArray[np.bool_]:
        """Which numbers of a row are scores, (width,)."""
        heads = self.heads
        return np.repeat([head == 0 for head in heads], [max(head, 1) for head in heads])

    def encode(self, codes: Floats, seed: int = 0) -> NDArray[np.float32]:
        """Map codes (n, columns) to rows (n, width), dithered by address."""
        rows = self._rows(codes, self._share(codes, seed))
        rows[:, self.scored] = np.linalg.solve(self.mixing, rows[:, self.scored].T).T
        return rows

    def mixed(self, rows: Floats | NDArray[np.float32]) -> Floats:
        """Give rows (n, width) their scores as they hang together, from uncorrelated ones."""
        found = rows.astype(np.float64)
        found[:, self.scored] = found[:, self.scored] @ self.mixing
        return found

    def dithered(self, codes: Floats, seed: int) -> tuple[NDArray[np.float32], int]:
        """Return rows (k n, width), each of codes (n, columns) k times, and k."""
        times = max(1, min(MOST_DITHERS, MOST_NUMBERS // (len(codes) * self.width)))
        return self.encode(np.tile(codes, (times, 1)), seed), times

    def decode(self, rows: Floats, label: NDArray[np.int64] | None) -> Floats:
        """Map mixed rows (n, width), and labels (n,) where there is a target, to codes."""
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

    def _share(self, codes: Floats, seed: int) -> Floats:
        """Return where each cell (n, columns) lies within the step of its value, by address."""
        keys = seeding.fold_rows(seed, "dither", np.arange(len(codes)))
        share = seeding.uniforms(keys, len(self.schema.columns))
        rows, placed = self._rows(codes, share), share.copy()
        for i, own in enumerate(self.within):
            if own is not None:
                at, on = self._at(codes, i)
                placed[on, i] = own.share(rows[on], at[on], ndtri(share[on, i]))
        return placed

    def _placed(self, codes: Floats) -> tuple[Within | None, ...]:
        """Fit where rows lie within steps, for the columns all of whose values are kept."""
        rows = self._rows(codes, self._share(codes, 0))
        found: list[Within | None] = [None] * len(self.schema.columns)
        places = iter(np.flatnonzero(self.scored))
        for i in self.kept:
            score = self.scores[i]
            if score is None:
                continue
            place, (at, on) = int(next(places)), self._at(codes, i)
            if on.any() and (on | np.isnan(codes[:, i])).all():
                found[i] = Within.fit(rows[on], place, at[on], len(score.values))
        return tuple(found)

    def _at(self, codes: Floats, i: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the number of the value of column i in each row, and whether it is that value."""
        score = self.scores[i]
        assert score is not None
        at = np.searchsorted(score.values, codes[:, i]).clip(0, len(score.values) - 1)
        return at, score.values[at] == codes[:, i]

    def _rows(self, codes: Floats, share: Floats) -> NDArray[np.float32]:
        """Map codes (n, columns) to rows (n, width), each cell at a share of its step."""
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
        for i, place in enumerate(self.within):
            if place is not None:
                found |= {f"within_{name}_{i}": array for name, array in place.to_arrays().items()}
        return found | determined.to_arrays(self.gone) | {"mixing": self.mixing}

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
        places = [
            Within.from_arrays({name: held[f"within_{name}_{i}"] for name in Within.NAMES})
            if f"within_weights_{i}" in held
            else None
            for i in range(len(scores))
        ]
        gone = determined.from_arrays(held)
        found = cls(schema, tuple(scores), gone, tuple(places), held["mixing"])
        count = int(found.scored.sum())
        if found.mixing.shape != (count, count):
            raise ValueError(f"a mixing of {found.mixing.shape} for {count} scores")
        return found


def root(scores: NDArray[np.float32]) -> Floats:
    """Return the symmetric root of the correlations of scores (n, k): (k, k)."""
    centred = scores.astype(np.float64) - scores.mean(axis=0, dtype=np.float64)
    standard = centred / np.maximum(centred.std(axis=0), 1e-9)
    correlations = standard.T @ standard / len(scores)
    np.fill_diagonal(correlations, 1.0)  # of one row, or of scores that are all alike
    values, directions = np.linalg.eigh(correlations)
    return np.asarray((directions * np.sqrt(np.maximum(values, LEAST))) @ directions.T)


def _score(column: Column, at: int, held: Mapping[str, NDArray[Any]]) -> Scores:
    values, first, last = (held[f"{name}_{at}"] for name in ("values", "first", "last"))
    if not len(values) == len(first) == len(last) > 0:
        raise ValueError(f"laws of {len(values)}, {len(first)} and {len(last)} values")
    return Scores(values, first, last, 0 if column.discrete else column.decimals)
