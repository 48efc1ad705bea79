"""Rows on a condition by rejection: of all addressed rows those that fulfil it, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.tables.cells import Floats
from genenv.tables.conditions import Condition, holds, parse
from genenv.tables.schema import Schema

CHUNK = 8_192  # rows that are drawn at once
LEAST = 1e-4  # share of drawn rows that must fulfil a condition
PATIENCE = 100_000  # rows that are drawn before it is asked for
MEASURED = 20_000  # rows that tell the mass of a condition

Draw = Callable[[int, int, int, NDArray[np.int64] | None], Floats]
"""(count, seed, start, labels) -> codes (count, columns)."""


class Rejection:
    """Addressed rows of a generator that draws what it is not asked for.

    A condition on the target is met by the labels that are asked for; any other one by leaving out
    the rows that do not fulfil it.

    Parameters
    ----------
    schema
        Of the rows.
    shares
        (classes,): how frequent each class of the target is; () without a target.
    draw
        Makes rows by address.
    """

    def __init__(self, schema: Schema, shares: Floats, draw: Draw) -> None:
        self.schema = schema
        self.shares = shares
        self.draw = draw

    def codes(self, count: int, seed: int, where: str | None, start: int = 0) -> Floats:
        """Return rows start to start + count - 1 of those that fulfil a condition.

        Raises
        ------
        Mistake
            The condition cannot be read, or less than LEAST of the rows fulfil it.
        """
        if where is None:
            return self._drawn(count, seed, start, self.shares)
        parts = self.stream(start + count, seed, where)
        return np.concatenate(list(parts))[start:]

    def stream(self, count: int, seed: int, where: str | None) -> Iterator[Floats]:
        """Yield rows in parts, an empty one at 0; see `codes`."""
        condition = parse(where or "", self.schema) if where else {}
        shares = self._allowed(condition, where)
        if not count:
            yield np.empty((0, len(self.schema.columns)))
        made = tried = 0
        while made < count:
            rows = self._drawn(CHUNK, seed, tried, shares)
            rows = rows[holds(condition, self.schema, rows)][: count - made]
            made += len(rows)
            tried += CHUNK
            if tried >= PATIENCE and made < min(count, LEAST * tried):
                raise _rare(where, made, tried)
            yield rows

    def mass(self, where: str) -> float:
        """Return the share of rows that fulfil a condition, of the first MEASURED of seed 0."""
        rows = self._drawn(MEASURED, 0, 0, self.shares)
        return float(holds(parse(where, self.schema), self.schema, rows).mean())

    def _allowed(self, condition: Condition, where: str | None) -> Floats:
        """Return how frequent classes are under a condition."""
        target = self.schema.target
        if target is None or target not in condition:
            return self.shares
        codes = np.arange(len(self.shares), dtype=np.float64)
        shares = self.shares * condition[target].holds(codes)
        if not shares.sum():
            raise _rare(where, 0, 0)
        return np.asarray(shares / shares.sum(), np.float64)

    def _drawn(self, count: int, seed: int, start: int, shares: Floats) -> Floats:
        if not len(shares):
            return self.draw(count, seed, start, None)
        keys = seeding.fold_rows(seed, "class", np.arange(start, start + count))
        u = seeding.uniforms(keys, 1)[:, 0]
        label = np.searchsorted(np.cumsum(shares), u, side="right")
        return self.draw(count, seed, start, label.clip(0, len(shares) - 1))


def _rare(where: str | None, made: int, tried: int) -> checks.Mistake:
    got = f"{where!r}, which {made} of {tried:,} do" if tried else f"{where!r}, which none do"
    return checks.Mistake(
        f"a condition that one in {1 / LEAST:,.0f} generated rows fulfil", got, "ask for more"
    )
