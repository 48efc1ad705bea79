"""Data sets: where they come from, how they are split, and how they are read in batches."""

from __future__ import annotations

from genenv.data.arrays import from_arrays
from genenv.data.batches import Batches, check_batch
from genenv.data.dataset import Dataset, Modes
from genenv.data.masked import LABEL, framed, is_masked
from genenv.data.sources import DATA, Source, find, load
from genenv.data.splits import Split, check_alike, held, hold_out, split, stratified_order
from genenv.data.table import TABLES, TableOptions, frame_of, from_frame, more_rows

__all__ = [
    "DATA",
    "LABEL",
    "TABLES",
    "Batches",
    "Dataset",
    "Modes",
    "Source",
    "Split",
    "TableOptions",
    "check_alike",
    "check_batch",
    "find",
    "frame_of",
    "framed",
    "from_arrays",
    "from_frame",
    "held",
    "hold_out",
    "is_masked",
    "load",
    "more_rows",
    "split",
    "stratified_order",
]
