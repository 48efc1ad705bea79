"""Rows of figures, as a study keeps them: a list of names and values in a JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genenv import reading

CELLS = "cells"  # folder of what is finished, in a run

Rows = list[dict[str, Any]]


def load_rows(path: Path) -> Rows:
    """Read a list of rows.

    Raises
    ------
    Mistake
        The file holds something else.
    """
    rows: Rows = reading.any_json(path)
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        raise reading.damaged(path, "no rows")
    return rows
