"""Arrays of an .npz file that others may have touched, and what each has to be."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.reading.guards import MOST_ARRAYS, check_file, damaged, guarded


class Column(NamedTuple):
    """What an array of a file has to be."""

    kinds: str
    """Letters of NumPy's dtype kinds: "f", "iu", "U"."""
    shape: tuple[int | None, ...] | None
    """Length of each axis, None: any, but on the first as long as all others; None: any."""
    low: float | None = None
    """The least value; None: any, but no NaN."""
    high: float | None = None
    """The largest value."""


def arrays(
    path: Path, names: Iterable[str] | None = None, most: int = MOST_ARRAYS
) -> dict[str, NDArray[Any]]:
    """Read arrays of an .npz file.

    Parameters
    ----------
    path
        The file.
    names
        Those to read; None: all.
    most
        Bytes that they may come to; looked up in their headers before any memory is taken.

    Raises
    ------
    Mistake
        The file is damaged, or an array is missing or holds objects.
    """

    def read() -> dict[str, NDArray[Any]]:
        check_file(path, most)
        with zipfile.ZipFile(path) as file:
            held = [n.removesuffix(".npy") for n in file.namelist() if n.endswith(".npy")]
            wanted = held if names is None else list(names)
            if missing := [name for name in wanted if name not in held]:
                raise damaged(path, f"no array {missing[0]}")
            total = sum(_claimed(file, name, path) for name in wanted)
            if total > most:
                raise damaged(path, f"arrays of {total:,} bytes, more than {most:,}")
            return {name: _array(file, name) for name in wanted}

    return guarded(path, read)


def names(path: Path) -> list[str]:
    """List the arrays of an .npz file."""

    def read() -> list[str]:
        check_file(path, MOST_ARRAYS)
        with zipfile.ZipFile(path) as file:
            return [n.removesuffix(".npy") for n in file.namelist() if n.endswith(".npy")]

    return guarded(path, read)


def check(path: Path, found: Mapping[str, NDArray[Any]], columns: Mapping[str, Column]) -> None:
    """Raise a Mistake unless arrays are there and as their columns say."""
    if missing := [name for name in columns if name not in found]:
        raise damaged(path, f"no array {missing[0]}")
    rows = {
        len(found[name]) if found[name].ndim else 0
        for name, column in columns.items()
        if column.shape is None or column.shape[:1] == (None,)
    }
    if len(rows) > 1:
        raise damaged(path, f"columns of {' and '.join(map(str, sorted(rows)))} rows")
    for name, column in columns.items():
        _check_column(path, name, found[name], column)


def _claimed(file: zipfile.ZipFile, name: str, path: Path) -> int:
    """Bytes of an array by its header, which must be those that the archive holds."""
    info = file.getinfo(f"{name}.npy")
    with file.open(info) as stream:
        shape, dtype = _header(stream)
        start = stream.tell()
    if dtype.hasobject:
        raise checks.Mistake(
            "arrays of numbers or strings",
            f"pickled objects in {path}",
            "save numbers: pickles are not read, for they can run code",
        )
    size = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or info.file_size != start + size:
        raise damaged(path, f"{name} is not as long as it says")
    return size


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(stream)
    return shape, dtype


def _array(file: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with file.open(f"{name}.npy") as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _check_column(path: Path, name: str, array: NDArray[Any], column: Column) -> None:
    if array.dtype.kind not in column.kinds:
        raise damaged(path, f"{name} is of {array.dtype}")
    if column.shape is not None:
        checks.shape(f"{name} in {path}", array, column.shape)
    if array.dtype.kind not in "fiu" or not array.size:
        return
    low, high = array.min(), array.max()
    if np.isnan(low):
        raise damaged(path, f"{name} holds NaN")
    too_low = column.low is not None and low < column.low
    if too_low or (column.high is not None and high > column.high):
        raise damaged(path, f"{name} goes from {low} to {high}")
