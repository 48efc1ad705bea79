from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import toys
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor

from genenv import seeding
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.checks import Mistake

ROWS = 6


def bridge():
    return VectorEnvBridge(
        gymnasium.vector.SyncVectorEnv([toys.Walk] * ROWS, autoreset_mode="SameStep")
    )


def dummy():
    return DummyVecEnv([toys.Walk] * ROWS)


def test_it_equals_dummy_vec_env_step_for_step():
    ours = bridge()
    theirs = dummy()
    ours.seed(7), theirs.seed(7)
    assert np.array_equal(ours.reset(), theirs.reset())
    assert ours.reset_infos == theirs.reset_infos
    rng = np.random.default_rng(0)
    ends = cuts = 0
    for _ in range(500):
        action = rng.uniform(-1, 1, (ROWS, 1)).astype(np.float32)
        a = ours.step(action)
        b = theirs.step(action)
        for x, y in zip(a[:3], b[:3], strict=True):
            assert x.dtype == y.dtype
            assert np.array_equal(x, y)
        for x, y in zip(a[3], b[3], strict=True):
            last = [info.pop("terminal_observation", None) for info in (x, y)]
            assert np.array_equal(*last)
            assert x == y
            ends, cuts = ends + (last[0] is not None), cuts + x["TimeLimit.truncated"]
        assert ours.reset_infos == theirs.reset_infos
    assert ends > 300
    assert cuts > 5
    assert np.array_equal(ours.reset(), theirs.reset())


@pytest.mark.slow
def test_ppo_trained_through_both_has_identical_weights():
    weights = []
    for env in (bridge(), dummy()):
        with seeding.global_seed(0):
            ppo = PPO("MlpPolicy", VecMonitor(env), n_steps=32, batch_size=64, seed=3, device="cpu")
            ppo.learn(1000)
        assert len(ppo.ep_info_buffer) > 0
        weights.append(ppo.policy.state_dict())
    for name, value in weights[0].items():
        assert np.array_equal(value, weights[1][name]), name


def test_only_the_same_step_mode_is_taken():
    with pytest.raises(Mistake, match=r"resets in the same step, got AutoresetMode.NEXT_STEP; mak"):
        VectorEnvBridge(gymnasium.vector.SyncVectorEnv([toys.Walk]))


def test_attributes_and_methods_are_those_of_the_batch():
    env = bridge()
    assert env.get_attr("num_envs", [0, 2]) == [ROWS, ROWS]
    env.set_attr("colour", "red")
    assert env.get_attr("colour", 0) == ["red"]
    assert env.env_method("get_attr", "spec") == [(None,) * ROWS] * ROWS
    assert env.env_is_wrapped(gymnasium.Wrapper) == [False] * ROWS
    assert not env.has_attr("absent")
    with pytest.raises(Mistake, match="expected no indices, got 1"):
        env.set_attr("colour", "blue", 1)
    env.close()
    assert env.env.closed


def test_options_reach_the_reset_once_and_must_agree():
    env = bridge()
    env.set_options({"strength": 1})
    env.reset()
    assert env._options == [{}] * ROWS
    env.set_options([{"strength": i} for i in range(ROWS)])
    with pytest.raises(Mistake, match="expected the same options for all rows"):
        env.reset()


def test_without_a_render_mode_there_are_no_images():
    env = VectorEnvBridge(toys.BatchedWalk(2, autoreset_mode="SameStep"))
    env.reset()
    assert env.get_images() == [None, None]


@pytest.mark.parametrize("what", ["observations", "rewards"])
def test_an_environment_that_answers_nan_is_named(what):
    class Broken(toys.Walk):
        def step(self, action):
            observation, reward, *ends = super().step(action)
            if what == "rewards":
                return observation, float("nan"), *ends
            return np.full_like(observation, np.nan), reward, *ends

    env = VectorEnvBridge(gymnasium.vector.SyncVectorEnv([Broken] * 2, autoreset_mode="SameStep"))
    env.reset()
    with pytest.raises(Mistake, match=f"expected {what} of the environment to be finite, got NaN"):
        env.step(np.zeros((2, 1), np.float32))
