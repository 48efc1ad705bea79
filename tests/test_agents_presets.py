from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
import toys

from genenv.agents.presets import Preset, blank_ppo, make_ppo
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.checks import Mistake
from genenv.envs import LatentProbe

SMALL = Preset(envs=8, steps=8, batch=32, epochs=2, hidden=(16,))


def env(rows=8):
    return VectorEnvBridge(LatentProbe(rows, probe=toys.probe(), autoreset_mode="SameStep"))


def test_the_default_is_what_was_measured():
    p = Preset()
    assert (p.envs, p.steps, p.batch, p.epochs) == (64, 16, 256, 10)
    assert (p.learning_rate, p.gamma, p.hidden, p.log_std) == (2e-3, 0.95, (128, 128), -0.5)
    assert (p.horizon, p.stride) == (6, 1.2)


def test_settings_survive_json():
    assert Preset.from_json(json.loads(json.dumps(SMALL.to_json()))) == SMALL


def test_settings_reach_ppo():
    ppo = make_ppo(env(), SMALL, seed=0)
    assert (ppo.n_steps, ppo.batch_size, ppo.n_epochs) == (8, 32, 2)
    assert (ppo.gamma, ppo.learning_rate, ppo.device.type) == (0.95, 2e-3, "cpu")
    assert ppo.policy.log_std.tolist() == pytest.approx([-0.5] * 4)
    assert ppo.policy.mlp_extractor.policy_net[0].out_features == 16


def test_making_ppo_leaves_the_global_random_state_alone():
    states = [random.getstate()[1], np.random.get_state()[1].tolist(), torch.get_rng_state()]
    ppo = make_ppo(env(), SMALL, seed=0)
    blank_ppo(ppo.observation_space, ppo.action_space, SMALL)
    after = [random.getstate()[1], np.random.get_state()[1].tolist(), torch.get_rng_state()]
    assert states[:2] == after[:2]
    assert torch.equal(states[2], after[2])


def test_weights_are_a_function_of_the_seed():
    one, two, other = (make_ppo(env(), SMALL, seed=s).policy.state_dict() for s in (1, 1, 2))
    name = "action_net.weight"
    assert torch.equal(one[name], two[name])
    assert not torch.equal(one[name], other[name])


def test_numbers_of_the_rollouts_are_handed_to_the_log():
    told = []
    ppo = make_ppo(env(), SMALL, 0, lambda values, step: told.append((step, values)))
    ppo.learn(200)
    assert [step for step, _ in told] == [64, 128, 192, 256]
    assert {"time/fps", "train/loss", "train/std"} <= told[-1][1].keys()
    assert all(type(v) is float for v in told[-1][1].values())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"envs": 0}, "expected envs above 0, got 0"),
        ({"stride": -1.0}, "expected stride above 0, got -1.0"),
        ({"batch": 60}, "a batch that divides the steps of an update, got 8 envs x 8 steps"),
        ({"activation": "sine"}, "expected activation to be one of tanh, relu, got 'sine'"),
    ],
)
def test_wrong_settings_are_mistakes(change, sentence):
    with pytest.raises(Mistake, match=sentence):
        replace(SMALL, **change)


def test_another_number_of_rows_is_a_mistake():
    with pytest.raises(Mistake, match="expected 8 rows, as the preset has, got 3; make as many"):
        make_ppo(env(3), SMALL, seed=0)
