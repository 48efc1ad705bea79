"""The generator of rows that have no label: a mixture of columns, or a network for pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, codecs, files, networks, prepared, reading, seeding
from genenv.codecs import Codec, Rows
from genenv.data import Dataset
from genenv.generators import Generator
from genenv.generators.rows import digest
from genenv.noise import Gaussian
from genenv.parts import Advance
from genenv.tables import Column, Mixture, Schema, mixture
from genenv.training import TrainingConfig

KIND = "unlabelled mixture"  # in spec.json


class Unlabelled(Generator):
    """Rows from base vectors: e_0 picks the component, e_1 ... drive the columns by inverse CDF.

    Parameters
    ----------
    made
        Of the rows' columns, no target among them.
    units
        Of the rows: of a table, or of vectors.
    """

    def __init__(self, made: Mixture, units: Codec) -> None:
        self.mixture, self.units = made, units
        self.classes = ()
        self.noise = Gaussian(made.base_dim)

    @property
    def differentiable(self) -> bool:
        """A row jumps from one value to the next: no gradient."""
        return False

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim) -> (batch, *units.layout); there are no labels."""
        assert label is None, "rows without labels"
        codes = self.mixture.from_base(e.numpy())
        if isinstance(self.units, Rows):
            return self.units.exact(torch.from_numpy(self.units.stored(codes)))
        return self.units.encode(self.units.tensor(codes))

    def facts(self) -> dict[str, Any]:
        """Tell what report.json says of it."""
        components = len(self.mixture.parameters.weights)
        return {"network": "mixture", "noise": "Gaussian", "components": components}

    def digest(self) -> str:
        """Return a digest of its columns and numbers."""
        return digest(self.units, self.mixture)

    def save(self, folder: Path) -> None:
        """Write spec.json beside the mixture's own files."""
        self.mixture.save(folder)
        files.write_json(folder / "spec.json", {"kind": KIND, "units": self.units.to_json()})

    @classmethod
    def load(cls, folder: Path) -> Unlabelled:
        """Read what `save` wrote."""
        path = folder / "spec.json"
        units = reading.guarded(path, lambda: codecs.from_json(reading.plain(path)["units"]))
        return cls(Mixture.load(folder), units)


def learn(learned: Dataset, config: TrainingConfig, seed: int, advance: Advance) -> Generator:
    """Fit a generator to rows without labels.

    Parameters
    ----------
    learned
        The rows.
    config, advance
        Of the network that learns pictures, see `prepared.fitted`.
    seed
        Address of the fit.
    """
    units = learned.units
    if units.channels:
        return prepared.fitted(learned, config, seed, advance)
    if isinstance(units, Rows):
        schema, codes = units.schema, units.codes(learned.x)
    else:
        codes = learned.x.astype(np.float64)
        schema = _numbers(codes, units)
    return Unlabelled(mixture.fit(codes, schema, seeding.fold(seed, "rows")), units)


def load(folder: Path) -> Generator:
    """Read what a generator of `learn` wrote."""
    path = folder / "spec.json"
    own = reading.plain(path)["kind"] == KIND
    return Unlabelled.load(folder) if own else networks.stored(folder)


def stored(run: str) -> Generator:
    """Load the generator of a run of a regressor.

    Raises
    ------
    Mistake
        The folder holds none.
    """
    folder = Path(run).expanduser() / "generator"
    if not (folder / "spec.json").is_file():
        raise checks.Mistake("a run that holds a generator", f"none in {run}", "leave it out")
    return load(folder)


def check_fits(generator: Generator, dataset: Dataset) -> None:
    """Raise a Mistake unless a generator makes rows like the data, without labels."""
    if generator.conditional or generator.units.shape != dataset.units.shape:
        raise checks.Mistake(
            f"a generator of shape {dataset.units.shape} without classes",
            f"one of shape {generator.units.shape} and {len(generator.classes)} classes",
            "fit one on the rows alone, or leave --generator out",
        )


def _numbers(codes: NDArray[np.float64], units: Codec) -> Schema:
    """Take the columns of vectors as numbers between their ends."""
    columns = [
        Column(name, "continuous", "float64", low=float(own.min()), high=float(own.max()),
               decimals=0 if units.integer else None)
        for name, own in zip(units.names(), codes.T, strict=True)
    ]  # fmt: skip
    return Schema(tuple(columns))
