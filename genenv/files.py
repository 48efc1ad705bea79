"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from safetensors import SafetensorError

from genenv import checks

ASIDE = ".part-"  # before the name of what is being written


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file under a temporary name, then rename it; on an error nothing is left.

    Parameters
    ----------
    path
        The file; its folder is made if missing.
    write
        Called with the open file.
    """

    def fill(aside: Path) -> None:
        with open(aside, "xb") as file:  # never through a link that somebody planted
            write(file)

    placed(path, fill)


def folder(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a folder under a temporary name, then rename it: all of it or nothing."""

    def fill(aside: Path) -> None:
        aside.mkdir()
        write(aside)

    placed(path, fill)


def placed(path: Path, make: Callable[[Path], object]) -> None:
    """Let `make` write a file or a folder under the name it is given, then rename that to `path`.

    The bytes are on the disk before the new name is. What stood there before stays until then.

    Raises
    ------
    OSError
        As of the disk, also where safetensors made it an error of its own.
    """
    aside = path.with_name(f"{ASIDE}{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove(aside)
    try:
        make(aside)
        _sync(aside)
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(aside, path)
    except SafetensorError as error:  # what it makes of a full disk
        raise OSError(errno.EIO, str(error), str(path)) from error
    finally:
        _remove(aside)  # gives the room back


def write_json(path: Path, plain: Any) -> None:
    """Write JSON, whole or not at all."""
    text = json.dumps(plain, indent=2) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def refuse_links(folder: Path) -> None:
    """Raise a Mistake where a folder inside is a link: what is written there would lie elsewhere.

    A file that is one is no danger: `placed` writes in its place.
    """
    for above, folders, _ in os.walk(folder):
        for name in folders:
            if (linked := Path(above, name)).is_symlink():
                raise checks.Mistake(
                    f"folders in {folder} to write to", f"the link {linked}",
                    "put what it leads to in its place, or remove it",
                )  # fmt: skip


def sha256(path: Path) -> str:
    """Return the digest of a file's bytes.

    Raises
    ------
    Mistake
        It is a pipe, which would be waited for, or a device, which need not end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise checks.Mistake(f"a plain file {path}", "a pipe, folder or device", "remove it")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shards(folder: Path) -> list[Path]:
    """List the .npz files in a folder, in order; none that a process was writing when it ended."""
    return sorted(path for path in folder.glob("*.npz") if not path.name.startswith(ASIDE))


def inside(path: Path) -> list[Path]:
    """List the files that a path stands for: itself, or all in a folder, in order."""
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _sync(path: Path) -> None:
    for each in inside(path):
        with open(each, "rb") as file:
            os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
