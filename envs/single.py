"""The single environment is the batch of one."""

from __future__ import annotations

import dataclasses
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import concatenate, create_empty_array, iterate
from numpy.typing import NDArray

from genenv import checks
from genenv.envs import asked
from genenv.envs.batched import BatchedEnv, Info


class Single(gymnasium.Env[Any, Any]):
    """The batch of one as a plain Gymnasium environment.

    Parameters
    ----------
    batch
        With one row and autoreset "Disabled"; reachable as `batch`.
    """

    def __init__(self, batch: BatchedEnv) -> None:
        if batch.num_envs != 1 or batch.autoreset_mode is not AutoresetMode.DISABLED:
            got = f"{batch.num_envs} rows, {batch.autoreset_mode.value}"
            raise checks.Mistake("one row with autoreset_mode='Disabled'", got, "make it so")
        self.batch = batch
        self.observation_space = batch.single_observation_space
        self.action_space = batch.single_action_space
        self.render_mode = batch.render_mode
        self.metadata = {k: v for k, v in batch.metadata.items() if k != "autoreset_mode"}

    @property
    def spec(self) -> EnvSpec | None:
        """What `gymnasium.make` was asked for, with the limit of steps that the options imply."""
        return self.batch.spec

    @spec.setter
    def spec(self, made: EnvSpec | None) -> None:
        self.batch.spec = made

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, Info]:
        """Begin an episode; None as seed goes on with the next one."""
        super().reset(seed=seed)
        self.batch.np_random = self.np_random
        observation, info = self.batch.reset(seed=seed, options=options)
        return self._row(observation), _row_of(info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Info]:
        """Take one step.

        Raises
        ------
        Mistake
            If the action is not of the space's shape or kind, or not finite.
        """
        space = self.action_space
        if space.shape is not None:
            action = asked.numbers("action", action, space)
        actions = concatenate(space, [action], create_empty_array(space, 1))  # type: ignore[arg-type]
        observation, reward, terminated, truncated, info = self.batch.step(actions)
        flags = bool(terminated[0]), bool(truncated[0])
        return self._row(observation), float(reward[0]), *flags, _row_of(info)

    def render(self) -> NDArray[np.uint8] | None:
        """Draw the episode as it stands, (height, width, 3); None without a render mode."""
        frames = self.batch.render()
        return None if frames is None else frames[0]

    def close(self) -> None:
        """Release what the environment holds."""
        self.batch.close()

    def _row(self, observation: Any) -> Any:
        return next(iter(iterate(self.batch.observation_space, observation)))


@dataclasses.dataclass(frozen=True)
class EntryPoint:
    """Makes the single environment of a kind, for Gymnasium's registry.

    Gymnasium reads `metadata` off an entry point before it calls it: without, it offers neither
    "human" nor "rgb_array_list", which it makes of "rgb_array".
    """

    kind: type[BatchedEnv]

    @property
    def metadata(self) -> dict[str, Any]:
        """That of the kind."""
        return self.kind.metadata

    def __call__(self, **arguments: Any) -> Single:
        """Make it; takes the kind's arguments except `num_envs` and `autoreset_mode`."""
        make: Any = self.kind
        return Single(make(1, autoreset_mode=AutoresetMode.DISABLED, **arguments))


def _row_of(info: Info) -> Info:
    """Row 0 of dense arrays, without the masks; flags as Python bools."""
    return {
        key: bool(value[0]) if value.dtype == np.bool_ and value.ndim == 1 else value[0]
        for key, value in info.items()
        if not key.startswith("_")
    }
