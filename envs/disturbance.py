"""genenv/Disturbance: nature against a policy, by the least energetic disturbance that fails it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks
from genenv.envs import events, walk_picture
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.channels import Channels, Setters, Strength, need_parts
from genenv.envs.drive import Drive
from genenv.envs.known_worlds import known
from genenv.envs.policies import check_answer, wrap
from genenv.envs.single import EntryPoint
from genenv.envs.world import LIMIT, Outcome, World, columns, flat, rows_from
from genenv.noise import Noise, from_json

BONUS, SHAPING = 1.0, 1.0  # of a failure; of a gain of 1 in miss distance
SPAN = 32  # steps that a picture spans at least


class Disturbance(BatchedEnv):
    """Disturb a policy's world until the policy fails, with as little energy as possible.

    ## Description
    A policy lives in a world, any Gymnasium environment, and never learns. In each step nature, the
    agent, gives a code e; a noise turns it into a disturbance z, and channels add strength · z to
    what the policy observes, does or is paid. Two channels act once, at the start of an episode: on
    the state, and on parameters of the dynamics, which are put back at every reset. Likely
    disturbances are those of little energy ½‖e‖²: the least energetic failure is the likeliest one,
    and β = √(2 · energy) is its distance in the base space.

    ## Action
    `Box(-1, 1, (base_dim,), float32)`: e = project(r · action), r = √χ²₀.₉₅(base_dim). All codes of
    an episode together stay in the plausible ball of its coordinates: ½Σ‖e‖² ≤ ½χ²₀.₉₅, and what
    would lead out of it shrinks to what is left. A step of the agent is a window of the noise: one
    step of the world for independent noise, several for a generator of longer windows. The last
    coordinates belong to dynamics (first) and start; they count in an episode's first step only,
    and r is that of the others in later ones.

    ## Observation
    `Box(-10, 10, (columns,), float32)`, everything clipped to the limits:

    | columns | what | unit |
    |---|---|---|
    | the world's | its observation, undisturbed; see below | |
    | width, for a series only | the last disturbance z | standard deviations |
    | 1 | energy spent | share of what the episode may cost |
    | 1 | share of the horizon left | |
    | 1 | miss distance; 0 without one | its own |

    Coordinates of a Box whose limits are finite and beyond ±10 are scaled to ±10; Discrete
    observations are one-hot.

    ## Reward
    scale · (-energy / horizon + shaping · (what the miss distance fell by) + bonus on the failure).
    The shaping is a difference of potentials that sums to the fall from start to end.

    ## Start and end
    The first episode of row i after `reset(seed=s)` starts the world with seed s + i, later ones
    with seeds from the row's address. `terminated`: the failure, or the world ended before the
    horizon, of itself or by its own time limit. `truncated`: the horizon, unless an episode is one
    window: that one is `terminated`.

    ## Info
    `energy` spent so far, ½Σ‖e‖²; `failed`; `miss`; `returns`, the sum of the world's rewards;
    `steps` of the world.

    ## Arguments
    None is needed: `gymnasium.make("genenv/Disturbance-v0")` drives Walk1D.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    world
        Id of the environment that the policy lives in.
    world_arguments
        Of that environment.
    policy
        A function of a batch of observations that returns actions, without a memory; a
        Stable-Baselines3 model; the path of its zip. None: the one that comes with the world
        (Walk1D and Crosswalk: rest, the disturbance is the action; CartPole: a linear one).
    trust, algorithm
        For a path: True lets it be read, which runs code that it holds; and what saved it.
    channels
        "observation", "action", "reward", "start" or "dynamics.PARAMETER" -> strength, see
        `channels.Channels`; PARAMETER is a dotted attribute of the unwrapped environment. None:
        those that come with the world.
    setters
        "start" or "dynamics.PARAMETER" -> setter, for what is no attribute.
    noise
        Drives observation and action; a `Noise` of (window · width) numbers or its `to_json`. None:
        independent Gaussian numbers. `Learned(generator)` drives windows of real disturbances, in
        the units that its generator learned; a strength of 1 leaves them as they were measured.
    failure
        "return": at its end the episode's return is below `threshold`; "terminated": the world
        terminates; or a function of an `Outcome` that returns flags (rows,). None: the world's own,
        or "return".
    threshold
        Of "return"; None: the reward threshold that the world is registered with.
    miss
        Function of an `Outcome`: distance from the failure (rows,). None: the world's own; for
        "return" else return - threshold, as a share of the threshold's size, and at least 0 unless
        the threshold is above 0.
    horizon
        World steps of an episode; None: as the world is registered.
    max_episode_steps
        Truncates earlier than the horizon, as Gymnasium's TimeLimit; None: no earlier.
    bonus, shaping
        Of a failure; of a gain of 1 in miss distance.
    scale
        Of the reward. Energy a horizon is small: a learner that does not normalise rewards wants
        returns of order 1 or more.
    plausible
        False: the action is e itself, without bounds; for rates under the noise's own law.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws disturbances, miss distance and energy over time.

    Raises
    ------
    Mistake
        If the parts do not fit each other, or a number is out of range.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        world: str = "genenv/Walk1D-v0",
        world_arguments: Mapping[str, Any] | None = None,
        policy: Any = None,
        trust: bool = False,
        algorithm: str = "PPO",
        channels: Mapping[str, Strength] | None = None,
        setters: Setters | None = None,
        noise: Noise | Mapping[str, Any] | None = None,
        failure: str | events.Failure | None = None,
        threshold: float | None = None,
        miss: events.Miss | None = None,
        horizon: int | None = None,
        max_episode_steps: int | None = None,
        bonus: float = BONUS,
        shaping: float = SHAPING,
        scale: float = 1.0,
        plausible: bool = True,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        for name, value in (("bonus", bonus), ("shaping", shaping)):
            if not 0 <= value < np.inf:
                raise checks.Mistake(f"{name} of 0 or more", value, "give a larger number")
        checks.positive("scale", scale)
        rows = checks.integer("num_envs", num_envs)
        apart = channels is not None and need_parts(channels)
        self.world = World(world, rows, world_arguments or {}, apart)
        own = known(self.world.name)
        trial = self.world.reset(np.ones(rows, np.bool_), np.arange(rows, dtype=np.uint64))
        strengths = own.channels if channels is None else channels
        self.channels = Channels(self.world, strengths, setters or {}, own)
        horizon = self.world.steps if horizon is None else horizon
        if horizon is None:
            raise checks.Mistake("a horizon for a world without a limit", None, "give one")
        law = noise if isinstance(noise, Noise) or noise is None else from_json(noise)
        self.horizon = checks.integer("horizon", horizon)
        self.bonus = bonus
        self.shaping = shaping
        self.scale = scale
        width, once = self.channels.width, self.channels.once
        self.drive = Drive(law, width, once, rows, horizon, plausible)
        spaces = self.world.observation_space, self.world.action_space
        self.policy = wrap(own.policy if policy is None else policy, *spaces, trust, algorithm)
        self.failure, self.miss, self.decided_at_end = events.find(
            self.world, own, failure, threshold, miss
        )
        if max_episode_steps is not None:
            checks.integer("max_episode_steps", max_episode_steps)
        reach = 1.0 if plausible else np.inf
        shown = columns(spaces[0]) + (width if self.drive.is_series else 0) + 3
        super().__init__(
            rows,
            Box(-LIMIT, LIMIT, (shown,), np.float32),
            Box(-reach, reach, (self.drive.law.base_dim,), np.float32),
            min(self.drive.windows, max_episode_steps or self.drive.windows),
            autoreset_mode,
            render_mode,
        )
        check_answer(self.policy(trial.observation), rows, spaces[1])
        events.check(self.failure, self.miss, trial)
        self._seen = trial.observation  # what the world shows, undisturbed
        self._spent, self._returns, self._miss = np.zeros((3, rows))
        self._steps = np.zeros(rows, np.int64)  # of the world
        self._failed, self._over = np.zeros((2, rows), np.bool_)
        self._film = walk_picture.Film(rows, self.drive.windows, self.drive.law.base_dim)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Put the dynamics back and start the world."""
        mask = np.zeros(self.num_envs, np.bool_)
        mask[rows] = True
        self.channels.restore(mask)
        self.drive.begin(rows)
        fresh = self.episode == 0
        seeds = np.where(fresh, self.row_seed, 0)
        seeds[rows[~fresh[rows]]] = self.keys(rows[~fresh[rows]], "world")
        outcome = self.world.reset(mask, seeds)
        for state in (self._spent, self._returns, self._steps, self._failed, self._over):
            state[rows] = 0
        self._seen = rows_from(mask, outcome.observation, self._seen)
        self._approach(outcome, mask)
        self._film.begin(rows, self._miss)

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Disturb a window of the world's steps in the live rows."""
        first, before = live & (self.elapsed == 1), self._miss.copy()
        e, energy = self.drive.code(action, self.elapsed == 1, self._spent)
        steps, once = self.drive.disturb(e, self.elapsed == 1, live)
        self._spent = np.where(live, self._spent + energy, self._spent)
        if self.drive.once and first.any():
            self._start(first, once)
        for step in range(self.drive.window):
            walking = live & ~self._over
            if walking.any():
                self._walk(steps[:, step], walking)
        self._film.take(np.flatnonzero(live), self.elapsed, e.numpy(), self._spent, self._miss)
        gain = self.shaping * (before - self._miss) + self.bonus * self._failed
        early = self._over & (self._steps < self.horizon)
        reward = self.scale * (gain - energy / self.horizon)
        return reward, self._failed | early | (self.drive.windows == 1)

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, columns) and the info named above."""
        own = (
            self.drive.last.numpy() if self.drive.is_series else np.zeros((self.num_envs, 0)),
            (self._spent / self.drive.budget)[:, None],
            (1 - self.elapsed / self.drive.windows)[:, None],
            self._miss[:, None],
        )
        seen = [flat(self.world.observation_space, self._seen), *own]
        info = {
            "energy": self._spent.copy(),
            "failed": self._failed.copy(),
            "miss": self._miss.copy(),
            "returns": self._returns.copy(),
            "steps": self._steps.copy(),
        }
        return np.concatenate(seen, 1).clip(-LIMIT, LIMIT).astype(np.float32), info

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw codes, miss distance and energy over time."""
        now = self.elapsed[row]
        state = "failed" if self._failed[row] else "over" if self._over[row] else "holds"
        span = min(self.limit, max(SPAN, 2 ** int(now).bit_length()))  # grows with the episode
        said = f"step {self._steps[row]}"
        return walk_picture.page(*self._film.so_far(row, now), self.drive.radius, span, said, state)

    def close_extras(self, **_kwargs: Any) -> None:
        """Close the world."""
        self.world.close()

    def _start(self, rows: Flags, once: NDArray[np.float32]) -> None:
        """Set dynamics and start of these rows; what a world reads in its reset counts as well."""
        if self.channels.set_dynamics(rows, once):
            self._seen = rows_from(rows, self.world.repeat(rows), self._seen)
            self.channels.set_dynamics(rows, once)  # a reset may draw parameters anew
        self._seen = self.channels.move_start(self._seen, rows, once)

    def _walk(self, z: NDArray[np.float32], walking: Flags) -> None:
        """Take one step of the world in these rows, disturbed by (rows, width)."""
        wanted = self.policy(self.channels.seen(self._seen, z))
        wanted = wanted.astype(self.world.action_space.dtype)
        seen, reward, ended, cut, info = self.world.step(self.channels.done(wanted, z), walking)
        reward = self.channels.paid(reward, z)
        self._returns = np.where(walking, self._returns + reward, self._returns)
        self._steps += walking
        last = ended | cut | (self._steps >= self.horizon)
        outcome = Outcome(seen, reward, self._returns, ended, cut, last, info)
        self._seen = rows_from(walking, seen, self._seen)
        self._approach(outcome, walking)
        self._failed = self._failed | (walking & self.failure(outcome))
        self._over = self._over | (walking & last) | self._failed

    def _approach(self, outcome: Outcome, rows: Flags) -> None:
        if self.miss is not None:
            self._miss = np.where(rows, self.miss(outcome), self._miss)


single = EntryPoint(Disturbance)
