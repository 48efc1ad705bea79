"""Is a row an instance at all, where there are no classes? Three gates, set on unseen real rows.

Distance to the nearest real rows; distance from their mean under a shrunk covariance (Ledoit and
Wolf 2004); and how surely boosted trees tell the row from a real one: they learned rows put
together of several, and rows of which some columns were redrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import seeding
from genenv.codecs import Codec
from genenv.judge.neighbours import Neighbours
from genenv.judge.swapped import fit_swapped, put_together
from genenv.judge.trees import Trees
from genenv.regression.panel import FOLDS

REFUSED = 0.02  # share of real rows that each gate may refuse
OUTLIERS = 6  # of few rows that it may at least: a limit set by one or two lets noise pass
REFERENCE = 4096  # rows whose neighbourhood is looked at; more are thinned out
SURE = 1e-9  # least share that is left to a real row: the logarithm ends

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cloud:
    """Where real rows lie as a whole."""

    centre: Floats
    """(width,)."""
    precision: Floats
    """(width, width), the inverse of their covariance."""

    def __call__(self, rows: Tensor) -> Floats:
        """Measure Mahalanobis' distance of rows (n, width), (n,)."""
        away = rows.double().numpy() - self.centre
        return np.asarray(np.sqrt(np.einsum("ni,ij,nj->n", away, self.precision, away)))


@dataclass(frozen=True, eq=False)
class Realism:
    """All gates: a row is an instance where its distance is at most 1."""

    points: Tensor
    """(m, width), real rows."""
    cloud: Cloud
    """Of all real rows."""
    detectors: tuple[Trees, ...]
    """One a fold."""
    limits: tuple[float, float, float]
    """Largest distances from real rows and from their mean, and -log P(real), that are accepted."""

    threshold = 1.0  # of the distance, see `judge.Guide`

    def __call__(self, rows: Tensor) -> Floats:
        """Measure rows (n, width): (n,), above 1 where a gate refuses."""
        values = _near(self._neighbours, rows), self.cloud(rows), _made(self.detectors, rows)
        shares = [value / limit for value, limit in zip(values, self.limits, strict=True)]
        return np.asarray(np.max(shares, 0))

    @cached_property
    def _neighbours(self) -> Neighbours:
        return Neighbours(self.points)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what makes it again, by `of_arrays`."""
        found: dict[str, NDArray[Any]] = {
            "points": self.points.numpy(), "limits": np.array(self.limits),
            "centre": self.cloud.centre, "precision": self.cloud.precision,
        }  # fmt: skip
        for at, trees in enumerate(self.detectors):
            found |= {f"{at}/{name}": a for name, a in trees.arrays().items()}
        return found

    @staticmethod
    def of_arrays(found: dict[str, NDArray[Any]]) -> Realism:
        """Make it again."""
        trees = []
        for at in range(FOLDS):
            start = f"{at}/"
            own = {n[len(start) :]: a for n, a in found.items() if n.startswith(start)}
            trees.append(Trees.of_arrays(own))
        points = torch.from_numpy(found["points"].copy())
        cloud = Cloud(found["centre"], found["precision"])
        first, second, third = found["limits"].tolist()
        return Realism(points, cloud, tuple(trees), (first, second, third))


def refused(rows: int) -> float:
    """Return the share of real rows that each gate may refuse, of so many that set it."""
    return max(REFUSED, OUTLIERS / rows)


def fit_realism(rows: Tensor, group: NDArray[np.int64], units: Codec, seed: int) -> Realism:
    """Fit all gates to real rows (n, width); rows of a `group` (n,) share a fold."""
    order = seeding.numpy_generator(seed, "realism").permutation(len(rows))
    fold = (order % FOLDS)[group]
    values = np.empty((3, len(rows)))
    detectors = []
    for at in range(FOLDS):
        rest, own = (torch.from_numpy(mask) for mask in (fold != at, fold == at))
        detectors.append(fit_swapped(rows[rest], units, seeding.fold(seed, at)))
        near = Neighbours(_thinned(rows[rest]))
        unseen = rows[own]
        values[:, fold == at] = (
            _near(near, unseen), _cloud(rows[rest])(unseen), _made(detectors[-1:], unseen)
        )  # fmt: skip
    first, second, third = np.maximum(
        np.quantile(values, 1 - refused(len(rows)), axis=1), 1e-6
    ).tolist()
    return Realism(_thinned(rows), _cloud(rows), tuple(detectors), (first, second, third))


def _cloud(rows: Tensor) -> Cloud:
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(rows.double().numpy())
    return Cloud(fitted.location_, fitted.precision_)


def _thinned(rows: Tensor) -> Tensor:
    return rows[:: -(-len(rows) // REFERENCE)].float().clone()


def _near(neighbours: Neighbours, rows: Tensor) -> Floats:
    return np.asarray(neighbours(rows.float()).double().numpy())


def _made(detectors: Any, rows: Tensor) -> Floats:
    shares = [put_together(each, rows) for each in detectors]
    real = 1 - torch.stack(shares).mean(0).numpy()
    return np.asarray(-np.log(np.maximum(real, SURE)))
