"""A table as a data set: its target is the label, its other columns are the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genenv import checks
from genenv.codecs import Rows
from genenv.data.dataset import Dataset
from genenv.tables import Schema, frames, infer

if TYPE_CHECKING:
    import pandas as pd


TABLES = frames.SUFFIXES  # of files that hold one


@dataclass(frozen=True)
class TableOptions:
    """What a user says of a table's columns."""

    target: str | None = None
    """The column that is the label."""
    kinds: Mapping[str, str] | None = None
    """Kinds by column, where the user knows better than `tables.infer`."""
    drop: Sequence[str] = ()
    """TableOptions to leave out."""
    schema: Schema | None = None
    """Of all columns; None: inferred with the rest."""

    def of(self, frame: pd.DataFrame) -> Schema:
        """Return the schema of a frame, which has a target.

        Raises
        ------
        Mistake
            There is no target, or what `tables.infer` refuses.
        """
        if self.schema is None and self.target is None:
            names = ", ".join(map(str, frame.columns[:8]))
            raise checks.Mistake(
                "a column that is the label", f"none of {names} named",
                "name it: --target COLUMN (target=...)",
            )  # fmt: skip
        return self.schema_of(frame)

    def schema_of(self, frame: pd.DataFrame) -> Schema:
        """Return the schema of a frame, with or without a target; see `tables.infer`."""
        if self.schema is not None:
            return self.schema
        return infer(frame, self.target, self.kinds, self.drop)


def from_frame(
    frame: pd.DataFrame, columns: TableOptions, name: str = "frame", units: Rows | None = None
) -> Dataset:
    """Make a data set from a frame.

    Parameters
    ----------
    frame
        The rows, the target among the columns. Rows without a target are left out, and it is told.
    columns
        What is known of them.
    name
        What reports call the data.
    units
        Of a table that these are more rows of; None: they are standardised by themselves.

    Raises
    ------
    Mistake
        See `TableOptions.of`; a value that the schema does not know, or fewer than two classes.
    """
    target = columns.target if columns.schema is None else columns.schema.target
    notes: tuple[str, ...] = ()
    if target in frame.columns and bool((missing := frame[target].isna()).any()):
        if missing.all():
            raise checks.Mistake(f"labels in column {target!r}", "none", "name another column")
        notes = (f"{int(missing.sum()):,} rows without {target!r} were left out",)
        frame = frame[~missing].reset_index(drop=True)
    schema = columns.of(frame)
    codes = schema.encode(frame)
    at = schema.names.index(schema.label.name)
    if len(schema.label.values) < 2:
        got = f"{schema.classes[0]!r} alone"
        raise checks.Mistake(
            f"two classes or more in column {schema.target!r}", got, "name another"
        )
    units = Rows.of(schema, codes) if units is None else units
    x, label = units.stored(np.delete(codes, at, axis=1)), codes[:, at].astype(np.int64)
    return Dataset(name, x, label, schema.classes, units, notes=(*notes, *schema.notes))


def frame_of(dataset: Dataset) -> pd.DataFrame:
    """Return the rows of a table's data set as the user's frame, its target among the columns."""
    units = dataset.units
    assert isinstance(units, Rows)
    assert dataset.label is not None
    at = units.schema.names.index(units.schema.label.name)
    codes = np.insert(units.codes(dataset.x), at, dataset.label.astype(np.float64), axis=1)
    return units.schema.decode(codes)


def table_file(path: Path, columns: TableOptions) -> Dataset:
    """Read a .csv or .parquet file, see `tables.frames.read`."""
    return _read(path, columns, None)


def more_rows(path: Path, like: Dataset) -> Dataset:
    """Read more rows of a table that `like` was made from.

    Raises
    ------
    Mistake
        That was none; or the file holds other columns, or values that it did not.
    """
    if not isinstance(like.units, Rows):
        raise checks.Mistake(f"{like.units.kind}s, like the data", f"the table {path}", "give such")
    return _read(path, TableOptions(schema=like.units.schema), like.units)


def _read(path: Path, columns: TableOptions, units: Rows | None) -> Dataset:
    frame, notes = frames.read(path)
    made = from_frame(frame, columns, path.stem, units)
    return replace(made, notes=(*notes, *made.notes))
