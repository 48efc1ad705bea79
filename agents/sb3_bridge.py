"""From Gymnasium's VectorEnv to the VecEnv of Stable-Baselines3, which has no adapter for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from genenv import checks

Indices = int | Iterable[int] | None


class VectorEnvBridge(VecEnv):
    """A vector environment with autoreset "SameStep", as Stable-Baselines3 wants it.

    Equal to `DummyVecEnv` over the same single environments, step for step, with
    `terminal_observation` and `TimeLimit.truncated` in the info of ended rows. The rows are no
    objects of their own: attributes and methods are those of the whole batch, given for each row.

    Parameters
    ----------
    env
        Any Gymnasium vector environment whose `metadata["autoreset_mode"]` is `SAME_STEP`.

    Raises
    ------
    Mistake
        If the environment resets in another manner.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        mode = env.metadata.get("autoreset_mode")
        if mode is not AutoresetMode.SAME_STEP:
            do = "make the environment with autoreset_mode='SameStep'"
            raise checks.Mistake("a vector environment that resets in the same step", mode, do)
        self.env = env
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> Any:
        """Begin episodes in all rows, with the seeds and options set since the last reset."""
        options = self._options[0]
        if any(other != options for other in self._options):
            raise checks.Mistake("the same options for all rows", self._options, "give one dict")
        observation, info = self.env.reset(seed=self._seeds[0], options=options or None)
        self.reset_infos = rows_of(info, self.num_envs)
        self._reset_seeds()
        self._reset_options()
        return observation

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Step every row; observations, rewards (float32), ends, and one info a row."""
        observation, reward, terminated, truncated, info = self.env.step(self._actions)
        _check_finite(observation, reward)
        done = terminated | truncated
        final_obs, final_info = info.pop("final_obs", None), info.pop("final_info", {})
        infos = rows_of(info, self.num_envs)
        if done.any():
            final = rows_of(final_info, self.num_envs)
            for i in np.flatnonzero(done):
                self.reset_infos[i] = infos[i]
                infos[i] = final[i] | {"terminal_observation": final_obs[i]}
        for row, cut in zip(infos, (truncated & ~terminated).tolist(), strict=True):
            row["TimeLimit.truncated"] = cut
        return observation, reward.astype(np.float32), done, infos

    def close(self) -> None:
        """Close the vector environment."""
        self.env.close()

    def get_images(self) -> list[NDArray[np.uint8] | None]:
        """One picture a row, as the environment's render mode draws it."""
        frames = self.env.render()
        return [None] * self.num_envs if frames is None else list(frames)  # type: ignore[arg-type]

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        """Attribute of the batch, once for each index."""
        return [getattr(self.env, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        """Set an attribute of the batch; single rows have none."""
        if indices is not None:
            raise checks.Mistake("no indices", indices, "set the attribute for all rows")
        setattr(self.env, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Indices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the batch once; its result for each index."""
        result = getattr(self.env, method_name)(*method_args, **method_kwargs)
        return [result for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Indices = None) -> list[bool]:  # noqa: ARG002
        """Tell that no row is wrapped by itself."""
        return [False for _ in self._get_indices(indices)]


def _check_finite(observation: Any, reward: NDArray[Any]) -> None:
    """Raise a Mistake where an environment answers NaN, from which no network recovers."""
    parts = observation.values() if isinstance(observation, dict) else (observation,)
    for part in parts:
        checks.finite("observations of the environment", part)
    checks.finite("rewards of the environment", reward)


def rows_of(info: dict[str, Any], rows: int) -> list[dict[str, Any]]:
    """Split a batch's info into one dict a row, by the `_key` masks."""
    keys = [key for key in info if not key.startswith("_")]
    columns = [
        rows_of(info[key], rows) if isinstance(info[key], dict) else info[key] for key in keys
    ]
    if all(info[f"_{key}"].all() for key in keys):
        return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)] or [
            {} for _ in range(rows)
        ]
    return [
        {k: column[i] for k, column in zip(keys, columns, strict=True) if info[f"_{k}"][i]}
        for i in range(rows)
    ]
