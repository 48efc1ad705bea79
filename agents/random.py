"""Plain chance: the control beside every other player."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from genenv import checks, seeding
from genenv.probe import Findings
from genenv.search import Search, Space


def starts(space: Space, seed: int, index: np.ndarray) -> tuple[Tensor, Tensor]:
    """Draw e ~ N(0, I) and uniform labels for addresses: (n,) -> (n, base_dim), (n,)."""
    e = seeding.normals(seeding.fold_rows(seed, "e", index), space.noise.base_dim)
    u = seeding.uniforms(seeding.fold_rows(seed, "label", index), 1)[:, 0]
    return torch.from_numpy(e), torch.from_numpy((u * space.classes).astype(np.int64))


@final
class Random(Search):
    """Independent draws from N(0, I), each label equally likely.

    Parameters
    ----------
    space, seed
        See `Search`.
    batch
        Queries a turn; the draws do not depend on it.
    """

    samples_law = True

    def __init__(self, space: Space, seed: int, *, batch: int = 256) -> None:
        super().__init__(space, seed)
        self.batch = checks.integer("batch", batch)
        self.asked = 0

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose the next addresses."""
        index = np.arange(self.asked, self.asked + min(limit, self.batch))
        self.asked += len(index)
        return starts(self.space, self.seed, index)

    def tell(self, findings: Findings) -> None:
        """Learn nothing."""
