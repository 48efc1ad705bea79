"""A run is a folder: how one begins, what stands in config.json, and files that are whole."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, files, lock, naming, reading, run_file, run_rows
from genenv.data import Dataset, Split
from genenv.generators import Generator
from genenv.run_rows import Parts
from genenv.training.config import FREE_ON_RESUME
from genenv.wording import shortened

PACKAGES = ("genenv", "torch", "numpy", "gymnasium", "stable-baselines3", "scikit-learn", "cmaes")

LONGEST = 60  # letters of a value in a refusal


PLACE = Path("runs")  # of runs that are given no folder


def next_folder(name: str) -> Path:
    """Return runs/NAME-000, or the next free number."""
    stems = [path.name.rpartition("-") for path in PLACE.glob("*")]
    taken = [int(end) for stem, _, end in stems if stem == name and end.isdecimal()]
    return PLACE / f"{name}-{max(taken, default=-1) + 1:03d}"


def curves(out: Path) -> str:
    """Return the command that shows a run's curves: among its like, where each has its name.

    TensorBoard calls the folder that it is given itself `.`.
    """
    return shlex.join(["tensorboard", "--logdir", str(PLACE if out.parent == PLACE else out)])


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide figures."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def settings(config: Any) -> dict[str, Any]:
    """Return a frozen dataclass as plain values, as JSON reads them back; see `naming.spelled`."""
    plain: dict[str, Any] = json.loads(json.dumps(vars(config), default=naming.spelled))
    return plain


def describe(dataset: Dataset) -> dict[str, Any]:
    """Name a data set and fingerprint its content."""
    digest = hashlib.sha256(np.ascontiguousarray(dataset.x).data)
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


def rows_of(split: Split) -> dict[str, Any]:
    """Return a split as plain values, see `run_rows.spelled`."""
    own = vars(split).items()
    return {k: run_rows.spelled(v) if isinstance(v, np.ndarray) else v for k, v in own}


def parts_of(split: Split) -> Parts:
    """Return the rows of each part of a split."""
    return {name: rows for name, rows in vars(split).items() if isinstance(rows, np.ndarray)}


def begin(
    folder: Path,
    command: str,
    content: dict[str, Any],
    resume: bool | None,
    repeat: str = "",
    resolved: dict[str, Any] | None = None,
    rows: Parts = MappingProxyType({}),
) -> tuple[str, ...]:
    """Make a run's folder and write config.json, or check that the one there is this run.

    Parameters
    ----------
    folder, command
        The run's folder; `fit`, `stress` or `train`.
    content
        Settings that make the run what it is.
    resume
        Whether a run may be there already; None: the command cannot go on with one.
    repeat
        The command line that repeats the run, which run.toml holds too; "": a call from Python.
    resolved
        What settings left to a rule came to, which another machine may decide otherwise.
    rows
        Row numbers that config.json has shortened, by the name of their part.

    Returns
    -------
    On resume, a sentence on what may keep the rest from being bit for bit the same, if anything.

    Raises
    ------
    Mistake
        The folder holds another run or other files; on resume, other settings or none.
    """
    check(folder, command, content, resume)
    path = folder / "config.json"
    if path.is_file():
        run_rows.write(folder, rows)
        return _moved(_read(path))
    folder.mkdir(parents=True, exist_ok=True)
    plain = _plain(command, content)
    beside = {} if resolved is None else {"resolved": resolved}
    if repeat:
        run_file.write(folder, repeat)
    files.write_json(path, plain | beside | {"repeat": repeat} | _machine())
    run_rows.write(folder, rows)
    return ()


def check(folder: Path, command: str, content: dict[str, Any], resume: bool | None) -> None:
    """Raise the mistakes that `begin` would, and write nothing."""
    path = folder / "config.json"
    if folder.exists() and not folder.is_dir():
        raise checks.Mistake("a folder for the run", f"the file {folder}", "choose another --out")
    if path.is_file():
        if not resume:
            again = "" if resume is None else "add --resume to go on with it, or "
            raise checks.Mistake(
                f"an empty folder {folder}", "one that holds a run", f"{again}choose another --out"
            )
        old = _read(path)
        try:
            _same(old, _plain(command, content), folder)
        except checks.Mistake:
            _check_version(old, folder)
            raise
        return
    if resume:
        raise checks.Mistake(
            f"a run to resume in {folder}", "no config.json", "check --out or leave out --resume"
        )
    if folder.is_dir() and any(each.name not in lock.NAMES for each in folder.iterdir()):
        raise checks.Mistake(
            f"an empty folder {folder}", "one that holds other files", "choose another --out"
        )


def _check_version(old: dict[str, Any], folder: Path) -> None:
    """Raise the Mistake of other settings that are another version's."""
    written = old.get("versions")
    now, wrote = versions()["genenv"], written.get("genenv") if isinstance(written, dict) else None
    if wrote != now:
        raise checks.Mistake(
            f"a run of genenv {now} to resume in {folder}",
            f"other settings, of genenv {wrote}",
            "go on with that version, repeating the first command, or choose another --out",
        )


