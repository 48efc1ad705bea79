"""The columns of a table: inferred from a frame, edited by hand; rows to numbers and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading
from genenv.tables.column import Column
from genenv.tables.inference import infer_column

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 20  # integers of a target that are classes


@dataclass(frozen=True)
class Schema:
    """Columns in the order of the table, and which of them is the target."""

    columns: tuple[Column, ...]
    """All of them."""
    target: str | None = None
    """The name of the discrete column that is the label; None: there is none."""

    def __post_init__(self) -> None:
        _check_names(self.names)
        if self.target is not None and not self.column(self.target).discrete:
            raise checks.Mistake(
                "a target of classes", f"{self.target!r}, which is {self.label.kind}",
                f"say that it is one (--kinds {self.target}=categorical), or name another",
            )  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def label(self) -> Column:
        """The target's column."""
        if self.target is None:
            raise checks.Mistake("a target", "none", "name a column (--target NAME)")
        return self.column(self.target)

    @property
    def classes(self) -> tuple[int | str, ...]:
        """Values of the target as class names: truth values and whole numbers are integers."""
        return tuple(_class_name(value) for value in self.label.values)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what the schema leaves out."""
        return tuple(
            f"Column {c.name!r} keeps its {len(c.values) - 1} most frequent categories; all rarer "
            f"ones are {c.values[-1]!r}."
            for c in self.columns
            if c.rest
        )

    def column(self, name: str) -> Column:
        """Return a column by name."""
        checks.choice("a column", name, self.names)
        return self.columns[self.names.index(name)]

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Map rows to codes, (n, columns) float64, NaN where a value is missing."""
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise checks.Mistake(f"a column {missing[0]!r}", "a table without it", "add it")
        codes = [column.encode(frame[column.name]) for column in self.columns]
        return np.stack(codes, axis=1)

    def decode(self, codes: NDArray[np.float64]) -> pd.DataFrame:
        """Map codes (n, columns) back to rows, in the columns, order and dtypes of the data."""
        import pandas as pd

        columns = zip(self.columns, codes.T, strict=True)
        return pd.DataFrame({column.name: column.decode(each) for column, each in columns})

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers."""
        return {"target": self.target, "columns": [column.to_json() for column in self.columns]}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Schema:
        """Read what `to_json` wrote, or what a hand made of it.

        Raises
        ------
        Mistake
            A field is missing or unknown, or a column is not whole.
        """
        if not isinstance(plain.get("columns"), list):
            raise checks.Mistake("a schema with its columns", "none", "write one by Schema.save")
        return cls(tuple(_column(each) for each in plain["columns"]), plain.get("target"))

    def save(self, path: Path) -> None:
        """Write JSON, to be edited and read again."""
        files.write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Read what `save` wrote."""
        return cls.from_json(reading.plain(path))


def infer(
    frame: pd.DataFrame,
    target: str | None = None,
    kinds: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
) -> Schema:
    """Tell the schema of a frame.

    Parameters
    ----------
    frame
        Two rows or more.
    target
        The column that is the label.
    kinds
        Kinds by column, where the user knows better.
    drop
        Columns to leave out.

    Raises
    ------
    Mistake
        Names are not there or there twice, there are too few rows, or a column is refused, see
        `infer_column`.
    """
    kinds = kinds or {}
    names = list(frame.columns)
    if other := [name for name in names if not isinstance(name, str)]:
        do = "rename them: frame.columns = frame.columns.map(str)"
        raise checks.Mistake("column names that are texts", repr(other[0]), do)
    _check_names(names)
    if len(frame) < 2:
        raise checks.Mistake("two rows or more", len(frame), "give more")
    for name in (*kinds, *drop, *([] if target is None else [target])):
        checks.choice("a column", name, names)
    frame = frame.reset_index(drop=True)
    classes = {} if target is None or not _is_classes(frame[target]) else {target: "categorical"}
    given = {**classes, **kinds}
    kept = [name for name in names if name not in drop]
    return Schema(tuple(infer_column(frame[name], given.get(name)) for name in kept), target)


def _is_classes(target: pd.Series) -> bool:
    """Whether a target is written as few integers, which are classes then."""
    return target.dtype.kind in "iu" and 2 <= target.nunique() <= MOST_CLASSES


def _class_name(value: Any) -> int | str:
    if isinstance(value, str):
        return value
    return int(value) if float(value).is_integer() else str(value)


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise checks.Mistake("a table with columns", "none", "give one column or more")
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise checks.Mistake("column names that differ", f"{twice[0]!r} twice", "rename one")


def _column(plain: Mapping[str, Any]) -> Column:
    known = {field.name for field in fields(Column)}
    if not {"name", "kind", "dtype"} <= set(plain) <= known:
        odd = sorted({"name", "kind", "dtype"} ^ set(plain) - known) or ["name"]
        raise checks.Mistake("columns with name, kind and dtype", f"{odd[0]!r}", "mend the schema")
    return Column(**{**plain, "values": tuple(plain.get("values", ()))})
