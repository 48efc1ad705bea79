"""What a run records of its model, in model/model.json."""

from __future__ import annotations

from pathlib import Path

import msgspec

from genenv import reading

WHERE = Path("model") / "model.json"  # in the run's folder


class ModelSpec(msgspec.Struct):
    """How the model of a run is found and asked; `asked_` stands before what its user said."""

    path: str | None = None
    kind: str = ""
    input: str = "auto"
    output: str = "auto"
    layout: str = "auto"
    asked_input: str = "auto"
    asked_output: str = "auto"
    asked_layout: str = "auto"
    asked_classes: tuple[int | str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    preprocess: str = ""
    query_timeout: float = 0.0


def read(folder: Path) -> ModelSpec:
    """Read it from a run's folder.

    Raises
    ------
    Mistake
        There is none, or it is damaged.
    """
    return reading.struct(folder / WHERE, ModelSpec)


def read_if_any(folder: Path) -> ModelSpec | None:
    """Read it from a run's folder; None: there is none."""
    return read(folder) if (folder / WHERE).is_file() else None
