"""What the decisions of live GAN runs took, and what they cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genenv.stacked.problems import Problems


class Bills:
    """Updates and cost of each row's episode so far.

    Parameters
    ----------
    rows, updates
        Of the batch, and of the generator in a decision.
    """

    def __init__(self, rows: int, updates: int) -> None:
        self.updates = updates
        self.generator_updates = np.zeros(rows, np.int64)
        self.critic_updates = np.zeros(rows, np.int64)
        self.cost = np.zeros(rows)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Forget these rows' episodes."""
        for state in (self.generator_updates, self.critic_updates, self.cost):
            state[rows] = 0

    def charge(
        self, rows: NDArray[np.int64], problems: Problems, steps: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Count a decision of so many critic steps a step, (k,) each, and return its cost (k,)."""
        critic = steps * self.updates
        cost: NDArray[np.float64] = problems.time_price[rows] + problems.update_price[rows] * critic
        self.generator_updates[rows] += self.updates
        self.critic_updates[rows] += critic
        self.cost[rows] += cost
        return cost
