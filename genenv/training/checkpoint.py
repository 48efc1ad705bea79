"""Checkpoints that are whole or absent: tensors and JSON, written aside, then renamed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save as to_bytes
from torch import Tensor

from genenv import checks, files, reading

PREFIX = "step-"
STATE, TENSORS = "state.json", "tensors.safetensors"
SUMS = "sha256.json"  # of both
BEST = "best-"  # a checkpoint of the best generator so far, beside those to resume from


def write(
    folder: Path | str,
    step: int,
    tensors: dict[str, Tensor],
    state: dict[str, Any],
    prefix: str = PREFIX,
) -> Path:
    """Write a checkpoint as `folder/step-NNNNNNN`.

    Parameters
    ----------
    folder
        Holds the checkpoints of one run; made if missing.
    step
        Finished steps.
    tensors
        Written on the CPU as safetensors.
    state
        What JSON can hold.
    prefix
        PREFIX or BEST.

    Raises
    ------
    Mistake
        The disk is full or not writable; what stood there before is untouched.
    """
    folder = Path(folder)
    final = folder / f"{prefix}{step:07d}"
    packed = to_bytes({k: v.detach().cpu().contiguous() for k, v in tensors.items()})
    plain = json.dumps(state | {"step": step, "tensor_bytes": len(packed)}, indent=2)

    def fill(aside: Path) -> None:
        (aside / TENSORS).write_bytes(packed)
        (aside / STATE).write_text(plain)
        files.write_json(aside / SUMS, {n: files.sha256(aside / n) for n in (STATE, TENSORS)})

    try:
        files.folder(final, fill)
    except OSError as error:
        raise checks.Mistake(
            f"{len(packed) / 1e6:.1f} MB to write in {folder}",
            error.strerror or str(error),
            "make room, then resume from the last whole checkpoint",
        ) from error
    return final


def prune(folder: Path | str, keep: int) -> None:
    """Remove all checkpoints but the newest `keep`, and best ones that none of these names."""
    newest_first = _steps(Path(folder))
    named = {_best_step(path) for path in newest_first[:keep]}
    best = [path for path in _steps(Path(folder), BEST) if _step_of(path, BEST) not in named]
    for old in (*newest_first[keep:], *best):
        shutil.rmtree(old, ignore_errors=True)


def best(folder: Path | str, step: int) -> Path:
    """Name the checkpoint of the best generator, measured at `step`."""
    return Path(folder) / f"{BEST}{step:07d}"


def newest(folder: Path | str) -> Path | None:
    """Find the newest whole checkpoint; what is cut off or altered is passed over."""
    return next((path for path in _steps(Path(folder)) if _whole(path)), None)


def every(folder: Path | str) -> list[Path]:
    """Find all whole checkpoints, the oldest first."""
    return [path for path in reversed(_steps(Path(folder))) if _whole(path)]


def read(path: Path | str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read tensors and state of one checkpoint; executes nothing.

    Raises
    ------
    Mistake
        The checkpoint is not whole.
    """
    path = Path(path)
    if not _whole(path):
        raise checks.Mistake(
            f"a whole checkpoint in {path}", "another", "resume from another one, or train afresh"
        )
    return reading.tensors(path / TENSORS), reading.plain(path / STATE)


def _steps(folder: Path, prefix: str = PREFIX) -> list[Path]:
    """Checkpoints by name, the newest first."""
    named = [p for p in folder.glob(f"{prefix}*") if p.name.removeprefix(prefix).isdigit()]
    return sorted(named, key=lambda path: _step_of(path, prefix), reverse=True)


def _step_of(path: Path, prefix: str) -> int:
    return int(path.name.removeprefix(prefix))


def _best_step(path: Path) -> int | None:
    """Step of the best generator that a checkpoint names; None if it names none."""
    try:
        plain = reading.plain(path / STATE).get("best")
        return None if plain is None else int(plain["step"])
    except (checks.Mistake, ValueError, KeyError, TypeError):
        return None


def _whole(path: Path) -> bool:
    """Whether both files are there, with the bytes that were written."""
    try:
        state = reading.plain(path / STATE)
        tensors = path / TENSORS
        if tensors.stat().st_size != state["tensor_bytes"] or not isinstance(state["step"], int):
            return False
        if not (path / SUMS).exists():  # of version 0.1.0
            return True
        sums = reading.plain(path / SUMS)
        return all(sums.get(name) == files.sha256(path / name) for name in (STATE, TENSORS))
    except (checks.Mistake, OSError, KeyError):
        return False
