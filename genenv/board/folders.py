"""Runs below TensorBoard's folder; nothing outside of it is looked at."""

from __future__ import annotations

import os
from pathlib import Path

from genenv import checks

DEPTH = 4  # folders below the one that TensorBoard was started with
KINDS = {"findings": "stress", "cells": "react"}  # a folder of a run -> which command left it


def runs(logdir: Path) -> dict[str, tuple[Path, str]]:
    """Find the runs of `stress` and `react` that hold a generator.

    Returns
    -------
    Name (the path below `logdir`, "." for itself) -> its folder and its kind, stress or react.
    Folders that links lead out of `logdir` to are left out.
    """
    root = logdir.resolve()
    found: dict[str, tuple[Path, str]] = {}
    for place, below, _ in os.walk(root):
        folder = Path(place)
        if len(folder.relative_to(root).parts) >= DEPTH:
            below.clear()
        for mark, kind in KINDS.items():
            whole = all(inside(folder / part, root) for part in (mark, "generator/spec.json"))
            if mark in below and whole:
                found[folder.relative_to(root).as_posix()] = folder, kind
    return dict(sorted(found.items()))


def inside(path: Path, root: Path) -> bool:
    """Whether a path exists and lies, links followed, below a folder."""
    return path.exists() and path.resolve().is_relative_to(root)


def named(logdir: Path, name: str) -> tuple[Path, str]:
    """Return the folder and kind of a run.

    Raises
    ------
    Mistake
        No run of that name was found below `logdir`.
    """
    found = runs(logdir)
    return found[checks.choice("run", name, found)]
