"""Indicators of a training's health, as 0-d tensors: variety of samples, the critic."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import one_hot

from genenv import seeding
from genenv.data.dataset import Modes
from genenv.objectives.wasserstein import clipped_weights

LEAST_OF_CLASS = 4  # reference rows, below which a class has no diversity of its own
NEIGHBOUR = 5  # a sample covers a real row if it is nearer than the row's fifth real neighbour
FEW_COLUMNS = 8  # up to here distances are taken without the rounding of matrix products


class Reference:
    """Real rows against which the variety of samples is measured.

    Parameters
    ----------
    real
        (n, ...) in [-1, 1], at least 2.
    label
        Class indices (n,); all 0 without classes.
    made
        Class indices (m,) of the samples that will be compared; the first n as `label` has them.
    classes
        Their number.
    """

    def __init__(self, real: Tensor, label: Tensor, made: Tensor, classes: int) -> None:
        self.real = real.flatten(1)
        distance = _distances(self.real, self.real)
        near = min(NEIGHBOUR, len(real) - 1)
        self.radius = distance.sort(1).values[:, near : near + 1]  # column 0 is the row itself
        self._measure(distance, label, made, classes)
        if not len(self.judged):  # too few rows of each class, or all of a class are alike
            self._measure(distance, torch.zeros_like(label), torch.zeros_like(made), 1)

    def _measure(self, distance: Tensor, label: Tensor, made: Tensor, classes: int) -> None:
        """Set the classes that have a spread of their own, their spread and samples."""
        member = one_hot(label, classes).float()
        spread = _spread(distance, member)
        judged = (member.sum(0) >= min(LEAST_OF_CLASS, len(label))) & (spread > 0)
        self.judged = judged.nonzero()[:, 0]  # while training, to find them would stop the host
        self.spread = spread[self.judged]
        self.member = one_hot(made, classes).float()[:, self.judged]

    def compare(self, made: Tensor) -> dict[str, Tensor]:
        """Compare samples (m, ...) with the real rows.

        Returns
        -------
        `health/diversity`: mean distance of two samples of one class over that of two real rows,
        mean over the classes; `health/diversity/least`: of the class with the least. Neither where
        all real rows are alike.
        `health/coverage`: share of real rows that have a sample nearer than their fifth real
        neighbour (Naeem et al., arXiv 2002.09797, equation 6), of the first n samples; of as many
        fresh real rows 1 − 2⁻⁵ is expected.
        """
        made = made.flatten(1).float()
        found = {}
        if len(self.judged):
            ratio = _spread(_distances(made, made), self.member) / self.spread
            found = {"health/diversity": ratio.mean(), "health/diversity/least": ratio.min()}
        near = _distances(self.real, made[: len(self.real)]).min(1, keepdim=True).values
        found["health/coverage"] = (near <= self.radius).float().mean()
        return found


class Centres:
    """Known modes on a device.

    Parameters
    ----------
    modes
        Centres (K, d) and σ in the data's units.
    device
        Where the samples are.
    """

    def __init__(self, modes: Modes, device: torch.device) -> None:
        self.count = len(modes.centres)
        self.centres = torch.from_numpy(modes.centres).float().to(device)
        self.radius = 3 * modes.sigma

    def covered(self, made: Tensor) -> Tensor:
        """Count modes within 3σ of which a sample (m, d) in the data's units lies."""
        distance = _distances(made.float(), self.centres)
        nearest = one_hot(distance.argmin(1), self.count).bool()
        return (nearest & (distance <= self.radius)).any(0).sum().float()


def above(high: Tensor, low: Tensor) -> Tensor:
    """P(a score of `high` is above one of `low`) over all pairs, ties as half; 0.5: no difference.

    The area under the ROC curve: no unit, no threshold, the same for every objective.
    """
    difference = high[:, None] - low
    return (0.5 + 0.5 * difference.sign()).mean()


def at_bound(critic: nn.Module, clip: float) -> Tensor:
    """Share of the clipped weights that lie on ±clip."""
    weights = torch.cat([weight.detach().flatten() for weight in clipped_weights(critic)])
    return (weights.abs() >= clip * (1 - 1e-5)).float().mean()


def reference_rows(
    label: NDArray[np.int64] | None, rows: int, most: int, seed: int
) -> NDArray[np.int64]:
    """Choose at most `most` of the rows by chance, of every class as many as of another.

    Parameters
    ----------
    label
        Class indices (rows,); None: no classes.
    rows, most
        How many there are, and are chosen.
    seed
        Address of the choice.
    """
    order = seeding.numpy_generator(seed, "health", "rows").permutation(rows)
    if label is not None:
        own = label[order]
        by_class = np.argsort(own, kind="stable")
        first = np.searchsorted(own[by_class], own[by_class])
        turn = np.empty(rows, np.int64)
        turn[by_class] = np.arange(rows) - first  # 0 for the first row of each class, and so on
        order = order[np.argsort(turn, kind="stable")]
    return order[:most]


def _spread(distance: Tensor, member: Tensor) -> Tensor:
    """Mean distance of two rows of one class: (n, n), (n, classes) -> (classes,)."""
    count = member.sum(0)
    return (member * (distance @ member)).sum(0) / (count * (count - 1)).clamp_min(1)


def _distances(a: Tensor, b: Tensor) -> Tensor:
    exact = a.shape[1] <= FEW_COLUMNS
    mode = "donot_use_mm_for_euclid_dist" if exact else "use_mm_for_euclid_dist"
    return torch.cdist(a, b, compute_mode=mode)
