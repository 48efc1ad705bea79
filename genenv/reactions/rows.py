"""Rows of figures, as a study keeps them: a list of names and values in a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CELLS = "cells"  # folder of what is finished, in a run

Rows = list[dict[str, Any]]


def load_rows(path: Path) -> Rows:
    """Read a list of rows.

    Raises
    ------
    ValueError
        The file holds something else.
    """
    rows = json.loads(path.read_text())
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        raise ValueError(f"{path} holds no rows")
    return rows
