"""Images that a policy sees, spoiled by the corruptions of `genenv.corruptions`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from genenv import checks
from genenv.codecs import Pictures
from genenv.corruptions import CORRUPTIONS

GREY_OR_COLOUR = (2, 3)  # axes of an image


class CorruptedObservation(gymnasium.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """Spoils each image that an environment shows; nothing else of it changes.

    In which way is a function of the environment's seed, the episode and the step, so that a reset
    with a seed repeats it.

    Parameters
    ----------
    env
        Its observations are images: a Box of uint8, (height, width) or (height, width, channels).
    corruption
        Of images: a name in `genenv.corruptions.CORRUPTIONS`.
    strength
        From 0, which changes nothing, to 5.

    Raises
    ------
    Mistake
        Other observations, an unknown corruption or one for other data, or a strength out of range.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], corruption: str, strength: float) -> None:
        RecordConstructorArgs.__init__(self, corruption=corruption, strength=strength)
        gymnasium.ObservationWrapper.__init__(self, env)
        space = env.observation_space
        images = isinstance(space, Box) and space.dtype == np.uint8
        if not images or len(space.shape or ()) not in GREY_OR_COLOUR:
            raise checks.Mistake("images of uint8 as observations", space, "wrap another one")
        kind = CORRUPTIONS[checks.choice("corruption", corruption, CORRUPTIONS)]
        assert space.shape is not None
        self.corruption = kind(Pictures(space.shape, "uint8", (0.0,), (255.0,)))
        self.corruption.amount(strength)
        self.strength = strength
        self._seed, self._shown = 0, 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; with a seed, corruptions repeat, else they go on."""
        if seed is not None:
            self._seed = seed
            self._shown = 0
        return super().reset(seed=seed, options=options)

    def observation(self, observation: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Spoil one image."""
        x = np.asarray(observation)[None]
        spoilt: NDArray[np.uint8] = self.corruption.sample(
            x, self.strength, self._seed, self._shown
        )[0]
        self._shown += 1
        return spoilt
