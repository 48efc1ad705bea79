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
from genenv.tables import components, determined, em
from genenv.tables.cells import Cells, Floats
from genenv.tables.conditions import Allowed, Condition, parse
from genenv.tables.determined import Determined
from genenv.tables.law import Law, rows_of
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
    probability of it, π_k P_k(A), and cuts the laws off, so that rows fulfil it exactly. A column
    that another one determines has no law: it follows, and a condition on it is one on the other.
    """

    schema: Schema
    """Of the rows."""
    cells: tuple[Cells, ...]
    """How each column that has a law is cut."""
    gone: tuple[Determined, ...]
    """Columns that others determine."""
    parameters: em.Parameters
    """Probabilities of components, and of cells in each."""
    tried: Floats
    """(tried, 3): numbers of components and what speaks for them, see `components.best`."""

    differentiable = False

    @property
    def base_dim(self) -> int:
        """Length of a base vector: one more than there are columns with a law."""
        return 1 + len(self.cells)

    @cached_property
    def kept(self) -> NDArray[np.int64]:
        """Return the numbers of the columns that have a law, in the order of `cells`."""
        return _kept(len(self.schema.columns), self.gone)

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
            return self.codes(self._everything, e)
        checks.shape("label", label, (len(e),))
        codes = np.empty((len(e), len(self.schema.columns)))
        for each in np.unique(label):
            value = float(checks.integer("label + 1", int(each) + 1) - 1)
            law = self.law({self.schema.label.name: Allowed(((value, value),))})
            codes[label == each] = self.codes(law, e[label == each])
        return codes

    def law(self, condition: Condition) -> Law:
        """Return the mixture under a condition; {}: as it is."""
        asked = determined.asked(condition, self.gone, self.schema.names)
        names = [self.schema.names[i] for i in self.kept]
        pieces = [
            cells.pieces(asked.get(name)) for name, cells in zip(names, self.cells, strict=True)
        ]
        return Law(self.cells, pieces, self.parameters)

    def codes(self, law: Law, e: Floats | NDArray[np.float32]) -> Floats:
        """Map base vectors (n, base_dim) to codes (n, columns) under a law of `law`."""
        codes = np.full((len(e), len(self.schema.columns)), np.nan)
        codes[:, self.kept] = law.codes(e)
        return determined.derived(codes, self.gone)

    def log_likelihood(self, frame: pd.DataFrame) -> Floats:
        """Return log p of rows, in nats, by the cells they are in: (n,)."""
        return self.parameters.log_likelihood(self.rows(self.schema.encode(frame)))

    def rows(self, codes: Floats) -> NDArray[np.int64]:
        """Return the cell of each code of a column with a law, numbered over all: (n, kept)."""
        return rows_of(self.cells, codes[:, self.kept])

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
        whole |= determined.to_arrays(self.gone)
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
        gone = reading.guarded(path, lambda: determined.from_arrays(held))
        cells = reading.guarded(path, lambda: _cut(schema, gone, held))
        width = sum(each.count for each in cells)
        columns = {
            "weights": reading.Column("f", (None,), 0, 1),
            "cells": reading.Column("f", (None, width), 0, 1),
        }
        reading.check(path, held, columns)
        parameters = em.Parameters(held["weights"], held["cells"])
        return cls(schema, cells, gone, parameters, held["tried"])

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
        return self.codes(law, seeding.normals(keys, self.base_dim))


def _kept(columns: int, gone: tuple[Determined, ...]) -> NDArray[np.int64]:
    return np.setdiff1d(np.arange(columns), [each.column for each in gone])


def _cut(
    schema: Schema, gone: tuple[Determined, ...], held: dict[str, NDArray[Any]]
) -> tuple[Cells, ...]:
    columns = [schema.columns[i] for i in _kept(len(schema.columns), gone)]
    return tuple(
        Cells(
            held[f"atoms_{i}"],
            held[f"knots_{i}"],
            held[f"positions_{i}"],
            column.step,
            0 if column.discrete else column.decimals,
        )
        for i, column in enumerate(columns)
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
    cut = [Cells.fit(column, each) for column, each in columns]
    # from values of their own alone is a condition on what follows one on what it follows from
    gone = tuple(each for each in determined.find(codes, schema) if not cut[each.by].bins)
    kept = _kept(len(cut), gone)
    cells = tuple(cut[i] for i in kept)
    parameters, tried = components.fit(cells, codes[:, kept], seed)
    return Mixture(schema, cells, gone, parameters, tried)
