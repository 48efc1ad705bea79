"""Rules that a person would write for a seat: baselines of its agents, by the environment's id."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray
from scipy import stats

from genenv.envs import ForgerSequence
from genenv.stacked.schedules import Decayed
from genenv.stacked.teachers import TEACHERS

EQUAL_PUSH = 1 / 18  # a third of a standard deviation, of six: the least energy at edge 10
HIDDEN_AT = (
    -1.75
)  # m across, a step before it counts: the car does not yield to whom it takes there
DEVIATION = 0.316 * 6  # m of a full error of the measured position
AMONG_DATA = 0.97  # of the way to the largest value in the data


Env = VectorEnv[Any, Any, Any]


class Rule(Protocol):
    """What a person would do, without having learned anything."""

    def __call__(self, seen: NDArray[Any], env: Env) -> NDArray[Any]:
        """Observations (n, ...) and an environment of the kind -> actions (n, ...)."""


def _shape(env: Env) -> tuple[int, ...]:
    """Of one row's action."""
    shape = env.single_action_space.shape
    assert shape is not None
    return shape


def _equal_pushes(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    del env
    return np.full((len(seen), 1), EQUAL_PUSH * (1 + 1e-6), np.float32)


def _equal_codes(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    """Disturb every step alike, by a third of a standard deviation in each coordinate."""
    reach = np.sqrt(stats.chi2.ppf(0.95, _shape(env)[0]))
    return np.full((len(seen), *_shape(env)), (1 + 1e-5) / 3 / reach, np.float32)


def _hides(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    """Have the car measure the pedestrian beside the road, wherever one walks in front of it."""
    action = np.zeros((len(seen), *_shape(env)), np.float32)
    beyond = (seen[:, 1] - HIDDEN_AT).clip(0) * (seen[:, 0] > 0)
    action[:, 5] = -(beyond / DEVIATION).clip(0, 1)
    return action


def _outwards(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    """Go away from the middle of the base space, where samples are usual."""
    e = seen[:, : _shape(env)[0]].astype(np.float32)
    action: NDArray[Any] = e / np.abs(e).max(1, keepdims=True).clip(1e-6)
    return action


def _on_a_sphere(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    """Scale the noise to the length of the outermost rows of the ring."""
    e = np.resize(seen.T, (_shape(env)[0], len(seen))).T.astype(np.float32)
    action: NDArray[Any] = AMONG_DATA * e / np.linalg.norm(e, axis=1, keepdims=True).clip(1e-6)
    return action


def _decayed(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    del env
    return Decayed().act(seen)


def _generated_only(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    del env
    return TEACHERS["generated only"].act(seen)


def _real_again(seen: NDArray[Any], env: Env) -> NDArray[Any]:
    """Write real sequences anew: row i begins as the i-th does, and goes on as the first such."""
    game = env.unwrapped
    assert isinstance(game, ForgerSequence)
    sequences = game.real.numpy()
    written = (seen < game.vocabulary).sum(1)
    action: NDArray[Any] = sequences[np.arange(len(seen)) % len(sequences), 0].copy()
    for row in np.flatnonzero(written):
        like = (sequences[:, : written[row]] == seen[row, : written[row]]).all(1)
        action[row] = sequences[like.argmax(), written[row]]
    return action


HAND_RULES: dict[str, tuple[str, Rule]] = {
    "genenv/LatentProbe-v0": ("outwards", _outwards),
    "genenv/Forger-v0": ("noise on a sphere", _on_a_sphere),
    "genenv/ForgerSequence-v0": ("real sequences again", _real_again),
    "genenv/TrainingGame-v0": ("decayed rates", _decayed),
    "genenv/Curriculum-v0": ("generated rows only", _generated_only),
    "genenv/Disturbance-v0": ("equal disturbances", _equal_codes),
    "genenv/Walk1D-v0": ("equal pushes", _equal_pushes),
    "genenv/Crosswalk-v0": ("hides the pedestrian", _hides),
}
