"""The failures of a finished run of a regressor, asked again from their stored rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, importing, reading
from genenv.failures import BATCH, Confirmed
from genenv.policies.replayed import Replayed
from genenv.regression import law
from genenv.regression.model import ValueModel
from genenv.regression.probe import beyond
from genenv.settings import RegressConfig

KIND = "regressor"  # of report.json, and of the settings in config.json
GIVEN = "given"  # in the place of an import path: an object of the caller's

__all__ = ["Replayed", "is_run", "replay", "severities"]


def is_run(folder: Path) -> bool:
    """Whether `stress` left the folder, of a regressor."""
    path = folder / "config.json"
    return path.is_file() and isinstance(reading.plain(path).get(KIND), dict)


def severities(model: ValueModel, record: Confirmed) -> NDArray[np.float64]:
    """Ask again: how far answers lie beyond the recorded intervals, (m,); -1: no answer."""
    found = np.empty(len(record))
    for at in range(0, len(record), BATCH):
        own = slice(at, at + BATCH)
        said = model.answers(model.units.tensor(record.x[own]))
        output = np.column_stack([said.log_p[:, 0].numpy(), record.output[own, 1:]])
        found[own] = np.where(said.error.numpy(), -1.0, beyond(output))
    return found


def replay(folder: Path, model: Any = None, trust: bool = False) -> Replayed:
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
    return Replayed(failing(folder, named(folder, trust) if model is None else model))


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
    target = reading.plain(folder / "judge" / "target.json")
    units = law.load(folder / "generator").units
    centre, scale = float(target["centre"]), float(target["scale"])
    return ValueModel(model, units, centre, scale, config.input, config.query_timeout)


def _tuples(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in plain.items()}
