"""Parts that outlive their run: a folder a key, in the user's cache, written without pickle."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genenv import checks, lock
from genenv.parts import Shelf

VARIABLE = "GENENV_CACHE"  # the folder, in place of the system's
DECIDE = ("genenv", "torch", "numpy", "scikit-learn")  # packages whose versions a key holds


def folder() -> Path:
    """Return the cache's folder: that of GENENV_CACHE, or the user's own."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(VARIABLE) or user_cache_dir("genenv", appauthor=False))


def key(**plain: Any) -> str:
    """Return the key of what these values decide, on this machine kind and these versions.

    Parameters
    ----------
    plain
        What JSON can hold: settings, digests of data, seeds, thread count.
    """
    versions = {name: version(name) for name in DECIDE}
    everything = plain | {"versions": versions, "machine": platform.machine()}
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def take(key: str, path: str, run: Shelf) -> bool:
    """Copy a part from the cache into a run; whether there was one, as it was written.

    Parameters
    ----------
    key, path
        Of the part.
    run
        Takes it.
    """
    entry = Shelf(folder() / key)
    try:
        whole = entry.recorded(path) and entry.holds(path) and not entry.cut_off(path)
        if whole:
            entry.check(path)
    except checks.Mistake:  # a cache may lose what it holds: it is made again
        return False
    if whole:
        run.put(path, lambda place: _copy(entry.folder / path, place))
    return whole


def keep(key: str, path: str, run: Shelf) -> None:
    """Copy a part of a run into the cache, unless another process is writing it.

    Raises
    ------
    OSError
        The cache cannot be written.
    """
    place = folder() / key
    try:
        with lock.held(place):
            Shelf(place).put(path, lambda aside: _copy(run.folder / path, aside))
    except checks.Mistake:  # the other process writes the same
        return


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
