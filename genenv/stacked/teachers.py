"""Teachers that learn nothing themselves: baselines of Curriculum.

Each has `act(observation) -> actions`: (n, 3 · classes + 2) -> (n, classes + 2), as a trained agent
has. An action is a logit for each class over SHARPNESS, the noise's strength (0: as it is) and the
share of generated samples (-1: none, 1: all).
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
    strength, share
        Numbers of the action, for all decisions.
    """

    strength: float = 0.0
    share: float = 0.0

    def act(self, observation: Array) -> Array:
        """Ask for the same again."""
        return self._with(np.zeros((len(observation), _classes(observation)), np.float32))

    def _with(self, classes: Array) -> Array:
        rest = np.full((len(classes), 2), (self.strength, self.share), np.float32)
        return np.concatenate([classes.clip(-1, 1), rest], 1)


class InProportionToLoss(Even):
    """Classes as often as their validation loss is high."""

    def act(self, observation: Array) -> Array:
        """Read the losses."""
        return self._with(_logits(observation[:, : _classes(observation)]))


class InProportionToProgress(Even):
    """Classes as often as their validation loss has just changed.

    Absolute learning progress, as in Portelas et al., arXiv 1910.07224, section 3, of one step.
    """

    def act(self, observation: Array) -> Array:
        """Read the changes."""
        classes = _classes(observation)
        return self._with(_logits(np.abs(observation[:, 2 * classes : 3 * classes])))


TEACHERS = {
    "uniform": Even(),
    "real only": Even(share=-1.0),
    "generated only": Even(share=1.0),
    "in proportion to loss": InProportionToLoss(),
    "in proportion to progress": InProportionToProgress(),
}


def _classes(observation: Array) -> int:
    return int(observation.shape[1] - 2) // 3


def _logits(weight: Array) -> Array:
    """Actions whose softmax is in proportion to weights, about their geometric mean."""
    logits = np.log(np.maximum(weight, TINY))
    centred: Array = (logits - logits.mean(1, keepdims=True)) / SHARPNESS
    return centred
