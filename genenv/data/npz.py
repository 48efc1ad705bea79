"""Data from an .npz file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from genenv import checks, reading
from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset

LABELS = ("y", "labels", "label")  # the first that is there


def npz_file(path: Path, one_class: bool = False) -> Dataset:
    """Load the arrays x and, where present, y (or labels) of an .npz file; executes nothing.

    Parameters
    ----------
    path
        Of the file.
    one_class
        See `from_arrays`.

    Raises
    ------
    Mistake
        When the file is no .npz or no plain file, has no x, or holds pickled objects.
    """
    reading.check_file(path)
    with path.open("rb") as file:
        head = file.read(6)
    if head[:1] == b"\x80":
        raise checks.Mistake(
            "an .npz file",
            f"a pickle, {path}",
            "save arrays: pickles are not read, for they can run code",
        )
    is_array = head == b"\x93NUMPY"
    held = ["a lone array"] if is_array else reading.names(path)
    if "x" not in held:
        raise checks.Mistake(
            f"an array x in {path}",
            held[0] if is_array else f"arrays {', '.join(held) or 'none'}",
            "save it with np.savez(path, x=x, y=y)",
        )
    label = next((name for name in LABELS if name in held), None)
    found = reading.arrays(path, ["x", *([] if label is None else [label])])
    y = None if label is None else found[label]
    dataset = from_arrays(found["x"], y, path.stem, one_class)
    notes = [] if label in (None, "y") else [f"{label} was read as the labels, for want of y"]
    if left_out := [name for name in held if name not in ("x", label)]:
        notes.append(f"the arrays {', '.join(left_out)} were left out")
    return replace(dataset, notes=(*notes, *dataset.notes))
