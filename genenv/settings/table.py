"""What is said of a table's columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from genenv.settings.shown import shown


@dataclass(frozen=True)
class TableConfig:
    """Columns of a table, .csv or .parquet."""

    target: Annotated[str | None, shown("COLUMN", "none")] = None
    """Of a table: the column that is the label."""
    kinds: Annotated[tuple[str, ...], shown("COLUMN=KIND [...]", "told from the values")] = ()
    """Of a table's columns: continuous, integer, ordered, categorical, boolean, date, constant."""
    drop: Annotated[tuple[str, ...], shown("COLUMN [COLUMN ...]", "none")] = ()
    """Columns of a table to leave out."""
    schema: Annotated[Path | None, shown("FILE", "told from the values")] = None
    """JSON of a table's columns, such as RUN/generator/schema.json, edited."""
