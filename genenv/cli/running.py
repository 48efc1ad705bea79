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
    from genenv.generators import Generator
    from genenv.stages import Stages


@contextmanager
def kept(out: Path, stages: Stages, line: str) -> Iterator[None]:
    """Close the display, and note in an error what stays on disk and how to go on or begin again.

    Parameters
    ----------
    out
        The run's folder.
    stages
        Of the run.
    line
        The command, without --resume.
    """
    try:
        yield
    except (checks.Mistake, OSError, KeyboardInterrupt) as error:
        from genenv import runs

        flags = error.afresh if isinstance(error, checks.Mistake) else None
        if stages.seconds or flags is not None:  # it had begun
            held = runs.finished(out) or "nothing finished yet"
            error.add_note(f"{out} holds {held}; {_next(line, out, flags)}")
        raise
    finally:
        stages.close()


def _next(line: str, out: Path, flags: tuple[str, ...] | None) -> str:
    """Say how to go on; or, where that would end the same way, how to begin again."""
    if flags is None:
        again = line if "--out" in line else f"{line} --out {shlex.quote(str(out))}"
        return f"go on with: {again} --resume"
    words = shlex.split(line)
    if not flags:
        return "begin again with that change and another --out"
    if words[1] != "fit":
        change = " ".join(flags)
        return f"fit the generator with `genenv fit` and {change}, then give it as --generator"
    changed = ["--out", *flags[::2]]
    stay = [
        word
        for word, before in zip(words, ["", *words], strict=False)
        if word.partition("=")[0] not in changed and before not in changed
    ]
    return f"begin again with: {shlex.join([*stay, *flags, '--out', f'{out}-again'])}"


def load_data(source: str, size: int | None, channels: int | None) -> Dataset:
    """Load data by name or path, see `data.load`; NumPy is imported at the first call."""
    from genenv import data

    return data.load(source, size, channels)


def load_generator(given: str, dataset: Dataset, base_dim: int | None) -> Generator:
    """Load the generator of a run, or import one.

    Parameters
    ----------
    given
        A run's folder, or module:name of a generator or of a decoder (e, label) -> samples.
    dataset
        What a decoder imitates.
    base_dim
        Length of e, of a decoder.

    Raises
    ------
    Mistake
        It is neither, or a decoder came without base_dim.
    """
    from genenv import api, generators, naming

    if ":" not in given or Path(given).is_dir():
        return api.load(given)
    found = naming.find("generator", given, {})
    if base_dim is None and callable(found) and not hasattr(found, "from_base"):
        raise checks.Mistake(
            "the length of e with a decoder", f"{given} without --base-dim", "give --base-dim N"
        )
    if base_dim is None:
        return generators.adopt(found)
    names = None if dataset.label is None else [dataset.classes[i] for i in dataset.label]
    return generators.wrap(found, dataset.x, names, base_dim=base_dim)


def chosen_folder(out: Path | None, resume: bool) -> Path | None:
    """Return --out; a run to go on with must be named."""
    if resume and out is None:
        raise checks.Mistake("--out with --resume", "none", "name the folder to go on with")
    return out
