"""Schedules that steer a GAN's training without looking at it: baselines of TrainingGame.

Each has `act(observation) -> actions`: (n, columns) -> (n, 3), as a trained agent has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Steering = tuple[float, float, float]  # an action: ratio of rates, critic steps, penalty


@dataclass(frozen=True)
class Constant:
    """The same action throughout."""

    action: Steering = (0.0, -1.0, 0.0)

    def act(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, columns) -> (n, 3)."""
        return np.tile(np.array(self.action, np.float32), (len(observation), 1))


@dataclass(frozen=True)
class Decayed:
    """From one action to another, in proportion to the share of the budget that is spent.

    By default the ratio of the learning rates rises twentyfold: since the ratio leaves their
    product alone, the generator's rate decays to less than a quarter. The penalty falls twentyfold.
    """

    first: Steering = (-0.3, 0.0, 0.3)
    last: Steering = (1.0, 0.0, -1.0)

    def act(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, columns) -> (n, 3); the last column is the share of the budget that is left."""
        left = observation[:, -1:]
        first, last = (np.array([action], np.float32) for action in (self.first, self.last))
        return left * first + (1 - left) * last


def two_time_scale() -> Constant:
    """Four times the generator's learning rate for the critic, one critic step.

    Heusel et al., arXiv 1706.08500; the ratio is that of SAGAN, arXiv 1805.08318, section 4.
    """
    return Constant((float(np.log10(4.0)), -1.0, 0.0))


SCHEDULES = {"constant": Constant(), "decayed": Decayed(), "two-time-scale": two_time_scale()}
