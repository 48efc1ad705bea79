"""A generator of rows from a frame or a file, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genenv import checks
from genenv.tables import frames, mixture
from genenv.tables.mixture import SCHEMA, Mixture
from genenv.tables.schema import Schema, infer

if TYPE_CHECKING:
    import pandas as pd


def load(run: str | Path) -> Mixture:
    """Load the mixture of a run that `genenv fit` left for a table.

    Raises
    ------
    Mistake
        There is none, or a damaged one.
    """
    folder = Path(run) / "generator"
    if not holds_table(run):
        raise checks.Mistake("a run that holds a table's generator", f"none in {run}", "fit one")
    if is_network(folder):
        do = "read it by genenv.load, whose `frame` makes rows"
        raise checks.Mistake(f"a mixture in {run}", "a network", do)
    return Mixture.load(folder)


def holds_table(run: str | Path) -> bool:
    """Whether a run's generator makes rows of a table."""
    return (Path(run) / "generator" / SCHEMA).is_file()


def is_network(folder: Path) -> bool:
    """Whether a table's generator in a folder is a network: then it has one within."""
    return (folder / "inner").is_dir()


def fit(
    table: pd.DataFrame | str | Path,
    target: str | None = None,
    *,
    schema: Schema | None = None,
    kinds: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    seed: int = 0,
) -> Mixture:
    """Fit a generator to a table; its `sample` returns frames like it.

    Parameters
    ----------
    table
        A frame, or the path of a .csv or .parquet file.
    target
        The column that is the label.
    schema
        Of the columns; None: inferred with `target`, `kinds` and `drop`, see `infer`.
    kinds, drop
        Kinds by column where the user knows better, and columns to leave out.
    seed
        Address of first guesses, and of the rows that tell how many components there are.

    Raises
    ------
    Mistake
        The table cannot be read, or its columns are no such.
    """
    frame = frames.read(Path(table))[0] if isinstance(table, str | Path) else table
    known = infer(frame, target, kinds, drop) if schema is None else schema
    return mixture.fit(known.encode(frame), known, seed)
