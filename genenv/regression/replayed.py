"""The failures of a finished run of a regressor, asked again from their stored rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, importing, reading
from genenv.failures import BATCH, Confirmed
from genenv.policies.replayed import Replayed
from genenv.regression import judging, law
from genenv.regression.model import ValueModel
from genenv.regression.probe import beyond
from genenv.settings import RegressConfig

KIND = "regressor"  # of report.json, and of the settings in config.json
GIVEN = "given"  # in the place of an import path: an object of the caller's


@dataclass(frozen=True)
class AskedAgain(Replayed):
    """Stored failures of a regressor, asked again; all values in the target's unit."""

    before: NDArray[np.float64]  # (m,), the recorded answer
    answer: NDArray[np.float64]  # (m,), the answer now; NaN: none that is usable
    low: NDArray[np.float64]  # (m,), the least answer that is none
    high: NDArray[np.float64]  # (m,), the largest

    def words(self, row: int) -> str:
        """See `Replayed.words`."""
        now = "nothing usable" if np.isnan(self.answer[row]) else f"{self.answer[row]:.4g}"
        right = f"right is {self.low[row]:.4g} to {self.high[row]:.4g}"
        return f"row {row}: answered {self.before[row]:.4g} before, {now} now, {right}"


def is_run(folder: Path) -> bool:
    """Whether `stress` left the folder, of a regressor."""
    path = folder / "config.json"
    return path.is_file() and isinstance(reading.plain(path).get(KIND), dict)


def severities(model: ValueModel, record: Confirmed) -> NDArray[np.float64]:
    """Ask again: how far answers lie beyond the recorded intervals, (m,); -1: no answer."""
    return outside(answered(model, record), record)


def outside(answer: NDArray[np.float32], record: Confirmed) -> NDArray[np.float64]:
    """Return how far answers (m,) lie beyond the recorded intervals, (m,); -1: no answer."""
    output = np.column_stack([answer, record.output[:, 1:]])
    return np.where(np.isnan(answer), -1.0, beyond(output))


def answered(model: ValueModel, record: Confirmed) -> NDArray[np.float32]:
    """Ask again: answers in standard deviations of the target, (m,); NaN: none."""
    found = np.empty(len(record), np.float32)
    for at in range(0, len(record), BATCH):
        own = slice(at, at + BATCH)
        said = model.answers(model.units.tensor(record.x[own]))
        found[own] = np.where(said.error.numpy(), np.nan, said.log_p[:, 0].numpy())
    return found


def replay(folder: Path, model: Any = None, trust: bool = False) -> AskedAgain:
    """Ask a model about the stored failures of a run.

    Parameters
    ----------
    folder
        That `stress` left.
    model
        In the place of the run's, as `stress` takes it; None: the one that its config names.
    trust
        Import what the run's config names.

    Raises
    ------
    Mistake
        The folder is damaged, or its model is code that nobody named or trusted.
    """
    now = asked(folder, named(folder, trust) if model is None else model)
    record = failures.load(folder / "failures")
    if record is None:
        none = np.zeros(0)
        return AskedAgain(none > 0, none, none, none, none)
    answer = answered(now, record)
    before, middle, reach = record.output.T
    columns = (before, answer, middle - reach, middle + reach)
    told = (column.astype(np.float64) * now.scale + now.centre for column in columns)
    return AskedAgain(outside(answer, record) > 0, *told)


def named(folder: Path, trust: bool) -> Any:
    """Return the model that a run's config names.

    Raises
    ------
    Mistake
        It names none, or the folder is not trusted.
    """
    found = str(reading.plain(folder / "config.json").get("model"))
    if found == GIVEN:
        raise checks.Mistake(
            "a model with an import path", f"an object, which {folder} does not hold",
            "give --model module:name",
        )  # fmt: skip
    return importing.recorded(found, trust, "--model")


def failing(folder: Path, model: Any) -> NDArray[np.bool_]:
    """Ask a model, or the one of an import path, about the stored failures of a run, (m,)."""
    return again(folder, asked(folder, model))


def again(folder: Path, model: ValueModel) -> NDArray[np.bool_]:
    """Ask a model about the stored failures of a run: whether it fails on each, (m,)."""
    failing = (severities(model, part) > 0 for part in failures.shards(folder / "failures"))
    return np.concatenate([np.zeros(0, np.bool_), *failing])


def asked(folder: Path, model: Any) -> ValueModel:
    """Return a model, or the one of an import path, as a run asks it."""
    path = folder / "config.json"
    config = reading.guarded(path, lambda: RegressConfig(**_tuples(reading.plain(path)[KIND])))
    if isinstance(model, str):
        model = importing.import_model(model)
    units = law.load(folder / "generator").units
    target = judging.target_of(folder / "judge")
    return ValueModel(model, units, *target, config.input, config.query_timeout)


def _tuples(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in plain.items()}
