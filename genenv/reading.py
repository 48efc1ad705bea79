"""The one way to read JSON, arrays and tensors that others may have touched.

Whatever a file holds, the outcome is what was asked for or one sentence (`checks.Mistake`). Nothing
is executed, links and devices aside from plain files are not waited for, and how much memory a file
may claim is known before any is taken.
"""

from __future__ import annotations

import json
import math
import stat
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load
from torch import Tensor, nn

from genenv import checks

MOST_JSON = 256 * 2**20  # bytes of a JSON file
MOST_ARRAYS = 8 * 2**30  # bytes that the arrays of a file may come to
AGAIN = "make it again, or copy it again from where it was whole"

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


class Damaged(checks.Mistake):
    """A file is not as it was written."""


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


def damaged(path: Path, why: object, do: str = AGAIN) -> Damaged:
    """Return the sentence on a file that is not as it was written."""
    lines = str(why).splitlines() or [type(why).__name__]
    return Damaged(f"a whole file {path}", lines[0][:200], do)


def guarded(path: Path, read: Callable[[], T]) -> T:
    """Read by a library: whatever it raises on a ruined file becomes one sentence.

    zipfile, zlib, tokenize, NumPy, safetensors and torch raise errors of two dozen kinds on bytes
    that are not theirs, recursion and memory among them.
    """
    try:
        return read()
    except checks.Mistake:
        raise
    except FileNotFoundError as error:
        raise checks.Mistake(f"the file {path}", "none", "check the path") from error
    except Exception as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error


def content(path: Path, most: int) -> bytes:
    """Return the bytes of a plain file.

    Raises
    ------
    Mistake
        It is no plain file (a pipe would be waited for), or holds more than `most` bytes.
    """

    def read() -> bytes:
        _check_plain(path, most)
        return path.read_bytes()

    return guarded(path, read)


def plain(path: Path, most: int = MOST_JSON) -> dict[str, Any]:
    """Read an object of JSON: names and values."""
    read = any_json(path, most)
    if not isinstance(read, dict):
        raise damaged(path, f"a {type(read).__name__} in place of names and values")
    return read


def any_json(path: Path, most: int = MOST_JSON) -> Any:
    """Read JSON, in which older runs also wrote NaN."""
    return guarded(path, lambda: json.loads(content(path, most).decode("utf-8")))


def struct(path: Path, kind: type[S], most: int = MOST_JSON) -> S:
    """Read JSON whose fields are known; others are ignored, NaN is None."""
    return guarded(path, lambda: msgspec.convert(_without_nan(plain(path, most)), kind))


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
        _check_plain(path, most)
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
        _check_plain(path, MOST_ARRAYS)
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


def tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file; none of its numbers is NaN or infinite.

    Raises
    ------
    Mistake
        The file is damaged.
    """
    read = guarded(path, lambda: load(content(path, MOST_ARRAYS)))
    for name, tensor in read.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise damaged(path, f"NaN or infinity in {name}")
    return read


def metadata(path: Path, name: str) -> Any:
    """Read the JSON that a safetensors file carries under a name."""

    def read() -> Any:
        _check_plain(path, MOST_ARRAYS)
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(name)
        if text is None:
            raise damaged(path, f"no description {name}")
        return json.loads(text)

    return guarded(path, read)


def fill(module: nn.Module, path: Path) -> None:
    """Put the weights of a safetensors file into a module: all of them, and no others.

    Raises
    ------
    Mistake
        The file is damaged, or a name, a shape or a kind of number is another.
    """
    read, own = tensors(path), module.state_dict()
    if strange := sorted(set(read) ^ set(own)):
        raise damaged(path, f"{len(strange)} tensors too many or too few, such as {strange[0]}")
    for name, tensor in read.items():
        wanted = own[name]
        both_real = tensor.is_floating_point() and wanted.is_floating_point()
        if tensor.shape != wanted.shape or not (both_real or tensor.dtype == wanted.dtype):
            got = f"{tensor.dtype} {tuple(tensor.shape)}"
            raise damaged(path, f"{name} is {got}, not {wanted.dtype} {tuple(wanted.shape)}")
    module.load_state_dict(read)


def build(path: Path, weights: Sequence[Path], make: Callable[[], T]) -> T:
    """Build a network by a description, whose size the weights beside it bear out.

    Parameters
    ----------
    path
        Of the description, for errors.
    weights
        Their files: a network of many times their bytes is refused before memory is taken.
    make
        Builds it, on any device.
    """
    import torch

    def count() -> int:
        with torch.device("meta"):
            made: Any = make()
        return sum(t.numel() * t.element_size() for t in made.state_dict().values())

    held = sum(file.stat().st_size for file in weights if file.is_file())
    claimed = guarded(path, count)
    if claimed > 4 * held + 2**16:  # what is stored as float16 may be float64
        raise damaged(path, f"a network of {claimed:,} bytes beside weights of {held:,}")
    return guarded(path, make)


def check_archive(path: Path, most: int = MOST_ARRAYS) -> None:
    """Raise a Mistake unless a zip that another library will read is whole, and no bomb."""

    def read() -> None:
        _check_plain(path, most)
        with zipfile.ZipFile(path) as file:
            claimed = sum(info.file_size for info in file.infolist())
            if claimed > most:
                raise damaged(path, f"content of {claimed:,} bytes, more than {most:,}")
            if broken := file.testzip():
                raise damaged(path, f"other bytes in {broken} than were written")

    guarded(path, read)


def _check_plain(path: Path, most: int) -> None:
    held = path.stat()
    if not stat.S_ISREG(held.st_mode):
        raise checks.Mistake(f"a plain file {path}", "a pipe, folder or device", "remove it")
    if held.st_size > most:
        raise damaged(path, f"{held.st_size:,} bytes, more than {most:,}")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
