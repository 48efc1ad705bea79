"""A run's scalars, read back from its event files."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading

if TYPE_CHECKING:
    import pandas as pd

EVENTS = "events.out.tfevents*"
FRAMING = 16  # bytes around a record: its length, and two checksums

Scalars = dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]


def read(run: Path | str) -> Scalars:
    """Read every scalar that a run wrote, its sub-runs among them.

    A study of `react` writes a run a learner, and one a learner and noise: what stands in
    RUN/overview/mlp as `agreement/sample-blur` is `overview/mlp/agreement/sample-blur` of RUN.

    Parameters
    ----------
    run
        Folder with `events.out.tfevents*` files in or below it; several in one folder (after a
        resume) are joined, and what a resumed run wrote again stands for what it wrote before.

    Returns
    -------
    For each tag the steps (n,) and the values (n,), in the order of writing; the tags of a folder
    below are behind its path.

    Warns
    -----
    UserWarning
        A file ends in the middle, for its process was killed or still writes: what comes before is
        returned.

    Raises
    ------
    Mistake
        There is no such folder, no event file in or below it, or two curves of one name.
    """
    found: Scalars = {}
    for name, curves in read_all(run).items():
        for tag, curve in curves.items():
            whole = tag if name == "." else f"{name}/{tag}"
            if whole in found:
                raise checks.Mistake(
                    f"one curve {whole} in {run}", "that of a sub-run too", "take read_all"
                )
            found[whole] = curve
    return found


def _own(folder: Path) -> Scalars:
    """Read what a folder's own event files hold."""
    from tensorboard.backend.event_processing import event_accumulator as events

    _warn_of_cuts(folder)
    log = events.EventAccumulator(str(folder), {events.SCALARS: 0})  # 0: every point
    with _quiet("tensorboard"):  # which tells of each step that a resumed run wrote again
        log.Reload()
    return {tag: _curve(log.Scalars(tag)) for tag in log.Tags()[events.SCALARS]}


def _curve(points: Iterable[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Join the points of a tag; of those of one step the last one stands.

    A run that is resumed at its end writes its last figures again, and is not said to have.
    """
    last = {point.step: point.value for point in points}
    return np.array([*last], np.int64), np.array([*last.values()], np.float64)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Let a logger tell of errors alone."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def read_all(run: Path | str) -> dict[str, Scalars]:
    """Read every scalar of a folder and of the runs below it.

    Parameters
    ----------
    run
        A run, or a folder of runs.

    Returns
    -------
    For each run, by its path below `run` ("." for itself), its own tags as `read` gives them.

    Raises
    ------
    Mistake
        There is no such folder, or no event file in or below it; or what is named as one is a pipe,
        a folder or a device.
    """
    folder = _existing(run)
    runs = sorted({path.parent for path in folder.rglob(EVENTS)})
    if not runs:
        raise checks.Mistake(
            "a folder with TensorBoard's event files in or below it", str(folder),
            "give the folder of a run, or of runs",
        )  # fmt: skip
    return {path.relative_to(folder).as_posix(): _own(path) for path in runs}


def frame(run: Path | str) -> pd.DataFrame:
    """Read every scalar of a folder and of the runs below it as one table.

    Needs pandas, which the extra `table` brings.

    Returns
    -------
    A row a point, in the order of writing, with the columns run, tag, step and value.

    Raises
    ------
    Mistake
        pandas is not installed, or there is nothing to read.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise checks.Mistake(
            "pandas for a table of scalars", "none installed", "pip install 'genenv[table]'"
        ) from error
    parts = [
        pd.DataFrame({"run": name, "tag": tag, "step": steps, "value": values})
        for name, curves in read_all(run).items()
        for tag, (steps, values) in curves.items()
    ]
    empty = pd.DataFrame({"run": [], "tag": [], "step": [], "value": []})
    return pd.concat(parts, ignore_index=True) if parts else empty


def _existing(run: Path | str) -> Path:
    folder = Path(run)
    if not folder.is_dir():
        raise checks.Mistake("the folder of a run", f"no folder {folder}", "check the path")
    return folder


def _warn_of_cuts(folder: Path) -> None:
    """Warn of each event file that does not end with a whole record, where reading ends."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    for path in sorted(folder.glob(EVENTS)):
        reading.guarded(path, partial(reading.check_file, path))
        there = path.stat().st_size
        done = sum(len(record) + FRAMING for record in RawEventFileLoader(str(path)).Load())
        if done < there:
            warnings.warn(
                f"{path} is cut off or damaged at byte {done:,} of {there:,}; "
                "what comes before was read",
                stacklevel=5,
            )
