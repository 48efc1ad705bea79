"""Teachers that learn nothing themselves: baselines of Curriculum.

Each has `act(observation) -> actions`: (n, columns) -> (n, classes + 5), as a trained agent has. An
action is a logit for each class over SHARPNESS, the noise's strength (0: as it is), the share of
generated samples (-1: none, 1: all), the learning rate (0: the problem's), labelled rows to be had
more (0: none) and whether to stop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARPNESS = 1.0  # a full action on one class and -1 on another: exp(2) times as often
TINY = 1e-3  # of a loss or progress, in nat

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Even:
    """All classes equally often.

    Parameters
    ----------
    strength, share, classes
        Numbers of the action, for all decisions; classes of the data.
    """

    strength: float = 0.0
    share: float = 0.0
    classes: int = 10

    def act(self, observation: Array) -> Array:
        """Ask for the same again."""
        return self._with(np.zeros((len(observation), self.classes), np.float32))

    def _with(self, classes: Array) -> Array:
        numbers = self.strength, self.share, 0.0, 0.0, -1.0
        rest = np.full((len(classes), len(numbers)), numbers, np.float32)
        return np.concatenate([classes.clip(-1, 1), rest], 1)


class InProportionToLoss(Even):
    """Classes as often as their validation loss is high."""

    def act(self, observation: Array) -> Array:
        """Read the losses."""
        return self._with(_logits(observation[:, : self.classes]))


class InProportionToProgress(Even):
    """Classes as often as their validation loss has just changed.

    Absolute learning progress, as in Portelas et al., arXiv 1910.07224, section 3, of one step.
    """

    def act(self, observation: Array) -> Array:
        """Read the changes."""
        changes = observation[:, 2 * self.classes : 3 * self.classes]
        return self._with(_logits(np.abs(changes)))


TEACHERS = {
    "uniform": Even(),
    "real only": Even(share=-1.0),
    "generated only": Even(share=1.0),
    "in proportion to loss": InProportionToLoss(),
    "in proportion to progress": InProportionToProgress(),
}


def _logits(weight: Array) -> Array:
    """Actions whose softmax is in proportion to weights, about their geometric mean."""
    logits = np.log(np.maximum(weight, TINY))
    centred: Array = (logits - logits.mean(1, keepdims=True)) / SHARPNESS
    return centred
