"""A judge of values that another run made: its panels and gates stand as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading
from genenv.codecs import Codec, Rows
from genenv.data import Split
from genenv.parts import checked
from genenv.regression import law
from genenv.regression.judging import TARGET, ValueJudge
from genenv.regression.target import Valued

LEAST = 30  # untouched rows that it did not learn from, by which it is measured


def judge_of(given: Any, valued: Valued) -> ValueJudge:
    """Take a judge, or read that of a finished run.

    Parameters
    ----------
    given
        A ValueJudge, as `report.judge` of a run is, or the run's folder.
    valued
        Rows and values that it is to judge.

    Raises
    ------
    Mistake
        It is neither, or judges rows with other columns, or another target.
    """
    made, target, origin = _found(given, valued)
    wanted, got = (_words(v.units, t) for v, t in ((valued.dataset, valued.target), (made, target)))
    if wanted != got:
        raise checks.Mistake(
            f"a judge of {valued.target} of such rows, {valued.dataset.units.shape}",
            f"one of {target}, {made.units.shape}, or of other columns in {origin}",
            "give a run of the same data",
        )  # fmt: skip
    return made


def _found(given: Any, valued: Valued) -> tuple[ValueJudge, str, str]:
    """Return a judge, the target that it judges, and where it comes from."""
    if isinstance(given, ValueJudge):
        return given, valued.target, "an object given in Python"
    if not isinstance(given, str | Path):
        raise checks.Mistake(
            "a judge of values, or the folder of a run with one", type(given).__name__,
            "give report.judge of a run of a regressor",
        )  # fmt: skip
    folder = Path(given).expanduser()
    if not (folder / "judge" / TARGET).is_file():
        raise checks.Mistake(
            "a run of a regressor with its judge", f"none in {folder}", "check --judge"
        )
    target = reading.value(folder / "config.json", str, "data", "target")
    units = law.load(folder / "generator").units
    return ValueJudge.load(checked(folder, "judge"), units), target, str(folder)


def unlearned(judge: ValueJudge, source: Valued, split: Split) -> tuple[Split, str]:
    """Leave out of a run's untouched rows those that a given judge learned from.

    Returns
    -------
    The split, and a sentence.

    Raises
    ------
    Mistake
        Hardly any are left.
    """
    learned = judge.learned(source.dataset.x[split.test])
    left: NDArray[np.int64] = split.test[~learned]
    if len(left) < LEAST:
        raise checks.Mistake(
            f"{LEAST} untouched rows or more that the given judge did not learn from", len(left),
            "give --held-out rows, or take the data and --seed of the run that made it",
        )  # fmt: skip
    said = "The judge is that of another run: its panels and gates stand as they are."
    if learned.any():
        said += f" Of the untouched rows {int(learned.sum()):,} are left out: it learned from them."
    return replace(split, test=left), said


def _words(units: Codec, target: str) -> tuple[Any, ...]:
    columns = units.schema.to_json() if isinstance(units, Rows) else None
    return units.kind, tuple(units.shape), units.dtype, columns, target
