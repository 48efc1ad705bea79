"""Rows with a number for each: data whose target is a value, and how it is told from a class."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading, runs
from genenv.codecs import Rows
from genenv.data import Dataset, TableOptions, from_arrays
from genenv.tables import frames, infer

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 20  # whole numbers of a target that are classes
ROWS_EACH = 10  # rows of a class, on average, below which whole floats are values
VALUES = ("continuous", "integer")  # kinds of a column that is a value


@dataclass(frozen=True, eq=False)
class Valued:
    """Rows and what a regressor is asked of them."""

    dataset: Dataset
    """The rows, without labels."""
    y: NDArray[np.float64]
    """(n,), finite, in the user's unit."""
    target: str
    """What reports call it."""

    def __post_init__(self) -> None:
        """Raise a Mistake where there is nothing to predict."""
        checks.finite(f"the target {self.target}", self.y)
        if len(self.y) and self.y.min() == self.y.max():
            raise checks.Mistake(
                f"a target {self.target} that varies", f"{self.y[0]:g} in every row", "name another"
            )

    def at(self, rows: NDArray[np.int64]) -> Valued:
        """Return these rows alone."""
        return Valued(self.dataset.at(rows), self.y[rows], self.target)


def are_values(y: Any) -> bool:
    """Whether a target that came as an array holds values rather than classes.

    Floats are, unless they are whole and few; integers and texts are classes.
    """
    array = np.asarray(y.detach().cpu() if hasattr(y, "detach") else y)
    if array.dtype.kind != "f" or array.ndim != 1 or not len(array):
        return False
    known = array[np.isfinite(array)]
    if (known != np.rint(known)).any():
        return True
    found = len(np.unique(known))
    return found > MOST_CLASSES and len(array) < ROWS_EACH * found


def are_column(frame: pd.DataFrame, columns: TableOptions) -> bool:
    """Whether the target of a table is a column of values."""
    target = columns.target
    if target is None or columns.schema is not None or target not in frame.columns:
        return False
    if (kind := (columns.kinds or {}).get(target)) is not None:
        return kind in VALUES
    own = frame[target].dropna()
    if own.dtype.kind == "f":
        return bool((own != own.round()).any()) or own.nunique() > MOST_CLASSES
    return own.dtype.kind in "iu" and own.nunique() > MOST_CLASSES


def of_arrays(x: Any, y: Any, name: str = "arrays") -> Valued:
    """Make rows with values of arrays: samples as `data.from_arrays` takes them, y (n,)."""
    dataset = from_arrays(x, None, name)
    array = np.asarray(y.detach().cpu() if hasattr(y, "detach") else y, np.float64)
    checks.shape("y", array, (len(dataset),))
    return Valued(dataset, array, "y")


def of_frame(
    frame: pd.DataFrame, columns: TableOptions, name: str = "frame", like: Dataset | None = None
) -> Valued:
    """Make rows with values of a frame.

    Parameters
    ----------
    frame
        The rows, the target among the columns; rows without a target are left out, and it is told.
    columns
        What is known of them.
    name
        What reports call the data.
    like
        Data that these are more rows of; None: columns are told from the values.
    """
    target = str(columns.target)
    checks.choice("a column", target, [str(column) for column in frame.columns])
    missing = frame[target].isna()
    kept = frame[~missing].reset_index(drop=True)
    lost = int(missing.sum())
    features = kept.drop(columns=target)
    notes: tuple[str, ...] = (f"{lost:,} rows without {target!r} were left out",) if lost else ()
    if like is None:
        kinds = {n: k for n, k in (columns.kinds or {}).items() if n != target}
        schema = infer(features, None, kinds, columns.drop)
        units = Rows.of(schema, schema.encode(features))
        notes += schema.notes
    else:
        assert isinstance(like.units, Rows)
        units = like.units
    dataset = Dataset(name, units.rows(features), None, (), units, notes=notes)
    return Valued(dataset, kept[target].to_numpy(np.float64), target)


def load(source: str, columns: TableOptions | None) -> Valued | None:
    """Read a table or an .npz file whose target is a value; None: it is no such data.

    Parameters
    ----------
    source, columns
        As `data.load` takes them.
    """
    path = Path(source).expanduser()
    if path.suffix in frames.SUFFIXES and columns is not None and path.is_file():
        frame, notes = frames.read(path)
        if not are_column(frame, columns):
            return None
        made = of_frame(frame, columns, path.stem)
        told = replace(made.dataset, notes=(*notes, *made.dataset.notes))
        return replace(made, dataset=told)
    if path.suffix == ".npz" and path.is_file():
        held = reading.arrays(path)
        if {"x", "y"} <= held.keys() and are_values(held["y"]):
            return of_arrays(held["x"], held["y"], path.stem)
    return None


def more(source: str, like: Valued) -> Valued:
    """Read more rows of the same kind from a file.

    Raises
    ------
    Mistake
        The file is of another kind, or its rows are.
    """
    path = Path(source).expanduser()
    if isinstance(like.dataset.units, Rows):
        frame, _ = frames.read(path)
        return of_frame(frame, TableOptions(like.target), path.stem, like.dataset)
    found = load(source, None)
    if found is None:
        raise checks.Mistake("an .npz file with x and values y", source, "give one like the data")
    return found


def described(valued: Valued) -> dict[str, Any]:
    """Name rows and values, and fingerprint both."""
    return runs.describe(valued.dataset) | {
        "target": valued.target, "values": hashlib.sha256(valued.y.tobytes()).hexdigest()
    }  # fmt: skip
