"""A panel of cross-fitted regressors: what a row's value is, and within what half-width.

Every row is left out of one fold, so that its residual is one of members that never saw it. The
interval is conformal on these residuals (Lei et al. 2018, arXiv 1604.04173, §5.2; CV+ without its
worst case, Barber et al. 2021, arXiv 1905.02928): the half-width is a quantile of |residual| /
scale, times the scale of the row at hand, its members' disagreement beside a floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.regression import makes
from genenv.regression.makes import Oracle

FOLDS = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Opinion:
    """What a panel says of rows, one each, in standard deviations of the target."""

    mean: Floats
    """(n,), of all members."""
    scale: Floats
    """(n,), by which a residual is measured: disagreement, and the floor."""
    half: Floats
    """(n,), half-width of the interval."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Regressors of three makes x folds, and the residuals of the rows that each did not see."""

    members: tuple[dict[str, Oracle], ...]
    """One of each make, a fold."""
    weight: Floats
    """(makes,), of what each make says: one that knows little is hardly heard."""
    floor: float
    """Least scale: half the median |residual|."""
    scores: Floats
    """(n,) ascending, |residual| / scale of the rows, each by members that did not see it."""
    level: float
    """Share of rows whose value lies inside the interval."""
    ordinary: float
    """Half-width in the median over those rows."""
    fit: float
    """R² on those rows."""

    def __call__(self, rows: Tensor) -> Opinion:
        """Say what rows (n, width) are worth."""
        by_fold = [_together(_of_fold(fold, rows), self.weight) for fold in self.members]
        mean, spread = np.mean(by_fold, 0)
        scale = self.floor + spread
        return Opinion(mean, scale, scale * quantile(self.scores, self.level))

    def surprise(self, score: Floats) -> Floats:
        """Return the share of real rows that lie nearer their value, in scales, (n,)."""
        return np.searchsorted(self.scores, score, side="left") / (len(self.scores) + 1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what makes it again, by `of_arrays`."""
        numbers = [self.floor, self.level, self.ordinary, self.fit]
        found: dict[str, NDArray[Any]] = {
            "scores": self.scores, "weight": self.weight, "numbers": np.array(numbers, np.float64)
        }  # fmt: skip
        for at, fold in enumerate(self.members):
            for make, member in fold.items():
                found |= {f"{at}/{make}/{name}": a for name, a in member.arrays().items()}
        return found

    @staticmethod
    def of_arrays(found: dict[str, NDArray[Any]]) -> Panel:
        """Make it again."""
        folds: list[dict[str, Oracle]] = []
        for at in range(FOLDS):
            fold = {}
            for make in makes.FITS:
                start = f"{at}/{make}/"
                own = {n[len(start) :]: a for n, a in found.items() if n.startswith(start)}
                fold[make] = makes.of_arrays(make, own)
            folds.append(fold)
        floor, level, ordinary, fit = found["numbers"].tolist()
        weight, scores = found["weight"], found["scores"]
        return Panel(tuple(folds), weight, floor, scores, level, ordinary, fit)


def fit_panel(
    rows: Tensor, value: Floats, group: NDArray[np.int64], level: float, seed: int
) -> Panel:
    """Fit a panel.

    Parameters
    ----------
    rows, value
        (n, width), and (n,) in standard deviations of the target.
    group
        (n,), the first row that each is nearly the same as: such rows share a fold.
    level
        Share of rows whose value lies inside the interval.
    seed
        Address of folds and fits.

    Raises
    ------
    Mistake
        There are too few rows for such an interval.
    """
    needed = int(np.ceil(level / (1 - level) - 1e-9))
    if len(rows) < max(needed, 10 * FOLDS):
        raise checks.Mistake(
            f"{max(needed, 10 * FOLDS)} rows or more for guide and audit each, for an interval "
            f"that holds {level:.0%}",
            len(rows),
            "give more rows",
        )
    order = seeding.numpy_generator(seed, "folds").permutation(len(rows))
    fold = (order % FOLDS)[group]
    members, unseen = [], np.empty((len(makes.FITS), len(rows)))
    for at in range(FOLDS):
        rest, own = torch.from_numpy(fold != at), torch.from_numpy(fold == at)
        values = torch.from_numpy(value[fold != at]).float()
        members.append(
            {m: f(rows[rest], values, seeding.fold(seed, at, m)) for m, f in makes.FITS.items()}
        )
        unseen[:, fold == at] = _of_fold(members[-1], rows[own])
    weight = _weights(unseen - value)
    mean, spread = _together(unseen, weight)
    residual = np.abs(value - mean)
    floor = max(float(np.median(residual)) / 2, 1e-6)
    scores = np.sort(residual / (floor + spread))
    ordinary = float(np.median(floor + spread)) * quantile(scores, level)
    fit = 1 - float((residual**2).sum() / ((value - value.mean()) ** 2).sum())
    return Panel(tuple(members), weight, floor, scores, level, ordinary, fit)


def quantile(scores: Floats, level: float) -> float:
    """Return the conformal quantile of ascending scores: the ⌈(n + 1)·level⌉-th."""
    at = int(np.ceil((len(scores) + 1) * level - 1e-9))
    return float(scores[min(at, len(scores)) - 1])


def _weights(residual: Floats) -> Floats:
    """Weigh makes by their residuals (makes, n) on unseen rows: 1 / (mean square)², sum 1."""
    each = 1 / np.maximum((residual**2).mean(1), 1e-12) ** 2
    return np.asarray(each / each.sum())


def _together(said: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation over makes of what they say (makes, n), (n,) each."""
    mean = weight @ said
    return mean, np.sqrt(weight @ (said - mean) ** 2)


def _of_fold(fold: dict[str, Oracle], rows: Tensor) -> Floats:
    """Return what each member of a fold says, (makes, n)."""
    return np.stack([member(rows)[:, 0].double().numpy() for member in fold.values()])
