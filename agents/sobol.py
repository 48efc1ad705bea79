"""Sobol points: plain sampling that leaves fewer gaps than chance."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from scipy.special import ndtri
from scipy.stats import qmc
from torch import Tensor

from genenv import seeding
from genenv.probe import Findings
from genenv.search import Search, Space

BATCH = 256  # points a draw: a power of two keeps the sequence balanced


@final
class Sobol(Search):
    """Scrambled Sobol points (Owen 1998), mapped to N(0, I) and to even labels.

    It learns nothing. Its points fill the space and are not independent: no interval of a rate may
    be taken from them, so it is no control as `random` is.

    Parameters
    ----------
    space, seed
        See `Search`.
    """

    def __init__(self, space: Space, seed: int) -> None:
        super().__init__(space, seed)
        rng = seeding.numpy_generator(seed, "sobol")
        self.points = qmc.Sobol(space.noise.base_dim + 1, rng=rng)
        self.left = np.zeros((0, space.noise.base_dim + 1))

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose the next points."""
        if not len(self.left):
            self.left = self.points.random(BATCH)
        u, self.left = self.left[:limit], self.left[limit:]
        inner = u[:, :-1].clip(1e-9, 1 - 1e-9)
        e = torch.from_numpy(ndtri(inner).astype(np.float32))
        label = torch.from_numpy((u[:, -1] * self.space.classes).astype(np.int64))
        return self.space.noise.project(e), label

    def tell(self, findings: Findings) -> None:
        """Learn nothing."""
