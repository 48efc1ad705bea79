"""Where a disturbance enters a world: what a policy sees, does or is paid, start, dynamics."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from genenv import checks
from genenv.envs.known_worlds import Known
from genenv.envs.world import World, columns

Array = NDArray[Any]
Strength = float | Sequence[float]
Setters = Mapping[str, Callable[..., Any]]


class Observation:
    """Adds strength · z to what the policy observes, within the limits of its Box."""

    def __init__(self, world: World, strength: Strength) -> None:
        space = world.observation_space
        if not isinstance(space, Box) or space.dtype.kind != "f":
            raise checks.Mistake("observations in a Box of floats", space, "take another channel")
        self.space = space
        self.size = columns(space)
        self.strength = checked("observation", strength, self.size)

    def __call__(self, observation: Array, z: Array) -> Array:
        """Shift (rows, ...) by (rows, size)."""
        return moved(observation, self.strength * z, self.space)


class Action:
    """Adds strength · z to what the policy does, within the limits of its Box.

    Of Discrete actions, z is added to the one-hot vector and the largest entry is taken.
    """

    def __init__(self, world: World, strength: Strength) -> None:
        self.space: Any = world.action_space
        self.size = columns(world.action_space)
        self.strength = checked("action", strength, self.size)

    def __call__(self, action: Array, z: Array) -> Array:
        """Shift (rows, ...) by (rows, size)."""
        shift = self.strength * z
        if isinstance(self.space, Discrete):
            own = np.eye(self.size)[action - self.space.start]
            largest: Array = (own + shift).argmax(1) + self.space.start
            return largest.astype(self.space.dtype)
        return moved(action, shift, self.space)


class Reward:
    """Adds strength · z to what the world pays in a step."""

    size = 1

    def __init__(self, strength: Strength) -> None:
        self.strength = float(checked("reward", strength, 1)[0])

    def __call__(self, reward: Array, z: Array) -> Array:
        """Shift (rows,) by (rows, 1)."""
        shifted: Array = reward + self.strength * z[:, 0].astype(np.float64)
        return shifted


class Start:
    """Adds strength · z to the state in which an episode starts, by a setter.

    `setter(env, shift)` shifts the state of an unwrapped environment by (size,) numbers and returns
    the observation there.
    """

    def __init__(
        self, world: World, strength: Strength, setter: Callable[[Any, Array], Array] | None
    ) -> None:
        if setter is None:
            do = 'give setters={"start": setter(env, shift) -> observation}'
            raise checks.Mistake("a world whose state can be set", world.name, do)
        state = np.asarray(getattr(world.parts[0], "state", np.zeros(np.size(strength))))
        self.setter = _callable(setter)
        self.parts = world.parts
        self.size = state.size
        self.strength = checked("start", strength, self.size)
        shown = setter(self.parts[0], np.zeros(self.size))
        answer = np.asarray(np.nan if shown is None else shown)
        checks.shape("what the start's setter returns", answer, world.observation_space.shape or ())
        checks.finite("what the start's setter returns", np.atleast_1d(answer))

    def __call__(self, observation: Array, rows: NDArray[np.int64], z: Array) -> Array:
        """Shift the starts of these rows by (rows, size); the observations there, in all rows."""
        observation = observation.copy()
        for row, shift in zip(rows.tolist(), self.strength * z[rows], strict=True):
            if shift.any():
                observation[row] = self.setter(self.parts[row], shift)
        return observation


class Dynamics:
    """Multiplies a number of the unwrapped environment by exp(strength · z), for an episode.

    The parameter is a dotted attribute, and those that follow from it follow; or `setter(env,
    shift)`, which is called with 0.0 at every reset, and with strength · z before and after the
    reset that follows, so that a parameter counts which the world reads when it begins.
    """

    size = 1

    def __init__(
        self,
        world: World,
        strength: Strength,
        parameter: str,
        setter: Callable[[Any, float], object] | None,
        derived: Mapping[str, Callable[[Any], float]],
    ) -> None:
        self.strength = float(checked(f"dynamics.{parameter}", strength, 1)[0])
        self.parts = world.parts
        self.set = self._set if setter is None else _callable(setter)
        if setter is None:
            self.path = parameter.split(".")
            self.derived = derived
            self.nominal = number(world.parts[0], parameter, derived)

    def restore(self, rows: NDArray[np.int64]) -> None:
        """Put the parameter of these rows back."""
        for row in rows:
            self.set(self.parts[row], 0.0)

    def __call__(self, rows: NDArray[np.int64], z: Array) -> None:
        """Set the parameter of these rows."""
        for row in rows:
            self.set(self.parts[row], self.strength * float(z[row, 0]))

    def _set(self, env: Any, shift: float) -> None:
        owner = reduce(getattr, self.path[:-1], env)
        setattr(owner, self.path[-1], self.nominal * math.exp(shift))
        for name, value in self.derived.items():
            setattr(env, name, value(env))


def _callable(setter: Any) -> Any:
    if not callable(setter):
        raise checks.Mistake("a setter that can be called", repr(setter), "give a function")
    return setter


def number(env: Any, parameter: str, derived: Mapping[str, Any]) -> float:
    """Read a dynamics parameter, or raise a Mistake that lists those there are."""
    there = [k for k, v in vars(env).items() if _is_number(v) and k not in derived and k[0] != "_"]
    try:
        value = reduce(getattr, parameter.split("."), env)
    except AttributeError:
        value = None
    if not _is_number(value) or parameter in derived or value == 0:
        options = ", ".join(sorted(there)) or "none of its own"
        got = f"{parameter!r}" if value is None else f"{parameter!r}, {_why(parameter, derived)}"
        raise checks.Mistake(
            f"a dynamics parameter of {type(env).__name__} ({options})",
            got,
            "choose one, or give a setter",
        )
    return float(value)


def _why(parameter: str, derived: Mapping[str, Any]) -> str:
    return "which follows from others" if parameter in derived else "which is 0 or no number"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def checked(name: str, strength: Strength, size: int) -> NDArray[np.float32]:
    """Return strengths as (size,), or raise a Mistake unless they are numbers of 0 or more."""
    array = np.asarray(strength, np.float32)
    if array.shape not in ((), (size,)):
        raise checks.Mistake(
            f"strength of {name}: 1 or {size} numbers", array.shape, "give as many"
        )
    if not (np.isfinite(array) & (array >= 0)).all():
        raise checks.Mistake(f"strength of {name} of 0 or more", strength, "give a larger one")
    return np.broadcast_to(array, (size,))


def moved(x: Array, shift: Array, space: Box) -> Array:
    """Shift within the limits of a Box; what is not shifted stays as it is, bit for bit."""
    shift = shift.reshape(x.shape)
    return np.where(shift == 0, x, (x + shift).clip(space.low, space.high)).astype(x.dtype)


class Channels:
    """All channels of a world: those of every step, and those of the start.

    Parameters
    ----------
    world
        Where they enter.
    strengths
        "observation", "action", "reward", "start" or "dynamics.PARAMETER" -> strength: the standard
        deviation of the disturbance under standard-normal noise, one number or one a coordinate.
    setters
        "start" or "dynamics.PARAMETER" -> setter; see `Start` and `Dynamics`.
    known
        What is known of the world.

    Raises
    ------
    Mistake
        A channel, a parameter or a strength does not fit the world.
    """

    def __init__(
        self, world: World, strengths: Mapping[str, Strength], setters: Setters, known: Known
    ) -> None:
        if not strengths:
            raise checks.Mistake("at least one channel", "none", "give one and its strength")
        for name in setters:
            checks.choice("a setter's channel", name, strengths)
        self.observation: Observation | None = None
        self.action: Action | None = None
        self.reward: Reward | None = None
        self.start: Start | None = None
        self.dynamics: list[Dynamics] = []
        for name, strength in strengths.items():
            kind, _, parameter = name.partition(".")
            if kind == "dynamics" and parameter:
                setter = setters.get(name)
                self.dynamics.append(Dynamics(world, strength, parameter, setter, known.derived))
            elif name == "observation":
                self.observation = Observation(world, strength)
            elif name == "action":
                self.action = Action(world, strength)
            elif name == "reward":
                self.reward = Reward(strength)
            elif name == "start":
                self.start = Start(world, strength, setters.get("start", known.start))
            else:
                options = ["observation", "action", "reward", "start", "dynamics.PARAMETER"]
                checks.choice("a channel", name, options)
        each = self.observation, self.reward, self.action  # in this order in a disturbance
        self.width = sum(one.size for one in each if one)
        self.once = len(self.dynamics) + (self.start.size if self.start else 0)

    def seen(self, observation: Array, z: Array) -> Array:
        """Return what the policy sees, given the disturbance (rows, width) of a step."""
        if self.observation is None:
            return observation
        return self.observation(observation, z[:, : self.observation.size])

    def done(self, action: Array, z: Array) -> Array:
        """Return what is done, given the disturbance (rows, width) of a step."""
        return action if self.action is None else self.action(action, z[:, -self.action.size :])

    def paid(self, reward: Array, z: Array) -> Array:
        """Return what the world pays (rows,), given the disturbance (rows, width) of a step."""
        if self.reward is None:
            return reward
        at = self.observation.size if self.observation else 0
        return self.reward(reward, z[:, at : at + 1])

    def restore(self, mask: NDArray[np.bool_]) -> None:
        """Put the dynamics of these rows back."""
        for one in self.dynamics:
            one.restore(np.flatnonzero(mask))

    def set_dynamics(self, mask: NDArray[np.bool_], z: Array) -> bool:
        """Disturb the dynamics of these rows by (rows, once); whether there was any to disturb."""
        rows = np.flatnonzero(mask)
        for i, one in enumerate(self.dynamics):
            one(rows, z[:, i : i + 1])
        return bool(self.dynamics)

    def move_start(self, observation: Array, mask: NDArray[np.bool_], z: Array) -> Array:
        """Disturb the start of these rows by (rows, once); returns the observations there."""
        if self.start is None:
            return observation
        return self.start(observation, np.flatnonzero(mask), z[:, len(self.dynamics) :])


def need_parts(strengths: Mapping[str, Strength]) -> bool:
    """Whether a channel sets attributes, so that each row needs an environment of its own."""
    return any(name.partition(".")[0] in ("start", "dynamics") for name in strengths)
