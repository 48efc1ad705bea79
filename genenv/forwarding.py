"""A run that may be passed on: all of it that holds no row of the user's data."""

from __future__ import annotations

import shutil
from pathlib import Path

from genenv import checks, files, lock, reading
from genenv.parts import SUMS, Shelf
from genenv.report.document import document

KEPT = (  # of a run of stress; what is not named stays behind
    *("config.json", "run.toml", "report.json", "metrics.json", "timings.json", "rates.json"),
    *("generator", "model", "judge", "agents", "findings", "failures", "errors", "unrepeated"),
)
NUMBERS = frozenset((".json", ".npz", ".safetensors", ".zip", ".toml"))  # no page, no picture
REAL = "model/outputs.npz"  # 64 real rows with the model's answers


def forward(run: Path, to: Path) -> tuple[int, tuple[str, ...]]:
    """Copy what holds no real row.

    Parameters
    ----------
    run
        A finished run of `stress`.
    to
        A folder that is not there.

    Returns
    -------
    Bytes that were copied, and what stayed behind: names of files and folders.

    Raises
    ------
    Mistake
        No finished run, one of an older version, or there is something at `to`.
    """
    if not (run / "report.json").is_file():
        raise checks.Mistake("a finished run of stress", run, "give a folder that stress left")
    content = reading.plain(run / "report.json")
    if kind := content.get("kind"):
        raise checks.Mistake(
            "a run of a classifier", f"one of a {kind}", "copy what may be passed on"
        )
    document(content)  # version 0.1.0 kept rows of the data in judge/
    if to.exists():
        raise checks.Mistake(f"nothing at {to}", "a file or folder", "name another folder")
    found = {str(path.relative_to(run)): path for path in files.inside(run)}
    taken = {name: path for name, path in found.items() if _goes(name, path)}

    def fill(aside: Path) -> None:
        for name, path in taken.items():
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, aside / name)
        shelf = Shelf(aside)
        for part in _parts(run):
            if shelf.holds(part):
                shelf.record(part)

    files.folder(to, fill)
    left = {name if name == REAL else name.split("/")[0] for name in found if name not in taken}
    size = sum(path.stat().st_size for path in taken.values())
    return size, tuple(sorted(left - {SUMS, *lock.NAMES}))


def _goes(name: str, path: Path) -> bool:
    """Whether a file is passed on; what a link leads to is none of the run's."""
    named = name.split("/")[0] in KEPT and name != REAL
    return named and path.suffix in NUMBERS and not path.is_symlink()


def _parts(run: Path) -> tuple[str, ...]:
    """Name the parts whose digests a run keeps."""
    return tuple(reading.plain(run / SUMS)) if (run / SUMS).is_file() else ()
