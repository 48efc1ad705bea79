"""Runs below TensorBoard's folders; nothing outside of a run is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from genenv import checks

DEPTH = 4  # folders below one that TensorBoard was started with
KINDS = {"findings": "stress", "cells": "react"}  # a folder of a run -> which command left it

Runs = dict[str, tuple[Path, str]]


def roots(logdir: str, spec: str = "") -> dict[str, Path]:
    """Read what TensorBoard was started with.

    Parameters
    ----------
    logdir
        Of --logdir; empty where it was not given.
    spec
        Of --logdir_spec: NAME:FOLDER or FOLDER, separated by commas; used without `logdir`.

    Returns
    -------
    What the names of runs begin with -> folder. Without either there is none.
    """
    if logdir:
        return {"": Path(logdir)}
    found = {}
    for part in (spec or "").split(","):
        name, colon, folder = part.partition(":")
        if not part or folder.startswith("//"):  # an address, such as gs://
            continue
        is_named = bool(colon) and not part.startswith("/")
        path = Path(folder if is_named else part).expanduser()
        found[name if is_named else path.name] = path
    return found


def runs(roots: Mapping[str, Path]) -> Runs:
    """Find the runs of `stress` and `react` that hold a generator.

    Returns
    -------
    Name (the path below a root, "." for itself) -> its folder, links followed, and its kind, stress
    or react. Runs whose parts lie elsewhere, behind links, are left out.
    """
    found: Runs = {}
    for start, root in roots.items():
        for folder, kind in _below(root.resolve()):
            place = folder.relative_to(root.resolve()).as_posix()
            parts = [part for part in (start, place) if part not in ("", ".")]
            found["/".join(parts) or "."] = folder, kind
    return dict(sorted(found.items()))


def _below(root: Path) -> list[tuple[Path, str]]:
    found = []
    for place, below, _ in os.walk(root):
        folder = Path(place)
        if len(folder.relative_to(root).parts) >= DEPTH:
            below.clear()
        for mark, kind in KINDS.items():
            parts = folder / mark, folder / "generator" / "spec.json"
            if mark in below and all(p.exists() and is_inside(p, folder) for p in parts):
                found.append((folder, kind))
    return found


def views(folder: Path, kind: str) -> list[str]:
    """Name what the tab can show of a run, first what it opens on."""
    if kind == "stress":
        return ["flips"]
    has_chains = (folder / "generations").is_dir()
    has_answers = any((folder / "cells").glob("answers-*.npz"))
    chains = ["generations"] if has_chains else []
    return ["noise", *chains] if has_answers or not has_chains else chains


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path lies, links followed, below a folder."""
    return path.resolve().is_relative_to(folder.resolve())


def own(path: Path, run: Path) -> Path:
    """Return the path of a file of a run, links followed, before it is opened.

    Raises
    ------
    Mistake
        It lies outside of the run's folder.
    """
    if not is_inside(path, run):
        raise checks.Mistake(
            f"{path.relative_to(run)} inside of {run.name}", "a link out of it", "copy the file"
        )
    return path.resolve()


def named(roots: Mapping[str, Path], name: str) -> tuple[Path, str]:
    """Return the folder and kind of a run.

    Raises
    ------
    Mistake
        No run of that name was found.
    """
    found = runs(roots)
    return found[checks.choice("run", name, found)]
