"""Dynamics written once, in batches."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, iterate
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.envs import asked

Array = NDArray[Any]
Flags = NDArray[np.bool_]
Info = dict[str, Any]


class BatchedEnv(VectorEnv[Any, Any, Array], ABC):
    """A vector environment whose author writes `begin`, `advance` and `observe`, once, for rows.

    Seeds, episodes, time limits, the three autoreset modes and masked resets are kept here. Row i
    of `reset(seed=s)` is the single environment reset with s + i, because every draw of a row
    comes from `keys`, never from a stream that rows share. Without a seed, `reset()` begins the
    next episode of each row; the first one then takes its row seeds from `np_random`.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    observation_space, action_space
        Of one row.
    limit
        Steps after which an episode is truncated.
    autoreset_mode
        `AutoresetMode` or its value: "NextStep" (Gymnasium's default), "SameStep" (what
        Stable-Baselines3 needs) or "Disabled" (reset by `options={"reset_mask": ...}`).
    render_mode
        One of the class's `metadata["render_modes"]`, or None: no pictures.

    Raises
    ------
    Mistake
        If a count is below one or a mode is unknown.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (Gymnasium's own annotation)
    nondeterministic = False  # True where what others do counts, whatever the seed
    asks: tuple[str, ...] = ()  # options of `reset` beside the mask
    longest: int | None = None  # steps of an episode, where it terminates before the limit

    def __init__(
        self,
        num_envs: int,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        limit: int,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        num_envs = checks.integer("num_envs", num_envs)
        checks.positive("the steps of an episode", limit)
        if render_mode is not None:
            checks.choice("render_mode", render_mode, self.metadata["render_modes"])
        if not isinstance(autoreset_mode, AutoresetMode):
            values = [mode.value for mode in AutoresetMode]
            autoreset_mode = AutoresetMode(checks.choice("autoreset_mode", autoreset_mode, values))
        self.num_envs = num_envs
        self.limit = limit
        self.render_mode = render_mode
        self.autoreset_mode = autoreset_mode
        self.metadata = {**self.metadata, "autoreset_mode": autoreset_mode}
        self.single_observation_space = observation_space
        self.single_action_space = action_space
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self.row_seed = np.zeros(num_envs, np.uint64)
        self.episode = np.full(num_envs, -1)  # -1: never begun; 0: first since the row was seeded
        self.elapsed = np.zeros(num_envs, np.int64)  # the number of the step in its episode, from 1
        self._done = np.zeros(num_envs, np.bool_)
        self._spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """What `gymnasium.make_vec` was asked for, and the most steps of an episode.

        The registry states no such number: one that did not follow the options would have
        Gymnasium's TimeLimit cut longer episodes.
        """
        return self._spec

    @spec.setter
    def spec(self, made: EnvSpec | None) -> None:
        if made is not None:
            most = min(self.limit, self.longest or self.limit)
            drifts = made.nondeterministic or self.nondeterministic
            made = dataclasses.replace(made, max_episode_steps=most, nondeterministic=drifts)
        self._spec = made

    @abstractmethod
    def begin(self, rows: NDArray[np.int64]) -> None:
        """Start episodes in these rows, given by index; draw from `keys(rows, ...)`."""

    def configure(self, rows: NDArray[np.int64], options: dict[str, Any]) -> None:
        """Take what the options of a `reset` ask of the episodes that it begins in these rows.

        Called before `begin`, whatever the options are; episodes that begin by themselves later
        have none. A `Mistake` that is raised here leaves the environment as it was.
        """

    @abstractmethod
    def advance(self, action: Any, live: Flags) -> tuple[Array, Flags]:
        """Take one step in the live rows and leave the others alone.

        Parameters
        ----------
        action
            One action a row, as `action_space` batches it.
        live
            (num_envs,): the rows that step.

        Returns
        -------
        reward, terminated
            (num_envs,) each; what they hold in the other rows is not looked at.
        """

    @abstractmethod
    def observe(self) -> tuple[Any, dict[str, Array]]:
        """Return the batch of observations and dense info arrays (num_envs, ...), newly made."""

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw one row: (height, width, 3). Classes that name a render mode replace it."""
        raise NotImplementedError(f"{type(self).__name__} draws no pictures, not of row {row}")

    @final
    def keys(self, rows: NDArray[np.int64], *path: str | int) -> NDArray[np.uint64]:
        """Keys for `seeding.uniforms` and `normals`: the address (row's seed, episode, step, path).

        Parameters
        ----------
        rows
            Indices of rows.
        *path
            What is drawn, so that two draws of a step differ.
        """
        address = self.row_seed[rows], self.episode[rows], self.elapsed[rows]
        return seeding.fold_rows(*address, *path)

    @final
    def reset(
        self,
        *,
        seed: int | Sequence[int] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, Info]:
        """Begin episodes, in all rows or in those of `options["reset_mask"]`.

        Parameters
        ----------
        seed
            Row i is seeded with seed + i, or with seed[i] of a sequence; None goes on with the next
            episode of each row.
        options
            `reset_mask`, (num_envs,) bool: rows to begin; the others stay as they are. What else
            there is goes to `configure`: what `asks` names.

        Raises
        ------
        ClosedEnvironmentError
            After `close`.
        ResetNeeded
            If rows outside of the mask have never begun.
        Mistake
            If the mask is none, the seeds are not one a row, or an option has another name.
        """
        self._check_open()
        super().reset(seed=seed if isinstance(seed, int) else None)
        options = asked.known(options, self.asks)
        mask = asked.reset_mask(options, self.num_envs)
        if (~mask & (self.episode < 0)).any():
            raise ResetNeeded("expected every row to have begun; call reset() without a mask first")
        self.configure(np.flatnonzero(mask), options)
        if seed is not None:
            self._seed(mask, seed)
        elif (fresh := mask & (self.episode < 0)).any():
            self._seed(fresh, int(self.np_random.integers(2**62)))
        self._begin(mask)
        observation, info = self.observe()
        return observation, masked(info, mask)

    @final
    def step(self, actions: Any) -> tuple[Any, Array, Flags, Flags, Info]:
        """Take one step in every row; see `reset` for seeds and masks.

        Returns
        -------
        observation, reward, terminated, truncated, info
            Batched over rows, newly made. With "SameStep", `info["final_obs"]` and
            `info["final_info"]` hold what ended, in the rows of `info["_final_obs"]`.

        Raises
        ------
        ClosedEnvironmentError
            After `close`.
        ResetNeeded
            Before the first `reset`, or with "Disabled" while rows wait for theirs.
        Mistake
            If actions are not one a row, of another kind, or not finite.
        """
        self._check_open()
        self._check_begun()
        self._check_alive()
        if self.action_space.shape is not None:
            actions = asked.numbers("actions", actions, self.action_space)
            checks.finite("actions", actions)
        live = ~self._done
        self._begin(self._done)  # only "NextStep" has rows to begin here
        self.elapsed[live] += 1
        reward, terminated = self.advance(actions, live)
        reward = np.where(live, reward, 0.0)
        terminated = terminated & live
        truncated = live & (self.elapsed >= self.limit)
        self._done = terminated | truncated
        observation, info = self.observe()
        info = masked(info, np.ones(self.num_envs, np.bool_))
        if self.autoreset_mode is AutoresetMode.SAME_STEP and self._done.any():
            observation, info = self._same_step(observation, info)
        return observation, reward, terminated, truncated, info

    @final
    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """Draw every row, as `render_mode` says; None without one."""
        self._check_open()
        if self.render_mode is None:
            return None
        self._check_begun()
        return tuple(self.picture(row) for row in range(self.num_envs))

    def _same_step(self, observation: Any, info: Info) -> tuple[Any, Info]:
        done = self._done
        final_info = {key: value for key, value in info.items() if not key.startswith("_")}
        final_obs = (
            observation if isinstance(observation, np.ndarray) else self._objects(observation)
        )
        self._begin(done)
        begun, info = self.observe()
        info = masked(info, np.ones(self.num_envs, np.bool_))
        final = {"final_obs": final_obs, "final_info": masked(final_info, done)}
        return begun, info | masked(final, done)

    def _objects(self, observation: Any) -> Array:
        """One object a row, as Gymnasium hands over final observations of nested spaces."""
        rows = np.empty(self.num_envs, object)
        rows[:] = list(iterate(self.observation_space, observation))
        return rows

    def _begin(self, mask: Flags) -> None:
        if mask.any():
            self.episode[mask] += 1
            self.elapsed[mask] = 0
            self._done = self._done & ~mask
            self.begin(np.flatnonzero(mask))

    def _seed(self, mask: Flags, seed: int | Sequence[int]) -> None:
        self.row_seed[mask] = asked.row_seeds(seed, self.num_envs)[mask]
        self.episode[mask] = -1

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedEnvironmentError("expected an open environment, got a closed one; make one")

    def _check_begun(self) -> None:
        if (self.episode < 0).any():
            raise ResetNeeded("expected reset() before the first step or picture; call it")

    def _check_alive(self) -> None:
        if self.autoreset_mode is AutoresetMode.DISABLED and self._done.any():
            rows = np.flatnonzero(self._done).tolist()
            raise ResetNeeded(
                f"rows {rows} have ended; reset them with options={{'reset_mask': ...}}"
            )


def masked(info: dict[str, Any], mask: Flags) -> Info:
    """Pair every key with the `_key` mask of rows that have it, as Gymnasium does."""
    return info | {f"_{key}": mask.copy() for key in info}
