"""A mixture of a table's columns behind the contract of a generator."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, codecs, files, seeding
from genenv.codecs import Codec, Rows
from genenv.generators.base import Generator
from genenv.noise import Gaussian
from genenv.tables import Mixture, mixture
from genenv.tables.conditions import Allowed
from genenv.tables.law import Law

if TYPE_CHECKING:
    import pandas as pd

KIND = "mixture"
ROWS = 4096  # of its own samples, that standardise the columns of a mixture without data


class MixtureRows(Generator):
    """Rows of mixed columns from base vectors, a class on request.

    e_0 picks the component, e_1 ... drive the columns but the target by inverse CDF; the target is
    a true condition: components are weighed by their probability of it.

    Parameters
    ----------
    made
        Of the whole table, its target among the columns.
    units
        Of its rows; None: standardised by samples of its own.

    Raises
    ------
    Mistake
        The table has no target.
    """

    def __init__(self, made: Mixture, units: Rows | None = None) -> None:
        schema = made.schema
        self.mixture = made
        self.classes = schema.classes
        target = schema.names.index(schema.label.name)
        self.own = np.delete(np.arange(len(schema.columns)), target)
        self.driven = 1 + np.flatnonzero(made.kept != target)
        if units is None:
            units = Rows.of(schema, schema.encode(made.sample(ROWS)))
        self.units: Rows = units
        self.noise = Gaussian(1 + len(self.driven))
        self._laws: dict[int, Law] = {}

    @property
    def differentiable(self) -> bool:
        """A row jumps from one value to the next: no gradient."""
        return False

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim), labels (batch,) -> (batch, *units.layout), float64."""
        checks.shape("e", e, (None, self.noise.base_dim))
        if label is None:
            raise checks.Mistake("labels of a conditional generator", "none", "give one a row")
        wide = np.zeros((len(e), self.mixture.base_dim))
        wide[:, 0] = e[:, 0]
        wide[:, self.driven] = e[:, 1:]
        asked = label.numpy()
        codes = np.empty((len(e), len(self.own)))
        for each in np.unique(asked):
            rows = asked == each
            codes[rows] = self.mixture.codes(self._law(int(each)), wide[rows])[:, self.own]
        return self.units.exact(torch.from_numpy(self.units.stored(codes)))

    def frame(
        self, count: int, seed: int = 0, where: str | None = None, start: int = 0
    ) -> pd.DataFrame:
        """Make rows as a frame like the data's, its target among them, see `Mixture.sample`."""
        return self.mixture.sample(count, seed, where, start)

    def facts(self) -> dict[str, Any]:
        """Tell what report.json says of it."""
        components = len(self.mixture.parameters.weights)
        return {"network": KIND, "noise": "Gaussian", "components": components}

    def digest(self) -> str:
        """Return a digest of its columns and numbers."""
        return digest(self.units, self.mixture)

    def save(self, folder: Path) -> None:
        """Write spec.json beside the mixture's own files."""
        self.mixture.save(folder)
        spec = {"kind": KIND, "units": self.units.to_json(), "classes": list(self.classes)}
        files.write_json(folder / "spec.json", spec)

    @classmethod
    def load(cls, folder: Path) -> MixtureRows:
        """Read what `save` wrote.

        Raises
        ------
        Mistake
            A file is missing or damaged.
        """
        path = folder / "spec.json"
        units = codecs.stored_rows(path)
        return cls(Mixture.load(folder), units)

    def untrained(self, seed: int) -> Generator:
        """Return one component whose cells are equally likely, whatever the seed."""
        del seed
        own = self.mixture.parameters
        even = np.concatenate([np.full(each.count, 1 / each.count) for each in self.mixture.cells])
        blank = replace(own, weights=np.ones(1), cells=even[None])
        return MixtureRows(replace(self.mixture, parameters=blank), self.units)

    def _law(self, label: int) -> Law:
        if label not in self._laws:
            only = Allowed(((float(label), float(label)),))
            self._laws[label] = self.mixture.law({self.mixture.schema.label.name: only})
        return self._laws[label]


def learn(units: Rows, x: NDArray[Any], label: NDArray[np.int64], seed: int) -> MixtureRows:
    """Fit a mixture to stored rows (n, *units.shape) and their class indices (n,)."""
    schema = units.schema
    target = schema.names.index(schema.label.name)
    codes = np.insert(units.codes(x), target, label.astype(np.float64), axis=1)
    return MixtureRows(mixture.fit(codes, schema, seeding.fold(seed, "rows")), units)


def digest(units: Codec, mixture: Mixture) -> str:
    """Return a digest of a mixture's columns and numbers."""
    own = mixture.parameters
    found = hashlib.sha256(json.dumps(units.to_json()).encode())
    for array in (own.weights, own.cells):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
