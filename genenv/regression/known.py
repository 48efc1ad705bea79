"""Known failures of a regressor as a file of pytest: rows, and the interval of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, codecs, failures, files, importing, reading
from genenv.codecs import Codec
from genenv.regression import judging, law
from genenv.regression.model import ValueModel
from genenv.regression.replayed import KIND


@dataclass(frozen=True, eq=False)
class Known:
    """Rows on which a model was wrong beyond what oracles hold possible."""

    x: NDArray[Any]
    """(m, *units.shape), as stored."""
    low: NDArray[np.float64]
    """(m,), the least value that the guide's oracles hold possible, in the target's unit."""
    high: NDArray[np.float64]
    """(m,), the largest."""
    row: NDArray[np.int64]
    """(m,), their numbers in RUN/failures."""
    units: Codec
    view: str
    """What the model is handed."""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def ids(self) -> list[str]:
        """Name each for pytest."""
        return [f"failure-{row:05d}" for row in self.row]

    def failing(self, model: Any) -> NDArray[np.bool_]:
        """Ask a model, or the one of an import path: whether its answer lies outside, (m,).

        A row without an answer fails.
        """
        found = importing.import_model(model) if isinstance(model, str) else model
        value = ValueModel(found, self.units, 0.0, 1.0, self.view).to_real(self.x)
        return np.asarray(~((value >= self.low) & (value <= self.high)))

    def sentence(self, row: int) -> str:
        """Say what is expected of a row."""
        return f"{self.ids[row]}: a value from {self.low[row]:.6g} to {self.high[row]:.6g}"

    def save(self, path: Path) -> None:
        """Write one .npz file."""
        about = json.dumps({"units": self.units.to_json(), "view": self.view})
        arrays = {name: getattr(self, name) for name in ("x", "low", "high", "row")}
        files.write_atomically(path, lambda file: np.savez(file, about=about, **arrays))


def load(path: Path) -> Known:
    """Read what `Known.save` wrote; executes nothing."""
    held = reading.arrays(path)
    about = reading.guarded(path, lambda: json.loads(str(held.pop("about"))))
    units = reading.guarded(path, lambda: codecs.from_json(about["units"]))
    return reading.guarded(path, lambda: Known(units=units, view=str(about["view"]), **held))


def of_run(folder: Path, count: int) -> Known:
    """Choose failures of a run: the most severe ones too high and too low, in turn.

    Raises
    ------
    Mistake
        The run confirmed none.
    """
    record = failures.load(folder / "failures")
    if record is None:
        raise checks.Mistake(
            f"confirmed failures in {folder}/failures", "none", "give a run that found some"
        )
    centre, scale = judging.target_of(folder / "judge")
    above = record.output[:, 0] > record.output[:, 1]
    turn = np.zeros(len(record), np.int64)
    for side in (above, ~above):
        own = np.flatnonzero(side)
        turn[own[np.argsort(-record.severity[own], kind="stable")]] = np.arange(len(own))
    chosen = np.lexsort((above, turn))[: checks.integer("count", count)]
    mean, half = record.output[chosen, 1:].astype(np.float64).T
    view = reading.value(folder / "config.json", str, KIND, "input")
    return Known(
        x=record.x[chosen],
        low=(mean - half) * scale + centre,
        high=(mean + half) * scale + centre,
        row=chosen,
        units=law.load(folder / "generator").units,
        view=view,
    )
