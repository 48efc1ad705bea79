"""Samples on which a model failed, the right answers, and how the model is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, codecs, criteria, downstream, failures, files, reading
from genenv.codecs import Codec
from genenv.criteria import severity
from genenv.reading import Column

COLUMNS = {
    "x": Column("fiu", None),
    "label": Column("iu", (None,), 0),
    "row": Column("iu", (None,), 0),
}


@dataclass(frozen=True)
class Asking:
    """How the model is asked, as the run did it; nothing that would be imported."""

    units: Codec
    classes: tuple[int | str, ...]
    input: str
    output: str
    layout: str
    columns: tuple[int | str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return vars(self) | {"units": self.units.to_json()}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Asking:
        """Read them."""
        held = msgspec.convert(plain, _Held)
        units = codecs.from_json(held.units)
        fields = {name: getattr(held, name) for name in held.__struct_fields__}
        return cls(**fields | {"units": units})


class _Held(msgspec.Struct, forbid_unknown_fields=True):
    """Its plain values."""

    units: dict[str, Any]
    classes: tuple[int | str, ...]
    input: str
    output: str
    layout: str
    columns: tuple[int | str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Known:
    """Samples (m, *units.shape) on which a model failed, and the right classes."""

    x: NDArray[Any]
    label: NDArray[np.int64]  # (m,), indices of asking.classes
    row: NDArray[np.int64]  # (m,), of RUN/failures in order
    asking: Asking

    def __len__(self) -> int:
        return len(self.x)

    @property
    def ids(self) -> list[str]:
        """A name each: row of the run's failures, and the right class."""
        pairs = zip(self.row, self.label, strict=True)
        return [f"{row}-{self.asking.classes[label]}" for row, label in pairs]

    def save(self, path: Path) -> None:
        """Write one .npz file."""
        fields = np.array(json.dumps(self.asking.to_json()))
        files.write_atomically(
            path,
            lambda file: np.savez_compressed(
                file, asking=fields, x=self.x, label=self.label, row=self.row
            ),
        )

    def asked(
        self, model: Any, criterion: Any = criteria.DEFAULT, preprocess: str = ""
    ) -> Examined:
        """Ask a model about them.

        Parameters
        ----------
        model
            Whatever `downstream.wrap` takes, or its import path.
        criterion
            When it has failed, see `criteria.find`.
        preprocess
            Import path of a function that lies before the model; "": none.

        Raises
        ------
        Mistake
            It cannot be imported, or does not take these samples.
        """
        how = self.asking
        found = downstream.import_model(model) if isinstance(model, str) else model
        before: Any = downstream.preprocessing(how.mean, how.std, preprocess)
        wrapped = downstream.wrap(
            found, how.units, how.classes, how.input, how.output, before, how.layout, how.columns
        )
        log_p, error, _ = failures.ask(wrapped, self.x)
        severe = severity(criteria.find(criterion), log_p, torch.from_numpy(self.label)) > 0
        failing = severe | error  # a model that does not answer has not mended
        return Examined(self, failing.numpy(), log_p.argmax(1).numpy())


@dataclass(frozen=True)
class Examined:
    """What a model says of known failures."""

    known: Known
    failing: NDArray[np.bool_]  # (m,)
    prediction: NDArray[np.int64]  # (m,)

    def sentence(self, row: int) -> str:
        """Say it of one row."""
        classes = self.known.asking.classes
        right, said = classes[self.known.label[row]], classes[self.prediction[row]]
        return f"failure {self.known.row[row]} of the run shows {right}; the model says {said}"


def load(path: Path) -> Known:
    """Read what `Known.save` wrote.

    Raises
    ------
    Mistake
        The file is damaged.
    """
    arrays = reading.arrays(path)
    reading.check(path, arrays, COLUMNS)

    def asking() -> Asking:
        return Asking.from_json(json.loads(str(arrays["asking"])))

    how = reading.guarded(path, asking)
    highest = COLUMNS["label"]._replace(high=len(how.classes) - 1)
    reading.check(path, arrays, {"label": highest})
    checks.shape(f"x in {path}", arrays["x"], (None, *how.units.shape))
    return Known(arrays["x"], arrays["label"], arrays["row"], how)
