"""The likeliest failures: from failures that are known towards the origin of the base space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from genenv import checks, seeding

Fails = Callable[[Tensor, Tensor], Tensor]
"""Base vectors (n, base_dim) and labels (n,) -> (n,), above 0 where they show the event."""

FIRST = 0.3  # of a point's length, that a first step moves it
GROW, SHRINK = 1.5, 0.85  # of the step, after it was taken and after it was not
HAIR = 0.9995  # of its length, that a point keeps where it is turned


def descend(fails: Fails, e: Tensor, label: Tensor, steps: int, seed: int) -> tuple[Tensor, Tensor]:
    """Bring failures as near to the origin as they stay failures.

    A (1+1) evolution strategy a point: steps inward and steps aside take turns, each with a reach
    of its own, and are taken where the point is still a failure. What it ends on is an upper bound
    of the least energy; FORM calls √(2·energy) the reliability index β (Hasofer and Lind 1974).

    Parameters
    ----------
    fails
        The event.
    e, label
        Known failures (m, base_dim), (m,).
    steps
        Of each point; a step is a query a point.
    seed
        Address of the draws.

    Returns
    -------
    The points (m, base_dim), and their energy ½‖e‖² (m,).

    Raises
    ------
    Mistake
        No point, or steps that are no whole number above zero.
    """
    checks.integer("steps", steps)
    checks.shape("label", label, (len(e),))
    if not len(e):
        raise checks.Mistake("failures to start from", "none", "give some")
    points, rows = e.clone(), np.arange(len(e))
    inward, aside = (torch.full((len(e), 1), FIRST) for _ in range(2))
    for step in range(steps):
        if step % 2:
            keys = seeding.fold_rows(seed, "descent", step, rows)
            noise = torch.from_numpy(seeding.normals(keys, e.shape[1])) / e.shape[1] ** 0.5
            points, aside = _tried(fails, points, label, _turned(points, aside * noise), aside)
        else:
            points, inward = _tried(fails, points, label, (1 - inward) * points, inward)
    return points, 0.5 * points.double().square().sum(1)


def _turned(points: Tensor, noise: Tensor) -> Tensor:
    """Turn points (m, dim) aside by noise in units of their length, and shorten them a hair."""
    length = points.norm(dim=1, keepdim=True)
    moved = points + length * noise
    shortened: Tensor = HAIR * length / moved.norm(dim=1, keepdim=True).clamp_min(1e-12)
    turned: Tensor = moved * shortened
    return turned


def _tried(
    fails: Fails, points: Tensor, label: Tensor, moved: Tensor, reach: Tensor
) -> tuple[Tensor, Tensor]:
    """Take the moves (m, dim) that are still failures; returns points and reaches (m, 1)."""
    taken = (fails(moved, label) > 0)[:, None]
    reach = (reach * torch.where(taken, GROW, SHRINK)).clamp_max(0.9)
    return torch.where(taken, moved, points), reach
