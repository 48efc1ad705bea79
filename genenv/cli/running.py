"""What the commands that leave a run do alike: read data, choose a folder, tell what stays."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from genenv import checks

if TYPE_CHECKING:
    from genenv.data import Dataset
    from genenv.stages import Stages


@contextmanager
def kept(out: Path, stages: Stages, line: str) -> Iterator[None]:
    """Close the display, and note in an error what stays on disk and how to go on."""
    try:
        yield
    except (checks.Mistake, OSError, KeyboardInterrupt) as error:
        from genenv import runs

        if stages.seconds:  # it had begun
            again = line if "--out" in line else f"{line} --out {shlex.quote(str(out))}"
            held = runs.finished(out) or "nothing finished yet"
            error.add_note(f"{out} holds {held}; go on with: {again} --resume")
        raise
    finally:
        stages.close()


def load_data(source: str, size: int | None, channels: int | None) -> Dataset:
    """Load data by name or path, see `data.load`; NumPy is imported at the first call."""
    from genenv import data

    return data.load(source, size, channels)


def chosen_folder(out: Path | None, resume: bool) -> Path | None:
    """Return --out; a run to go on with must be named."""
    if resume and out is None:
        raise checks.Mistake("--out with --resume", "none", "name the folder to go on with")
    return out
