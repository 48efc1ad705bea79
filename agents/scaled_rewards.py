"""Rewards in the units that an algorithm learns in, where those of the game are too large."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper


class ScaledRewards(VecEnvWrapper):
    """Rows whose rewards an algorithm sees times a factor; what they log stays as it was.

    Stable-Baselines3 clips one gradient of policy and value together: where returns are of a
    hundred thousand, the value's is all that is left of it.
    """

    def __init__(self, venv: VecEnv, factor: float) -> None:
        super().__init__(venv)
        self.factor = np.float32(factor)

    def reset(self) -> Any:
        """Begin episodes in all rows."""
        return self.venv.reset()

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Step every row; see `VectorEnvBridge.step_wait`."""
        seen, reward, done, info = self.venv.step_wait()
        return seen, self.factor * reward, done, info
