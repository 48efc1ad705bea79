"""Single environments side by side: what the rows of a batch have to be."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray


class Singles:
    """Single environments stepped in a loop, in the manner of an autoreset mode.

    Parameters
    ----------
    envs
        One a row.
    mode
        Of the batch beside them.
    """

    def __init__(self, envs: list[gymnasium.Env[Any, Any]], mode: AutoresetMode) -> None:
        self.envs, self.mode = envs, mode
        self.done = np.zeros(len(envs), np.bool_)
        self.observations: list[Any] = [None] * len(envs)

    def reset(self, mask: NDArray[np.bool_], seed: int | None) -> list[dict[str, Any]]:
        """One dict a row: what its part of the batch's reset must be."""
        rows: list[dict[str, Any]] = []
        for i, env in enumerate(self.envs):
            info: dict[str, Any] = {}
            if mask[i]:
                self.observations[i], info = env.reset(seed=None if seed is None else seed + i)
            rows.append({"observation": self.observations[i], "info": info})
        self.done &= ~mask
        return rows

    def step(self, actions: list[Any]) -> list[dict[str, Any]]:
        """One dict a row: what its part of the batch's step must be."""
        return [self._step(i, action) for i, action in enumerate(actions)]

    def _step(self, i: int, action: Any) -> dict[str, Any]:
        if self.mode is AutoresetMode.NEXT_STEP and self.done[i]:
            observation, info = self.envs[i].reset()
            reward = 0.0
            terminated = False
            truncated = False
        else:
            observation, reward, terminated, truncated, info = self.envs[i].step(action)  # type: ignore[assignment]
        self.done[i] = terminated or truncated
        row: dict[str, Any] = {"reward": reward, "terminated": terminated, "truncated": truncated}
        if self.mode is AutoresetMode.SAME_STEP and self.done[i]:
            row |= {"final_obs": observation, "final_info": info}
            observation, info = self.envs[i].reset()
            self.done[i] = False
        self.observations[i] = observation
        return row | {"observation": observation, "info": info}

    def close(self) -> None:
        """Close them all."""
        for env in self.envs:
            env.close()
