"""Bytes and JSON that others may have touched."""

from __future__ import annotations

import json
import math
import stat
import zipfile
from collections.abc import Callable
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from genenv import checks

MOST_JSON = 256 * 2**20  # bytes of a JSON file
MOST_ARRAYS = 8 * 2**30  # bytes that the arrays of a file may come to
AGAIN = "make it again, or copy it again from where it was whole"

T = TypeVar("T")
S = TypeVar("S")


class Damaged(checks.Mistake):
    """A file is not as it was written."""


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
        check_file(path, most)
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


def value(path: Path, kind: type[S], *place: str) -> S:
    """Read one value of JSON, by the names that lead to it, which has to be of a kind."""
    whole = plain(path)
    return guarded(path, lambda: msgspec.convert(reduce(getitem, place, whole), kind))


def check_archive(path: Path, most: int = MOST_ARRAYS) -> None:
    """Raise a Mistake unless a zip that another library will read is whole, and no bomb."""

    def read() -> None:
        check_file(path, most)
        with zipfile.ZipFile(path) as file:
            claimed = sum(info.file_size for info in file.infolist())
            if claimed > most:
                raise damaged(path, f"content of {claimed:,} bytes, more than {most:,}")
            if broken := file.testzip():
                raise damaged(path, f"other bytes in {broken} than were written")

    guarded(path, read)


def check_file(path: Path, most: float = math.inf) -> None:
    """Raise a Mistake unless a path is a plain file of at most so many bytes."""
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
