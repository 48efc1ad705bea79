"""A Gaussian copula of columns: for few rows whose columns hang together.

A row's columns are quantiles of what was seen, at Φ of correlated normals (Nelsen 2006, section
2.3; the correlation is shrunk, Ledoit and Wolf 2004). It knows pairs alone, and of these how they
rise together, but needs some hundred rows for it, where a mixture needs as many a component.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genenv import files, reading
from genenv.tables import Schema

POINTS = 201  # of a column's quantile function, at most
NAME = "copula.npz"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Copula:
    """Columns by their quantiles, and how they rise together."""

    quantiles: Floats
    """(columns, POINTS), codes at even shares of the rows, ascending."""
    steps: NDArray[np.bool_]
    """(columns,), whether only codes that were seen are possible."""
    factor: Floats
    """(columns, columns), lower triangular: factor times its transpose is the correlation."""

    @property
    def base_dim(self) -> int:
        """One standard normal a column."""
        return len(self.quantiles)

    def from_base(self, e: NDArray[np.float32]) -> Floats:
        """(n, base_dim) -> codes (n, columns)."""
        from scipy.special import ndtr

        place = ndtr(e.astype(np.float64) @ self.factor.T) * (self.quantiles.shape[1] - 1)
        made = np.empty(place.shape)
        for column, (own, at) in enumerate(zip(self.quantiles, place.T, strict=True)):
            stepped = own[np.rint(at).astype(np.int64)]
            between = np.interp(at, np.arange(len(own)), own)
            made[:, column] = stepped if self.steps[column] else between
        return made

    def digest(self) -> str:
        """Tell it from any other."""
        found = hashlib.sha256()
        for array in (self.quantiles, self.steps, self.factor):
            found.update(array.tobytes())
        return found.hexdigest()

    def save(self, folder: Path) -> None:
        """Write its arrays."""
        folder.mkdir(parents=True, exist_ok=True)
        files.write_atomically(folder / NAME, lambda file: np.savez(file, **vars(self)))

    @staticmethod
    def load(folder: Path) -> Copula:
        """Read what `save` wrote."""
        held = reading.arrays(folder / NAME)
        return reading.guarded(folder / NAME, lambda: Copula(**held))


def fit(codes: Floats, schema: Schema) -> Copula | None:
    """Fit codes (n, columns); None: some are missing, which has no place among quantiles."""
    from scipy.special import ndtri
    from sklearn.covariance import LedoitWolf

    if np.isnan(codes).any():
        return None
    rows = len(codes)
    rank = codes.argsort(0, kind="stable").argsort(0, kind="stable")
    normal = ndtri((rank + 0.5) / rows)
    covariance = LedoitWolf().fit(normal).covariance_
    spread = np.sqrt(np.diag(covariance))
    quantiles = np.quantile(codes, np.linspace(0, 1, POINTS), axis=0, method="inverted_cdf").T
    steps = np.array([c.discrete or c.decimals == 0 for c in schema.columns])
    factor = np.linalg.cholesky(covariance / np.outer(spread, spread))
    return Copula(np.ascontiguousarray(quantiles, np.float64), steps, factor)
