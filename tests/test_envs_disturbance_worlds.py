"""Worlds of MuJoCo and Box2D under a Disturbance, where these are installed."""

from __future__ import annotations

from importlib.util import find_spec

import gymnasium
import numpy as np
import pytest

from genenv.envs.disturbance import Disturbance

CHANNELS = {"observation": 0.1, "action": 0.3}
WORLDS = [
    ("mujoco", "InvertedPendulum-v5", {}),
    ("mujoco", "Hopper-v5", {}),
    ("Box2D", "BipedalWalker-v3", {}),
    ("Box2D", "LunarLander-v3", {"continuous": True}),
]
INSTALLED = [
    pytest.param(
        world,
        arguments,
        id=world,
        marks=pytest.mark.skipif(
            find_spec(package) is None,
            reason=f"{package} is not installed: pip install 'gymnasium[{package.lower()}]'",
        ),
    )
    for package, world, arguments in WORLDS
]


def played(world, arguments, strength):
    shape = gymnasium.make(world, **arguments).action_space.shape
    env = Disturbance(
        2,
        world=world,
        world_arguments=arguments,
        policy=lambda seen: np.zeros((len(seen), *shape), np.float32),
        channels={name: strength * size for name, size in CHANNELS.items()},
        failure="return",
        threshold=0.0,
        horizon=10,
        autoreset_mode="Disabled",
    )
    env.reset(seed=0)
    actions = np.random.default_rng(0).uniform(-1, 1, (4, *env.action_space.shape))
    seen = [env.step(action.astype(np.float32))[0] for action in actions]
    env.close()
    own = np.stack(seen)[:, :, :-3]  # without energy, time left and miss distance
    return own


@pytest.mark.parametrize(("world", "arguments"), INSTALLED)
def test_a_world_is_disturbed_and_repeats_after_a_seed(world, arguments):
    disturbed = played(world, arguments, 1.0)
    assert np.array_equal(disturbed, played(world, arguments, 1.0))
    assert not np.array_equal(disturbed, played(world, arguments, 0.0))
