"""The model that is trained on a table where none is given: boosted trees, kept as arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from genenv import codecs, reading
from genenv.codecs import Rows
from genenv.judge.trees import Trees, fit_boosting

if TYPE_CHECKING:
    import pandas as pd


class Spec(msgspec.Struct):
    """What the file of a model says of it."""

    units: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Boosted:
    """Scikit-learn's histogram gradient boosting on frames of a table's columns."""

    units: Rows
    trees: Trees

    def __call__(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Return probabilities (n, classes) of the rows of a frame."""
        u = self.units.encode(torch.from_numpy(self.units.rows(frame)))
        return np.asarray(self.trees(u).numpy())

    def save(self, path: Path) -> None:
        """Write trees and units to one safetensors file."""
        arrays = {name: torch.from_numpy(a.copy()) for name, a in self.trees.arrays().items()}
        save_file(arrays, path, metadata={"boosted": json.dumps({"units": self.units.to_json()})})

    @staticmethod
    def load(path: Path) -> Boosted:
        """Read what `save` wrote; executes nothing."""
        spec = reading.guarded(
            path, lambda: msgspec.convert(reading.metadata(path, "boosted"), Spec)
        )
        units = reading.guarded(path, lambda: codecs.from_json(spec.units))
        if not isinstance(units, Rows):
            raise reading.damaged(path, f"units of {units.kind}s")
        arrays = {name: tensor.numpy() for name, tensor in reading.tensors(path).items()}
        return Boosted(units, reading.guarded(path, lambda: Trees.of_arrays(arrays)))


def fit_boosted(
    units: Rows, x: NDArray[Any], label: NDArray[np.int64], outputs: int, seed: int
) -> Boosted:
    """Fit stored rows (n, *units.shape) and their class indices (n,)."""
    u = units.encode(units.tensor(x))
    return Boosted(units, fit_boosting(u, torch.from_numpy(label), outputs, seed))
