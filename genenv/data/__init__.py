"""Data sets: where they come from, how they are split, and how they are read in batches."""

from __future__ import annotations

from genenv.data.arrays import from_arrays
from genenv.data.batches import Batches, check_batch
from genenv.data.dataset import Dataset, Modes
from genenv.data.sources import DATA, Source, find, load
from genenv.data.splits import Split, hold_out, split, stratified_order

__all__ = [
    "DATA",
    "Batches",
    "Dataset",
    "Modes",
    "Source",
    "Split",
    "check_batch",
    "find",
    "from_arrays",
    "hold_out",
    "load",
    "split",
    "stratified_order",
]
