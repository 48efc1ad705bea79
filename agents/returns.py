"""Returns of whole episodes on the same starts, so that two players are compared in pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from genenv import checks, seeding

Act = Callable[[NDArray[Any]], NDArray[Any]]


def returns(
    env_id: str, act: Act | None, episodes: int, seed: int, arguments: dict[str, Any] | None = None
) -> NDArray[np.float64]:
    """Play episodes, one a row of a batch.

    Parameters
    ----------
    env_id
        A registered id with a vector entry point.
    act
        (n, ...) observations -> (n, ...) actions; None: actions drawn from the action space.
    episodes
        How many; episode i is that of the environment reset with seed + i.
    seed
        See `episodes`.
    arguments
        Of the environment.

    Returns
    -------
    (episodes,): the sum of rewards of each, not discounted.
    """
    checks.integer("episodes", episodes)
    env = gymnasium.make_vec(
        env_id, episodes, autoreset_mode=AutoresetMode.NEXT_STEP, **(arguments or {})
    )
    try:
        return _played(env, act or _by_chance(env, seed), seed)
    finally:
        env.close()


def _played(env: VectorEnv[Any, Any, Any], act: Act, seed: int) -> NDArray[np.float64]:
    total = np.zeros(env.num_envs)
    alive = np.ones(env.num_envs, np.bool_)
    seen, _ = env.reset(seed=seed)
    while alive.any():
        seen, reward, terminated, truncated, _ = env.step(act(seen))
        total += np.where(alive, reward, 0.0)
        alive &= ~(terminated | truncated)
    return total


def _by_chance(env: VectorEnv[Any, Any, Any], seed: int) -> Act:
    env.action_space.seed(seeding.fold(seed, "chance") % 2**31)
    return lambda _: env.action_space.sample()
