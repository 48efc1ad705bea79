"""Folders of idx files, the format of MNIST (http://yann.lecun.com/exdb/mnist), .gz or not."""

from __future__ import annotations

import gzip
import math
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading
from genenv.data.arrays import from_arrays
from genenv.data.dataset import Dataset

_NAME = re.compile(r"(emnist-\w+-)?(train|t10k|test)-(images|labels)[-.]idx\d-\w+(\.gz)?")
ON_THEIR_SIDE = "EMNIST stores its images with height and width swapped: they are left so"
MOST = 2**36  # bytes of a file, unzipped
_DTYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx_folder(folder: Path) -> bool:
    """Whether a folder holds files with MNIST's names."""
    return any(_NAME.fullmatch(path.name) for path in folder.iterdir())


def idx_folder(folder: Path) -> Dataset:
    """Load `train-*` as the data and, where present, `t10k-*` or `test-*` as held-out rows.

    Returns
    -------
    Samples as stored, MNIST's as uint8 (n, 28, 28).

    Raises
    ------
    Mistake
        When a file is missing, is truncated or no idx file, or counts differ.
    """
    paths: dict[tuple[str, str], Path] = {}
    sets: set[str | None] = set()  # EMNIST's names begin with that of a set
    for path in sorted(folder.iterdir(), reverse=True):  # a plain file wins over its .gz
        if match := _NAME.fullmatch(path.name):
            sets.add(match[1])
            paths[match[2], match[3]] = path
    if len(sets) > 1:
        names = ", ".join(sorted(f"{name}*" for name in sets if name))
        raise checks.Mistake(
            "one set of idx files in a folder", f"{names} in {folder}", "move one set into its own"
        )
    data = _pair(paths, "train", folder)
    if sets != {None}:
        data = replace(data, notes=(ON_THEIR_SIDE, *data.notes))
    for part in ("t10k", "test"):
        if (part, "images") in paths or (part, "labels") in paths:
            return replace(data, held_out=_pair(paths, part, folder))
    return data


def _pair(paths: dict[tuple[str, str], Path], part: str, folder: Path) -> Dataset:
    for kind in ("images", "labels"):
        if (part, kind) not in paths:
            digit = 3 if kind == "images" else 1
            raise checks.Mistake(
                f"a file {part}-{kind}-idx{digit}-ubyte, .gz or not, in {folder}",
                "none",
                "add it, or check the folder",
            )
    x, y = read_idx(paths[part, "images"]), read_idx(paths[part, "labels"])
    if len(x) != len(y):
        raise checks.Mistake(
            f"as many labels as images in {folder}",
            f"{len(x)} {part} images and {len(y)} labels",
            "give the files that belong together",
        )
    return from_arrays(x, y, folder.resolve().name)


def read_idx(path: Path) -> NDArray[Any]:
    """Read one idx file, gzipped or not, whatever its name says: browsers unpack what they fetch.

    Raises
    ------
    Mistake
        When the first bytes are not idx's, or the length is not what they announce.
    """
    try:
        content = _unzipped(path)
    except (OSError, EOFError, zlib.error) as error:
        raise checks.Mistake(
            "a whole file", f"{path}, which cannot be read ({error})", "fetch it again"
        ) from error
    head = bytes(content[:4])
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _DTYPES:
        raise checks.Mistake(
            "an idx file, which starts with two zeros and a known type",
            f"{path} that starts with {head.hex(' ') or 'nothing'}",
            "check which file this is",
        )
    dtype = np.dtype(_DTYPES[head[2]])
    body = 4 + 4 * head[3]
    sides = bytes(content[4:body]).ljust(4 * head[3], b"\xff")
    shape = [int(n) for n in np.frombuffer(sides, ">u4")]
    if len(content) != (announced := body + int(np.prod(shape, dtype=object)) * dtype.itemsize):
        raise checks.Mistake(
            f"{announced:,} bytes in {path}", f"{len(content):,}", "fetch it again, it is not whole"
        )
    return np.frombuffer(content, dtype, offset=body).reshape(shape)


def _unzipped(path: Path) -> bytes | NDArray[np.uint8]:
    """Gunzip a file that is gzipped; map any other into memory, where it may be larger than that.

    Not more is read than the head of an idx file announces, and a byte to tell that there is more.
    """
    reading.check_file(path)
    with path.open("rb") as file:
        head = file.read(2)
    if head == b"\0\0" or (path.suffix != ".gz" and head != b"\x1f\x8b"):
        if not path.stat().st_size:
            return head
        return np.memmap(path, np.uint8, "c")  # nothing that is written there reaches the file
    with gzip.open(path) as file:
        head = file.read(4)
        if len(head) < 4 or head[2] not in _DTYPES:
            return head
        sides = file.read(4 * head[3])
        count = math.prod(int(n) for n in np.frombuffer(sides[: len(sides) // 4 * 4], ">u4"))
        size = count * np.dtype(_DTYPES[head[2]]).itemsize
        if size > MOST:
            raise checks.Mistake(f"at most {MOST:,} bytes in {path}", f"{size:,}", "split it")
        return head + sides + file.read(size + 1)
