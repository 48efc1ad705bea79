"""Known failures in one file, to test a model on when it is mended."""

from __future__ import annotations

from genenv.known.chosen import asking_of, of_rows, of_run
from genenv.known.samples import Asking, Examined, Known, load
from genenv.known.written import export, export_replayed, pictures

__all__ = [
    "Asking",
    "Examined",
    "Known",
    "asking_of",
    "export",
    "export_replayed",
    "load",
    "of_rows",
    "of_run",
    "pictures",
]
