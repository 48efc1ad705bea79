"""Schedules that steer a GAN's training without looking at it: baselines of TrainingGame.

Each has `act(observation) -> actions`: (n, columns) -> (n, 5), as a trained agent has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# an action: ratio of rates, critic steps, penalty, overall rate, stop
Action = tuple[float, float, float, float, float]
LEFT = 7  # column of the share of the budget that is left


@dataclass(frozen=True)
class Constant:
    """The same action throughout."""

    action: Action = (0.0, -1.0, 0.0, 0.0, -1.0)

    def act(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, columns) -> (n, 5)."""
        return np.tile(np.array(self.action, np.float32), (len(observation), 1))


@dataclass(frozen=True)
class Decayed:
    """From one action to another, in proportion to the share of the budget that is spent.

    By default the ratio of the learning rates rises twentyfold: since the ratio leaves their
    product alone, the generator's rate decays to less than a quarter. The penalty falls twentyfold.
    """

    first: Action = (-0.3, 0.0, 0.3, 0.0, -1.0)
    last: Action = (1.0, 0.0, -1.0, 0.0, -1.0)
    bend: float = 1.0
    """Power of the share: below 1 the last action comes early."""

    def act(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, columns) -> (n, 5)."""
        spent = (1 - observation[:, LEFT, None]) ** self.bend
        first, last = (np.array([action], np.float32) for action in (self.first, self.last))
        return (1 - spent) * first + spent * last


def two_time_scale() -> Constant:
    """Four times the generator's learning rate for the critic, one critic step.

    Heusel et al., arXiv 1706.08500; the ratio is that of SAGAN, arXiv 1805.08318, section 4.
    """
    return Constant((float(np.log10(4.0)), -1.0, 0.0, 0.0, -1.0))


SCHEDULES = {"constant": Constant(), "decayed": Decayed(), "two-time-scale": two_time_scale()}
