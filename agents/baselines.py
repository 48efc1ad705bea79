"""What an agent is to be held against in any seat: players that need no feedback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, Space
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from scipy.stats import trim_mean

from genenv import checks, intervals, seeding
from genenv.agents.hand_rules import HAND_RULES
from genenv.agents.returns import Act

TRIED = 16  # constants
EACH = 8  # episodes of each, and of an open loop

Returns = NDArray[np.float64]


@dataclass(frozen=True)
class Worth:
    """What a player is paid over episodes."""

    interquartile_mean: float
    """Mean of the middle half of the returns (arXiv 2108.13264): few odd episodes count little."""
    low: float
    """Of its bootstrap interval of 95 % over episodes."""
    high: float
    mean: float
    """Of all returns."""


@dataclass(frozen=True)
class Played:
    """Episodes side by side."""

    returns: Returns
    """(n,), not discounted."""
    actions: NDArray[Any]
    """(n, steps, ...)."""
    acting: NDArray[np.bool_]
    """(n, steps): whether the episode went on."""


@dataclass(frozen=True)
class Seat:
    """Fresh episodes of an environment, each of a problem of its own where problems are drawn."""

    env_id: str
    arguments: dict[str, Any]
    episodes: int
    seed: int

    def play(self, act: Act | None, turn: int = 0) -> Played:
        """Play every episode; `turn` counts other seeds of the same problems.

        `act`: (n, ...) observations -> (n, ...) actions; None: actions drawn from the space.
        """
        env = self._rows(self.episodes)
        numbers = np.arange(self.episodes) + self.seed
        options = {"problem": numbers} if "problem" in getattr(env, "asks", ()) else None
        try:
            return _played(env, act, self.seed + turn * self.episodes, options)
        finally:
            env.close()

    @cached_property
    def row(self) -> VectorEnv[Any, Any, Any]:
        """One row, closed: for what is known of the kind."""
        env = self._rows(1)
        env.close()
        return env

    @property
    def actions(self) -> Space[Any]:
        """Of one row."""
        return self.row.single_action_space

    def constant(self) -> Any:
        """Search the best constant action on other episodes: one of 16, eight episodes each."""
        env = self._rows(TRIED * EACH)
        space = env.single_action_space
        seed = seeding.fold(self.seed, "constants")
        if isinstance(space, Discrete):
            tried = seeding.numpy_generator(seed).integers(space.n, size=TRIED) + space.start
            tried[: space.n] = (np.arange(space.n) + space.start)[:TRIED]
        else:
            assert isinstance(space, Box)
            tried = seeding.numpy_generator(seed).uniform(-1, 1, (TRIED, *space.shape))
            tried[0] = 0.0
        rows = np.repeat(tried.astype(space.dtype), EACH, axis=0)
        try:
            returns = _played(env, lambda _: rows, seed % 2**31, None).returns
        finally:
            env.close()
        return rows[EACH * returns.reshape(TRIED, EACH).mean(1).argmax()]

    def open_loop(self, act: Act) -> Returns:
        """Replay an agent's mean action of each step over eight other seeds of the same problem.

        Of Discrete actions, the one taken most often.
        """
        runs = [self.play(act, 1 + turn) for turn in range(EACH)]
        steps = max(run.actions.shape[1] for run in runs)
        actions, acting = (
            np.stack([_padded(getattr(run, name), steps) for run in runs])
            for name in ("actions", "acting")
        )
        mean = _usual(actions, acting)
        left = iter([*np.moveaxis(mean, 1, 0)])
        last = mean[:, -1]
        return self.play(lambda _: next(left, last)).returns

    def _rows(self, count: int) -> VectorEnv[Any, Any, Any]:
        mode = AutoresetMode.NEXT_STEP
        return gymnasium.make_vec(self.env_id, count, autoreset_mode=mode, **self.arguments)


def table(
    env_id: str,
    act: Act,
    episodes: int,
    seed: int,
    arguments: dict[str, Any],
    advance: Callable[[int], None] | None = None,
) -> dict[str, Worth]:
    """Play an agent and what it is to be held against, all on the same fresh episodes.

    Parameters
    ----------
    env_id, arguments
        Of a seat with Box or Discrete actions.
    act
        The agent's: (n, ...) observations -> (n, ...) actions.
    episodes
        At least 2.
    seed
        Address of the episodes; those of searches and open loops are others.
    advance
        Called with 1 for each player.

    Returns
    -------
    Player -> worth, in one order: random, the best of 16 constants, the agent's own open loop, a
    hand-made rule where there is one, the agent.
    """
    found = {}
    for name, paid in played(env_id, act, episodes, seed, arguments, advance).items():
        rng = seeding.numpy_generator(0, "bootstrap")
        low, high = intervals.bootstrap(_interquartile_mean, (paid,), rng, vectorized=True)
        found[name] = Worth(float(_interquartile_mean(paid)), low, high, float(paid.mean()))
    return found


def played(
    env_id: str,
    act: Act,
    episodes: int,
    seed: int,
    arguments: dict[str, Any],
    advance: Callable[[int], None] | None = None,
) -> dict[str, Returns]:
    """Return the returns (episodes,) of each player of `table`, which see."""
    if checks.integer("episodes", episodes) < 2:
        raise checks.Mistake("2 episodes or more", episodes, "one return has no interval")
    seat = Seat(env_id, arguments, episodes, seed)
    players: dict[str, Callable[[], Returns]] = {
        "random": lambda: seat.play(None).returns,
        "best of 16 constants": lambda: _constantly(seat),
        "its open loop": lambda: seat.open_loop(act),
    }
    if env_id in HAND_RULES:
        name, rule = HAND_RULES[env_id]
        players[name] = lambda: seat.play(partial(rule, env=seat.row)).returns
    players["agent"] = lambda: seat.play(act).returns
    found = {}
    for name, play in players.items():
        found[name] = play()
        if advance is not None:
            advance(1)
    return found


def _interquartile_mean(returns: Returns, axis: int = -1) -> Any:
    return trim_mean(returns, 0.25, axis)


def _constantly(seat: Seat) -> Returns:
    action = seat.constant()
    return seat.play(lambda seen: np.repeat(action[None], len(seen), axis=0)).returns


def _played(
    env: VectorEnv[Any, Any, Any], act: Act | None, seed: int, options: dict[str, Any] | None
) -> Played:
    if act is None:
        env.action_space.seed(seeding.fold(seed, "chance") % 2**31)
    total, alive = np.zeros(env.num_envs), np.ones(env.num_envs, np.bool_)
    actions, acting = [], []
    seen, _ = env.reset(seed=seed, options=options)
    while alive.any():
        action = env.action_space.sample() if act is None else act(seen)
        actions.append(action)
        acting.append(alive.copy())
        seen, reward, terminated, truncated, _ = env.step(action)
        total += np.where(alive, reward, 0.0)
        alive &= ~(terminated | truncated)
    return Played(total, np.stack(actions, 1), np.stack(acting, 1))


def _padded(x: NDArray[Any], steps: int) -> NDArray[Any]:
    return np.pad(x, [(0, 0), (0, steps - x.shape[1])] + [(0, 0)] * (x.ndim - 2))


def _usual(actions: NDArray[Any], acting: NDArray[np.bool_]) -> NDArray[Any]:
    """Mean actions over runs (runs, n, steps, ...) of those that went on, the last one kept on."""
    if actions.dtype.kind in "iu":
        kinds = np.arange(actions.max() + 1)
        votes = ((actions[..., None] == kinds) & acting[..., None]).sum(0)
        mean = votes.argmax(-1)
    else:
        weight = acting.reshape(*acting.shape, *[1] * (actions.ndim - 3)).astype(np.float64)
        mean = (actions * weight).sum(0) / np.maximum(weight.sum(0), 1.0)
    for step in range(1, mean.shape[1]):
        over = ~acting[:, :, step].any(0)
        mean[over, step] = mean[over, step - 1]
    usual: NDArray[Any] = mean.astype(actions.dtype)
    return usual
