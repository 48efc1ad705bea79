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
from genenv.regression import copula as copulas
from genenv.regression.copula import Copula
from genenv.tables import Column, Mixture, Schema, mixture
from genenv.training import TrainingConfig

MIXTURE, COPULA = "unlabelled mixture", "unlabelled copula"  # kinds in spec.json
FEW = 2_000  # rows, above which a mixture has components enough for how columns hang together
HELD_OUT = 0.2  # of few rows, by which mixture and copula are compared
BETTER = 0.05  # AUC by which a copula has to be harder to tell from rows than a mixture


class Unlabelled(Generator):
    """Rows from base vectors, their columns by inverse CDF.

    Parameters
    ----------
    made
        Of the rows' columns, no target among them: a mixture, whose e_0 picks the component, or a
        copula.
    units
        Of the rows: of a table, or of vectors.
    """

    def __init__(self, made: Mixture | Copula, units: Codec) -> None:
        self.made, self.units = made, units
        self.classes = ()
        self.noise = Gaussian(made.base_dim)

    @property
    def differentiable(self) -> bool:
        """A row jumps from one value to the next: no gradient."""
        return False

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim) -> (batch, *units.layout); there are no labels."""
        assert label is None, "rows without labels"
        codes = self.made.from_base(e.numpy())
        if isinstance(self.units, Rows):
            return self.units.exact(torch.from_numpy(self.units.stored(codes)))
        return self.units.encode(self.units.tensor(codes))

    def facts(self) -> dict[str, Any]:
        """Tell what report.json says of it."""
        if isinstance(self.made, Copula):
            return {"network": "copula", "noise": "Gaussian", "columns": self.made.base_dim}
        components = len(self.made.parameters.weights)
        return {"network": "mixture", "noise": "Gaussian", "components": components}

    def digest(self) -> str:
        """Return a digest of its columns and numbers."""
        if isinstance(self.made, Copula):
            return self.made.digest()
        return digest(self.units, self.made)

    def save(self, folder: Path) -> None:
        """Write spec.json beside the law's own files."""
        self.made.save(folder)
        kind = COPULA if isinstance(self.made, Copula) else MIXTURE
        files.write_json(folder / "spec.json", {"kind": kind, "units": self.units.to_json()})

    @classmethod
    def load(cls, folder: Path) -> Unlabelled:
        """Read what `save` wrote."""
        path = folder / "spec.json"
        units = codecs.stored(path)
        is_copula = reading.value(path, str, "kind") == COPULA
        return cls((Copula if is_copula else Mixture).load(folder), units)


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
    plain = Unlabelled(mixture.fit(codes, schema, seeding.fold(seed, "rows")), units)
    copula = copulas.fit(codes, schema) if len(codes) < FEW else None
    if copula is None:
        return plain
    return _better(plain, Unlabelled(copula, units), codes, schema, seeding.fold(seed, "better"))


def _better(
    plain: Unlabelled, other: Unlabelled, codes: NDArray[np.float64], schema: Schema, seed: int
) -> Unlabelled:
    """Return the copula where rows that it did not learn are harder to tell from its own."""
    order = seeding.numpy_generator(seed, "held out").permutation(len(codes))
    cut = int(HELD_OUT * len(codes))
    unseen, seen = codes[order[:cut]], codes[order[cut:]]
    fresh = copulas.fit(seen, schema)
    assert fresh is not None
    laws = mixture.fit(seen, schema, seeding.fold(seed, "rows")), fresh
    told = [_told_apart(law, seen, unseen, seed) for law in laws]
    return other if told[1] < told[0] - BETTER else plain


def _told_apart(
    law: Mixture | Copula, seen: NDArray[np.float64], unseen: NDArray[np.float64], seed: int
) -> float:
    """Return the AUC of trees taught on seen rows, on rows that neither they nor the law saw."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    e = Gaussian(law.base_dim).base(len(seen) + 10 * len(unseen), seed, 0)
    made = law.from_base(e.numpy())
    label = np.repeat([0, 1], len(seen))
    trees = HistGradientBoostingClassifier(random_state=0, max_iter=50)
    trees.fit(np.concatenate([made[: len(seen)], seen]), label)
    rows = np.concatenate([made[len(seen) :], unseen])
    real = np.arange(len(rows)) >= len(made) - len(seen)
    return float(roc_auc_score(real, trees.predict_proba(rows)[:, 1]))


def load(folder: Path) -> Generator:
    """Read what a generator of `learn` wrote."""
    path = folder / "spec.json"
    own = reading.plain(path).get("kind") in (MIXTURE, COPULA)
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
