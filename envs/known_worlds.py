"""What is known of some worlds: how they fail, how near they are to it, what can be set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.envs.world import Outcome

Array = NDArray[Any]


@dataclass(frozen=True)
class Known:
    """Defaults for one world; whatever the user gives comes first."""

    failure: str = "return"
    miss: Callable[[Outcome], Array] | None = None
    """Distance from a failure (rows,), 0 at it and about 1 at the start."""
    policy: Callable[[Array], Array] | None = None
    """Observations (rows, ...) to actions (rows, ...)."""
    channels: Mapping[str, float] = field(default_factory=lambda: {"action": 0.5})
    start: Callable[[Any, Array], Array] | None = None
    """Setter of the start, see `channels.Start`."""
    derived: Mapping[str, Callable[[Any], float]] = field(default_factory=dict)
    """Attributes that follow from others."""


def rest(actions: int, observation: Array) -> Array:
    """Do nothing, with so many numbers an action."""
    return np.zeros((len(observation), actions), np.float32)


def balance(observation: Array) -> Array:
    """Keep CartPole's pole up: push to where it leans, with a little pull to the middle."""
    leaning = observation * np.array([0.1, 0.3, 1.0, 0.5], np.float32)
    right: Array = (leaning.sum(1) > 0).astype(np.int64)
    return right


def informed(outcome: Outcome) -> Array:
    """Read the distance from a failure in the info of our own worlds."""
    return outcome.info["miss"]  # type: ignore[no-any-return]


def cartpole_miss(outcome: Outcome) -> Array:
    """How far cart and pole are from the nearer of their limits, as a share of it."""
    place = np.abs(outcome.observation[:, 0]) / 2.4
    angle = np.abs(outcome.observation[:, 2])
    left: Array = (1 - np.maximum(place, angle / np.radians(12))).clip(0)
    return left


def cartpole_start(env: Any, shift: Array) -> Array:
    """Shift CartPole's state: place, speed, angle and its speed."""
    env.state = np.asarray(env.state, np.float64) + shift
    return np.asarray(env.state, np.float32)


def cartpole_mass(env: Any) -> float:
    """Mass of cart and pole together."""
    return float(env.masspole + env.masscart)


def cartpole_moment(env: Any) -> float:
    """Mass of the pole times half its length, as CartPole keeps it."""
    return float(env.masspole * env.length)


def pendulum_start(env: Any, shift: Array) -> Array:
    """Shift Pendulum's state: angle and its speed."""
    angle, speed = np.asarray(env.state, np.float64) + shift
    env.state = np.array([angle, np.clip(speed, -env.max_speed, env.max_speed)])
    return np.array([np.cos(angle), np.sin(angle), env.state[1]], np.float32)


def known(name: str) -> Known:
    """Look up a world by its id without the version."""
    return WORLDS.get(name, Known())


WORLDS = {
    "CartPole": Known(
        failure="terminated",
        miss=cartpole_miss,
        policy=balance,
        channels={"observation": 0.1},
        start=cartpole_start,
        derived={
            "total_mass": cartpole_mass,
            "polemass_length": cartpole_moment,
        },
    ),
    "Pendulum": Known(start=pendulum_start),
    "genenv/Crosswalk": Known("terminated", informed, partial(rest, 6), {"action": 1 / 6}),
    "genenv/Walk1D": Known("terminated", informed, partial(rest, 1), {"action": 1 / 6}),
}
