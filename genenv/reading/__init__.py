"""The one way to read JSON, arrays and tensors that others may have touched.

Whatever a file holds, the outcome is what was asked for or one sentence (`checks.Mistake`). Nothing
is executed, links and devices aside from plain files are not waited for, and how much memory a file
may claim is known before any is taken.
"""

from __future__ import annotations

from genenv.reading.guards import (
    Damaged,
    any_json,
    check_archive,
    check_file,
    content,
    damaged,
    guarded,
    plain,
    struct,
    value,
)
from genenv.reading.npz import Column, arrays, check, names
from genenv.reading.pickled import Numbers, unpickled
from genenv.reading.weights import build, fill, metadata, tensors

__all__ = [
    "Column",
    "Damaged",
    "Numbers",
    "any_json",
    "arrays",
    "build",
    "check",
    "check_archive",
    "check_file",
    "content",
    "damaged",
    "fill",
    "guarded",
    "metadata",
    "names",
    "plain",
    "struct",
    "tensors",
    "unpickled",
    "value",
]
