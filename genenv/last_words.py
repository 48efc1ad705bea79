"""What an error says at its end: what a run kept, and how to go on or begin again."""

from __future__ import annotations

import shlex
from pathlib import Path

from genenv import checks


def add(error: BaseException, folder: Path, held: str, line: str) -> None:
    """Note in an error what stays on disk and what to do.

    Parameters
    ----------
    error
        A Mistake with `afresh` is not to be resumed.
    folder, held
        The run's folder, and its parts in words; "" for none.
    line
        The command that repeats the run, without --resume; "" for a call from Python.
    """
    flags = error.afresh if isinstance(error, checks.Mistake) else None
    do = _in_python(flags) if not line else _next(line, folder, flags)
    error.add_note(f"{folder} holds {held or 'nothing finished yet'}; {do}")


def _in_python(flags: tuple[str, ...] | None) -> str:
    return "go on with resume=True" if flags is None else "begin again with another out"


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