def _plain(command: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return settings as config.json reads them back."""
    plain: dict[str, Any] = json.loads(json.dumps(content))
    return plain | {"command": command}


def _machine() -> dict[str, Any]:
    return {
        "versions": versions(),
        "machine": platform.machine(),
        "torch_threads": torch.get_num_threads(),
    }


def _moved(old: dict[str, Any]) -> tuple[str, ...]:
    """Say so where a run goes on under other versions, threads or another kind of machine."""
    before, now = ({**m.pop("versions", {}), **m} for m in (dict(old), _machine()))
    changed = [name for name in now if before.get(name) != now[name]]
    if not changed:
        return ()
    words = ", ".join(f"{name} {before.get(name)} > {now[name]}" for name in changed)
    return (f"This run goes on under other conditions, so figures may differ: {words}.",)


def _read(path: Path) -> dict[str, Any]:
    return reading.plain(path)


def _same(old: dict[str, Any], new: dict[str, Any], folder: Path, where: str = "") -> None:
    for name, value in new.items():
        if name in FREE_ON_RESUME or name == "query_timeout":
            continue
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            _same(before, value, folder, f"{where}{name}.")
        elif before != value:
            now, then = (shortened(str(setting), LONGEST) for setting in (value, before))
            raise checks.Mistake(
                f"the settings of the run in {folder}",
                f"{where}{name} = {now} where it has {then}",
                "repeat the first command with --resume, or choose another --out",
            )


def fingerprint(generator: Generator) -> str:
    """Return what tells a generator from another, see `generators.Generator.digest`."""
    return generator.digest()


def trained_on(folder: Path, dataset: Dataset) -> NDArray[np.int64] | None:
    """Return the rows of `dataset` that the generator of a run was trained on.

    Parameters
    ----------
    folder
        What `fit` or `stress` left.
    dataset
        Data that may be those of that run.

    Returns
    -------
    Row numbers; None where the run does not tell, or learned other data.
    """
    path = folder / "config.json"
    plain = _read(path) if path.is_file() else {}
    if plain.get("data") != describe(dataset) or plain.get("generator", "fitted") != "fitted":
        return None
    if run_rows.said(path, plain, "train") is None:
        return np.arange(len(dataset))
    return recorded_rows(folder, "train")


def recorded_rows(folder: Path, part: str) -> NDArray[np.int64] | None:
    """Return the rows that a run took for a part; None where its folder does not hold them."""
    path = folder / "config.json"
    return run_rows.read(folder, part, run_rows.said(path, _read(path), part))


def seen_by_generator(run: Path | None, dataset: Dataset, split: Split) -> str:
    """Say which rows of the judge a given generator was trained on; "" for none.

    Parameters
    ----------
    run
        That the generator was loaded from; None: it came as an object.
    dataset, split
        Whose rows both share.
    """
    seen = None if run is None else trained_on(run, dataset)
    if seen is None:
        return "The generator was trained elsewhere and may have seen rows of the judge."
    rows = np.concatenate([split.guide, split.audit, split.calibration, split.test])
    both = int(np.isin(rows, seen).sum())
    said = f"The generator was trained on {both:,} of the {len(rows):,} rows of the judge."
    return f"{said} Held-out data would keep them apart." if both else ""


def shared_rows(
    split: Split, given_model: bool, given_generator: bool, run: Path | None, dataset: Dataset
) -> list[str]:
    """Say which rows the judge may share with what a user gave; see `seen_by_generator`."""
    said = []
    if split.shares_rows and given_model:
        said.append(
            "No held-out data were given: the judge's oracles were trained on rows that the "
            "model may have been trained on."
        )
    if split.shares_rows and given_generator:
        said.append(seen_by_generator(run, dataset, split))
    return [sentence for sentence in said if sentence]


def recorded_settings(folder: Path) -> dict[str, Any]:
    """Return what a run's config.json holds.

    Raises
    ------
    Mistake
        There is none, or it is no run of `stress`.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise checks.Mistake(f"the file {path}", "none", "give a folder that `stress` left")
    plain = _read(path)
    if not isinstance(plain.get("stress"), dict):
        raise checks.Mistake("a run of `stress`", f"{folder}", "give a folder that `stress` left")
    return plain


def data_name(folder: Path) -> str | None:
    """Return the name of the data that a run learned, None where it tells none."""
    path = folder / "config.json"
    recorded = (_read(path) if path.is_file() else {}).get("data")
    name = recorded.get("name") if isinstance(recorded, dict) else None
    return name if isinstance(name, str) else None
