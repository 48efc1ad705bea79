"""A mixture of independent columns as a generator of rows, steered exactly on any column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading, seeding
from genenv.tables import em
from genenv.tables.cells import Cells, Floats
from genenv.tables.conditions import Allowed, Condition, parse
from genenv.tables.law import Law, starts
from genenv.tables.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "schema.json"  # in the generator's folder
CHUNK = 65_536  # rows of a part of `stream`
LEAST = 1e-9  # of the model's mass; what is rarer is refused


@dataclass(frozen=True)
class Mixture:
    """Rows from base vectors: e_0 picks the component, e_1 ... drive the columns by inverse CDF.

    A component is a product of one law a column. A condition weighs components by their
    probability of it, π_k P_k(A), and cuts the laws off, so that rows fulfil it exactly.
    """

    schema: Schema
    """Of the rows."""
    cells: tuple[Cells, ...]
    """How each column is cut."""
    parameters: em.Parameters
    """Probabilities of components, and of cells in each."""
    tried: Floats
    """(tried, 2): components and mean log-likelihood of held-out rows, in nats."""

    differentiable = False

    @property
    def base_dim(self) -> int:
        """Length of a base vector: one more than there are columns."""
        return 1 + len(self.cells)

    @property
    def classes(self) -> tuple[Any, ...]:
        """Return the values of the target, in order; (): there is none."""
        return () if self.schema.target is None else self.schema.label.values

    def mass(self, where: str) -> float:
        """Return the model's probability of a condition, such as "age in 60..70"."""
        return float(self.law(parse(where, self.schema)).mass)

    def sample(
        self, count: int, seed: int = 0, where: str | None = None, start: int = 0
    ) -> pd.DataFrame:
        """Make rows by address, in the columns, order and dtypes of the data.

        Parameters
        ----------
        count
            Number of rows.
        seed
            Address of their base vectors.
        where
            A condition, see `conditions`; None: any row.
        start
            Address of the first row: `sample(10, start=5)` gives rows 5 to 14.

        Raises
        ------
        Mistake
            The condition cannot be read, or (almost) no row fulfils it.
        """
        return self.schema.decode(self._codes(self._asked(where), count, seed, start))

    def stream(self, count: int, seed: int = 0, where: str | None = None) -> Iterator[pd.DataFrame]:
        """Yield what `sample` returns in parts, so that memory stays flat; an empty part at 0."""
        law = self._asked(where)
        for at in range(0, max(count, 1), CHUNK):
            yield self.schema.decode(self._codes(law, min(CHUNK, count - at), seed, at))

    def from_base(self, e: Floats, label: NDArray[np.int64] | None = None) -> Floats:
        """Map base vectors (n, base_dim) to codes (n, columns), see `Schema.decode`.

        Parameters
        ----------
        e
            Standard-normal.
        label
            (n,): indices into `classes`; None: as in the data.
        """
        checks.shape("e", e, (None, self.base_dim))
        if label is None:
            return self._everything.codes(e)
        checks.shape("label", label, (len(e),))
        codes = np.empty((len(e), len(self.cells)))
        for each in np.unique(label):
            value = float(checks.integer("label + 1", int(each) + 1) - 1)
            law = self.law({self.schema.label.name: Allowed(((value, value),))})
            codes[label == each] = law.codes(e[label == each])
        return codes

    def law(self, condition: Condition) -> Law:
        """Return the mixture under a condition; {}: as it is."""
        pieces = [
            cells.pieces(condition.get(name))
            for name, cells in zip(self.schema.names, self.cells, strict=True)
        ]
        return Law(self.cells, pieces, self.parameters)

    def log_likelihood(self, frame: pd.DataFrame) -> Floats:
        """Return log p of rows, in nats, by the cells they are in: (n,)."""
        return self.parameters.log_likelihood(self.rows(self.schema.encode(frame)))

    def rows(self, codes: Floats) -> NDArray[np.int64]:
        """Return the cell of each code, numbered over all columns: (n, columns)."""
        return _rows(self.cells, codes)

    def save(self, folder: Path) -> None:
        """Write schema.json and mixture.npz."""
        folder.mkdir(parents=True, exist_ok=True)
        self.schema.save(folder / SCHEMA)
        cuts = {
            f"{name}_{i}": getattr(cells, name)
            for i, cells in enumerate(self.cells)
            for name in ("atoms", "knots", "positions")
        }
        own = self.parameters
        whole = {"weights": own.weights, "cells": own.cells, "tried": self.tried, **cuts}
        files.write_atomically(folder / "mixture.npz", lambda file: np.savez(file, **whole))

    @classmethod
    def load(cls, folder: Path) -> Mixture:
        """Read what `save` wrote.

        Raises
        ------
        Mistake
            A file is missing or damaged.
        """
        schema = Schema.load(folder / SCHEMA)
        path = folder / "mixture.npz"
        held = reading.arrays(path)
        cells = reading.guarded(path, lambda: _cut(schema, held))
        width = sum(each.count for each in cells)
        columns = {
            "weights": reading.Column("f", (None,), 0, 1),
            "cells": reading.Column("f", (None, width), 0, 1),
        }
        reading.check(path, held, columns)
        return cls(schema, cells, em.Parameters(held["weights"], held["cells"]), held["tried"])

    @cached_property
    def _everything(self) -> Law:
        return self.law({})

    def _asked(self, where: str | None) -> Law:
        law = self._everything if where is None else self.law(parse(where, self.schema))
        if law.mass < LEAST:
            got = f"{where!r}, to which the model gives {law.mass:.1g}"
            raise checks.Mistake("a condition that rows fulfil", got, "ask for more")
        return law

    def _codes(self, law: Law, count: int, seed: int, start: int) -> Floats:
        keys = seeding.fold_rows(seed, "noise", np.arange(start, start + count))
        return law.codes(seeding.normals(keys, self.base_dim))


def _rows(cells: tuple[Cells, ...], codes: Floats) -> NDArray[np.int64]:
    own = [each.index(column) for each, column in zip(cells, codes.T, strict=True)]
    return np.stack(own, axis=1) + starts(cells)


def _cut(schema: Schema, held: dict[str, NDArray[Any]]) -> tuple[Cells, ...]:
    return tuple(
        Cells(
            held[f"atoms_{i}"],
            held[f"knots_{i}"],
            held[f"positions_{i}"],
            column.step,
            0 if column.discrete else column.decimals,
        )
        for i, column in enumerate(schema.columns)
    )


def fit(codes: Floats, schema: Schema, seed: int = 0) -> Mixture:
    """Fit a mixture to rows.

    Parameters
    ----------
    codes
        (n, columns), see `Schema.encode`.
    schema
        Of the rows, see `infer`.
    seed
        Address of first guesses, and of the rows that tell how many components there are.
    """
    columns = zip(schema.columns, codes.T, strict=True)
    cells = tuple(Cells.fit(column, each) for column, each in columns)
    width = sum(each.count for each in cells)
    parameters, tried = em.fit(_rows(cells, codes), width, seed)
    return Mixture(schema, cells, parameters, tried)
