"""Tables: rows of mixed columns, read, fitted by a mixture, and sampled on conditions."""

from __future__ import annotations

from genenv.tables.column import Column
from genenv.tables.conditions import share
from genenv.tables.fitting import fit, holds_table, is_network, load
from genenv.tables.mixture import Mixture
from genenv.tables.schema import Schema, infer

__all__ = [
    "Column",
    "Mixture",
    "Schema",
    "fit",
    "holds_table",
    "infer",
    "is_network",
    "load",
    "share",
]
