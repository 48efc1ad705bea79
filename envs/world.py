"""The environment that a policy lives in, in a batch whose rows begin and step by choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import load_env_creator
from gymnasium.error import Error
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks
from genenv.downstream import import_module
from genenv.envs.batched import BatchedEnv, Flags

LIMIT = 10.0  # what is seen of a world is clipped to [-10, 10]
BOUNDED = 1e6  # a limit of an observation beyond this is none


WorldSpace = Box[Any] | Discrete[Any]


@dataclass(frozen=True)
class Outcome:
    """What a step of the world brought, one row an episode; after a reset, the rewards are 0."""

    observation: NDArray[Any]
    reward: NDArray[np.float64]
    returns: NDArray[np.float64]  # sum of rewards since the start
    terminated: Flags
    truncated: Flags
    last: Flags  # nothing follows: the world has ended, or the horizon is reached
    info: dict[str, Any]  # as the world's vector environment gives it


class World:
    """Any registered Gymnasium environment; a `BatchedEnv` natively, all else one by one.

    Parameters
    ----------
    id
        Of the environment, or module:id, where importing the module registers it.
    rows
        Of the batch.
    arguments
        Of the environment.
    apart
        Whether each row needs an environment of its own, whose attributes can be set.

    Raises
    ------
    Mistake
        The id is not registered, the arguments do not fit, or a space is of an unknown kind.
    """

    def __init__(self, id: str, rows: int, arguments: Mapping[str, Any], apart: bool) -> None:
        if ":" in id:  # Gymnasium would import the module itself, from elsewhere
            import_module(id.partition(":")[0])
        try:
            self.spec = gymnasium.spec(id)
            options: dict[str, Any] = {"autoreset_mode": AutoresetMode.DISABLED}
            if not apart and _is_native(self.spec):
                self.env = gymnasium.make_vec(id, rows, **options, **arguments)
            else:
                options = {"vector_kwargs": options, "disable_env_checker": True}
                self.env = gymnasium.make_vec(id, rows, "sync", **options, **arguments)
        except (Error, ModuleNotFoundError) as error:
            raise checks.Mistake(
                "world to be the id of an environment that can be made",
                f"{id!r} ({error})",
                "register or install it",
            ) from error
        except TypeError as error:
            raise checks.Mistake(f"arguments that {id} takes", error, "mend them") from error
        self.rows = rows
        self.observation_space = _known("observation", self.env.single_observation_space)
        self.action_space = _known("action", self.env.single_action_space)
        self._seeds = [0] * rows
        self._ended = np.zeros(rows, np.bool_)

    @property
    def name(self) -> str:
        """The id without its version."""
        return "/".join(part for part in (self.spec.namespace, self.spec.name) if part)

    @property
    def steps(self) -> int | None:
        """Steps of an episode, as the environment is registered; None: without a limit."""
        limit = getattr(self.env, "limit", None) or self.spec.max_episode_steps
        return limit or getattr(getattr(self.parts[0], "batch", None), "limit", None)

    @property
    def parts(self) -> list[Any]:
        """Return the environment of each row, unwrapped; of a native batch, the batch itself."""
        return [env.unwrapped for env in getattr(self.env, "envs", [self.env])]

    def reset(self, mask: Flags, seeds: NDArray[np.uint64]) -> Outcome:
        """Begin episodes in the rows of `mask`, each from its seed."""
        for row in np.flatnonzero(mask):
            self._seeds[row] = int(seeds[row])
        observation, info = self._reset(mask)
        zeros, no = np.zeros(self.rows), np.zeros(self.rows, np.bool_)
        return Outcome(observation, zeros, zeros, no, no, no, info)

    def repeat(self, mask: Flags) -> NDArray[Any]:
        """Begin the episodes of these rows again, from the same seeds; returns observations."""
        observation: NDArray[Any] = self._reset(mask)[0]
        return observation

    def step(self, actions: NDArray[Any], live: Flags) -> tuple[Any, ...]:
        """Step the live rows; the others begin their episode again.

        Gymnasium's vector environments step every row, so that one which waits is stepped as well
        and put back.
        """
        if self._ended.any():
            self._reset(self._ended)
        result = self.env.step(actions)
        self._ended = result[2] | result[3]
        if not live.all():
            self._reset(~live)
        return result

    def close(self) -> None:
        """Close the environments."""
        self.env.close()

    def _reset(self, mask: Flags) -> tuple[Any, dict[str, Any]]:
        self._ended = self._ended & ~mask
        return self.env.reset(seed=self._seeds, options={"reset_mask": mask.copy()})  # type: ignore[arg-type]


def _known(name: str, space: gymnasium.Space[Any]) -> WorldSpace:
    if not isinstance(space, Box | Discrete):
        raise checks.Mistake(f"a world whose {name}s are Box or Discrete", space, "wrap it")
    return space


def _is_native(spec: Any) -> bool:
    """Whether the id has a batch of its own that is reset by rows and seeded by row."""
    entry = spec.vector_entry_point
    if entry is None:
        return False
    kind = load_env_creator(entry) if isinstance(entry, str) else entry
    return isinstance(kind, type) and issubclass(kind, BatchedEnv)


def columns(space: WorldSpace) -> int:
    """Count the numbers in which `flat` lays out one observation."""
    return int(space.n) if isinstance(space, Discrete) else int(np.prod(space.shape))


def flat(space: WorldSpace, observation: NDArray[Any]) -> NDArray[np.float32]:
    """Lay out observations for an agent.

    Discrete ones one-hot; of a Box, coordinates whose limits are finite and beyond ±10 are scaled
    so that the limits are at 10; all clipped to [-10, 10].

    Returns
    -------
    (rows, columns(space)).
    """
    if isinstance(space, Discrete):
        picked = np.eye(int(space.n), dtype=np.float32)[observation - space.start]
        one_hot: NDArray[np.float32] = picked.reshape(len(observation), -1)
        return one_hot
    reach = np.maximum(np.abs(space.low), np.abs(space.high)).ravel().astype(np.float64)
    scale = np.where((reach > LIMIT) & (reach < BOUNDED), LIMIT / reach.clip(LIMIT), 1.0)
    rows = scale * observation.reshape(len(observation), -1)
    clipped: NDArray[np.float32] = rows.clip(-LIMIT, LIMIT).astype(np.float32)
    return clipped


def rows_from(mask: Flags, new: NDArray[Any], old: NDArray[Any]) -> NDArray[Any]:
    """Take the rows of a mask from one array and the others from another."""
    return np.where(mask.reshape(-1, *[1] * (new.ndim - 1)), new, old)
