"""A run is a folder: how one begins, what stands in config.json, and files that are whole."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks
from genenv.data import Dataset
from genenv.downstream import Downstream
from genenv.failures import OUTPUT_TOLERANCE, ask
from genenv.networks import Generator

PACKAGES = ("genenv", "torch", "numpy", "gymnasium", "stable-baselines3", "scikit-learn", "ribs")
CHECK_ROWS = 64  # fixed rows whose outputs tell one model from another
FREE = {"device", "threads"}  # settings that may change on resume


def next_folder(name: str) -> Path:
    """Return runs/NAME-000, or the next free number."""
    taken = [int(p.name[-3:]) for p in Path("runs").glob(f"{name}-[0-9][0-9][0-9]")]
    return Path("runs") / f"{name}-{max(taken, default=-1) + 1:03d}"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide figures."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def settings(config: Any) -> dict[str, Any]:
    """Return a frozen dataclass as plain values, as JSON reads them back."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return plain


def describe(dataset: Dataset) -> dict[str, Any]:
    """Name a data set and fingerprint its content."""
    digest = hashlib.sha256(np.ascontiguousarray(dataset.x).tobytes())
    if dataset.label is not None:
        digest.update(dataset.label.tobytes())
    return {
        "name": dataset.name,
        "rows": len(dataset),
        "shape": list(dataset.units.shape),
        "dtype": dataset.units.dtype,
        "classes": list(dataset.classes),
        "sha256": digest.hexdigest(),
    }


def begin(folder: Path, command: str, content: dict[str, Any], resume: bool) -> None:
    """Make a run's folder and write config.json, or check that the one there is this run.

    Raises
    ------
    Mistake
        The folder holds another run or other files; on resume, other settings or none.
    """
    path = folder / "config.json"
    plain = {"command": command} | json.loads(json.dumps(content))
    if folder.exists() and not folder.is_dir():
        raise checks.Mistake("a folder for the run", f"the file {folder}", "choose another --out")
    if path.is_file():
        if not resume:
            raise checks.Mistake(
                f"an empty folder {folder}", "one that holds a run",
                "add --resume to go on with it, or choose another --out",
            )  # fmt: skip
        _same(_read(path), plain, folder)
        return
    if resume:
        raise checks.Mistake(
            f"a run to resume in {folder}", "no config.json", "check --out or leave out --resume"
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise checks.Mistake(
            f"an empty folder {folder}", "one that holds other files", "choose another --out"
        )
    folder.mkdir(parents=True, exist_ok=True)
    machine = {
        "versions": versions(),
        "machine": platform.machine(),
        "torch_threads": torch.get_num_threads(),
    }
    write_json(path, plain | machine)


def _read(path: Path) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise checks.Mistake(f"{path} to be JSON", str(error), "repeat the run") from error
    return plain


def _same(old: dict[str, Any], new: dict[str, Any], folder: Path, where: str = "") -> None:
    for name, value in new.items():
        if name in FREE:
            continue
        if isinstance(value, dict):
            _same(old.get(name, {}), value, folder, f"{where}{name}.")
        elif old.get(name) != value:
            raise checks.Mistake(
                f"the settings of the run in {folder}",
                f"{where}{name} = {_short(value)} where it has {_short(old.get(name))}",
                "repeat the first command with --resume, or choose another --out",
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def write_json(path: Path, plain: Any) -> None:
    """Write JSON under a temporary name, then rename."""
    partial = path.with_suffix(".json.tmp")
    partial.write_text(json.dumps(plain, indent=2) + "\n")
    os.replace(partial, path)


def whole(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder under a temporary name, then rename it: all of it or nothing."""
    partial = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    write(partial)
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(partial, folder)


def record_outputs(folder: Path, model: Downstream, x: NDArray[Any]) -> None:
    """Write what the model says of the first 64 rows, for `compare_outputs`."""
    rows = x[:CHECK_ROWS]
    before = model.queries
    np.savez(folder / "outputs.npz", x=rows, log_p=ask(model, rows).numpy())
    model.queries = before


def compare_outputs(folder: Path, model: Downstream) -> tuple[str, ...]:
    """Say so if the model answers the fixed rows otherwise than it did."""
    with np.load(folder / "outputs.npz", allow_pickle=False) as file:
        x, log_p = file["x"], file["log_p"]
    drift = float(np.abs(np.exp(ask(model, x).numpy()) - np.exp(log_p)).max())
    if drift <= OUTPUT_TOLERANCE:
        return ()
    return (f"the model is not the recorded one: outputs on fixed rows differ by {drift:.3g}",)


def write_pictures(path: Path, generator: Generator) -> None:
    """Write a grid of samples, a row a class; nothing for data that are not pictures."""
    from PIL import Image

    from genenv.tracking import grid, picture

    columns, kinds = 10, max(1, len(generator.classes))
    label = np.repeat(np.arange(kinds), columns) if generator.conditional else None
    x, _ = generator.sample(kinds * columns, seed=0, label=label)
    images = picture(x, generator.units)
    if images is not None:
        Image.fromarray(grid(images, columns).squeeze()).save(path)
