"""A trained network as a generator of a table's rows, steered on any column by rejection."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, codecs, files, generators, reading
from genenv.codecs import Rows
from genenv.generators.base import CHUNK, piece
from genenv.networks.calibration import POINTS, Maps, is_state
from genenv.networks.table import TableGenerator, heads_of
from genenv.tables.cells import Floats
from genenv.tables.coding import Coding
from genenv.tables.mixture import SCHEMA
from genenv.tables.rejection import Rejection

if TYPE_CHECKING:
    import pandas as pd

KIND = "table-rows"  # in spec.json
CODING = "coding.npz"


class TableRows(generators.Generator):
    """Rows of mixed columns from base vectors, a class on request.

    What the network makes of e and the label is mapped to the laws of single columns and decoded;
    columns that others determine are derived. The Gumbel noise that picks states is a part of e.

    Parameters
    ----------
    inner
        Trained on what `coding` makes of the table, in eval mode.
    coding
        Of the table.
    maps
        Of its scores, see `calibration`.
    shares
        (classes,): how frequent each class is; () without a target.
    units
        Of its rows.
    """

    def __init__(
        self, inner: TableGenerator, coding: Coding, maps: Maps, shares: Floats, units: Rows
    ) -> None:
        self.inner = inner
        self.coding = coding
        self.maps = maps
        self.shares = shares
        self.units: Rows = units
        self.schema = coding.schema
        self.noise = inner.noise
        self.classes = () if self.schema.target is None else self.schema.classes
        names = self.schema.names
        self.own = np.array([i for i, name in enumerate(names) if name != self.schema.target])
        self._rejection = Rejection(self.schema, shares, self._drawn)

    @property
    def differentiable(self) -> bool:
        """A row jumps from one value that was observed to the next: no gradient."""
        return False

    @property
    def device(self) -> torch.device:
        """Where the network lies."""
        return self.inner.device

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim), labels (batch,) -> (batch, *units.layout), float64."""
        checks.shape("e", e, (None, self.noise.base_dim))
        if self.conditional and label is None:
            raise checks.Mistake("labels of a conditional generator", "none", "give one a row")
        codes = self.codes(e, label)[:, self.own]
        return self.units.exact(torch.from_numpy(self.units.stored(codes))).to(e.device)

    def codes(self, e: Tensor, label: Tensor | None) -> Floats:
        """Map base vectors (n, base_dim) and labels (n,) to codes (n, columns of the schema)."""
        with torch.no_grad():
            rows = self.coding.mixed(self.inner.from_base(e, label).cpu().numpy())
        scores = self.coding.scored
        rows[:, scores] = self.maps.apply(rows[:, scores])
        return self.coding.decode(rows, None if label is None else label.cpu().numpy())

    def frame(
        self, count: int, seed: int = 0, where: str | None = None, start: int = 0
    ) -> pd.DataFrame:
        """Make rows as a frame like the data's, its target among them and as frequent as there.

        Parameters
        ----------
        count
            Number of rows.
        seed
            Address of their base vectors and classes.
        where
            A condition, see `tables.conditions`: row i is the i-th of all rows that fulfils it.
        start
            Address of the first row.

        Raises
        ------
        Mistake
            The condition cannot be read, or too few rows fulfil it, see `tables.rejection`.
        """
        return self.schema.decode(self._rejection.codes(count, seed, where, start))

    def stream(self, count: int, seed: int = 0, where: str | None = None) -> Iterator[pd.DataFrame]:
        """Yield what `frame` returns in parts, so that memory stays flat; an empty part at 0."""
        return map(self.schema.decode, self._rejection.stream(count, seed, where))

    def mass(self, where: str) -> float:
        """Return the share of its rows that fulfil a condition, of the first ones of seed 0."""
        return self._rejection.mass(where)

    def score(self, x: NDArray[Any], label: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """See `Generator.score`: the critic's, of rows that are dithered by their number."""
        codes = np.full((len(x), len(self.schema.columns)), np.nan)
        codes[:, self.own] = self.units.codes(x)
        return self.inner.score(self.coding.encode(codes), label)

    def facts(self) -> dict[str, Any]:
        """See `Generator.facts`."""
        return self.inner.facts()

    def digest(self) -> str:
        """Return a digest of weights, laws and maps."""
        found = hashlib.sha256(self.inner.digest().encode())
        for array in self._arrays().values():
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def in_eval(self) -> TableRows:
        """Return it with its network in eval mode."""
        self.inner.in_eval()
        return self

    def untrained(self, seed: int) -> TableRows:
        """Return one whose network has learned nothing; it decodes by the same laws."""
        plain = Maps.none(len(self.maps.knots))
        return self._with(cast(TableGenerator, self.inner.untrained(seed)), plain)

    def frozen(self) -> TableRows:
        """Return a copy whose weights stay."""
        return self._with(cast(TableGenerator, self.inner.frozen()), self.maps)

    def on(self, device: torch.device) -> TableRows:
        """Return it with its network on a device."""
        self.inner.on(device)
        return self

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Be in eval mode for a while."""
        with self.inner.evaluated():
            yield

    def save(self, folder: Path) -> None:
        """Write spec.json, the schema, laws and maps, and the network to a folder within."""
        folder.mkdir(parents=True, exist_ok=True)
        self.inner.save(folder / "inner")
        self.schema.save(folder / SCHEMA)
        held: dict[str, Any] = self._arrays()
        files.write_atomically(folder / CODING, lambda file: np.savez(file, **held))
        spec = {"kind": KIND, "units": self.units.to_json(), "classes": list(self.classes)}
        files.write_json(folder / "spec.json", spec)

    @classmethod
    def load(cls, folder: Path, inner: generators.Generator) -> TableRows:
        """Read what `save` wrote; `inner` is the network of the folder within.

        Raises
        ------
        Mistake
            A file is missing or damaged.
        """
        path = folder / "spec.json"
        units = codecs.stored_rows(path)
        if not isinstance(inner, TableGenerator):
            raise reading.damaged(path, "a network of another kind")
        held = reading.arrays(folder / CODING)
        coding = reading.guarded(folder / CODING, lambda: Coding.from_arrays(units.schema, held))
        scores = int((~is_state(inner)).sum())
        reading.check(
            folder / CODING, held, {"maps": reading.Column("f", (scores, POINTS), None, None)}
        )
        if coding.heads != heads_of(inner.units):
            raise reading.damaged(folder / CODING, "laws of other columns than the network's")
        return cls(inner, coding, Maps(held["maps"]), held["shares"], units)

    def _with(self, inner: TableGenerator, maps: Maps) -> TableRows:
        return TableRows(inner, self.coding, maps, self.shares, self.units)

    def _drawn(self, count: int, seed: int, start: int, label: NDArray[np.int64] | None) -> Floats:
        parts = [np.empty((0, len(self.schema.columns)))]
        with self.evaluated():
            for at in range(0, count, CHUNK):
                rows = min(CHUNK, count - at)
                e = self.noise.base(rows, seed, start + at).to(self.device)
                parts.append(self.codes(e, piece(label, at, rows, self.device)))
        return np.concatenate(parts)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return self.coding.to_arrays() | {"maps": self.maps.knots, "shares": self.shares}
