from __future__ import annotations

import json
import random
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
import toys
from stable_baselines3.common.vec_env import VecMonitor

from genenv.agents.algorithms import ALGORITHMS, Ppo, SequencePpo, from_json
from genenv.agents.off_policy import Sac, Td3
from genenv.agents.presets import PRESETS, preset
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.checks import Mistake
from genenv.envs import ForgerSequence, LatentProbe

SMALL = {
    "ppo": Ppo(envs=8, steps=8, batch=32, epochs=2, hidden=(16,), learning_rate=2e-3),
    "sequence-ppo": SequencePpo(envs=8, steps=8, batch=32, width=8, warm_up=0, lr_floor=0.1),
    "sac": Sac(envs=8, batch=32, buffer=200, learning_starts=32, hidden=(16,), gradient_steps=1),
    "td3": Td3(envs=8, batch=32, buffer=200, learning_starts=32, hidden=(16,), lr_floor=0.1),
}
EACH = pytest.mark.parametrize("kind", ALGORITHMS)


def env(rows=8, kind="ppo"):
    if kind == "sequence-ppo":
        small = {"vocabulary": 5, "length": 3, "rows": 100}
        return VectorEnvBridge(ForgerSequence(rows, autoreset_mode="SameStep", **small))
    return VectorEnvBridge(LatentProbe(rows, probe=toys.probe(), autoreset_mode="SameStep"))


@EACH
def test_settings_survive_json(kind):
    settings = replace(SMALL[kind], arguments={"horizon": 3, "names": ["a"]})
    again = from_json(json.loads(json.dumps(settings.to_json())))
    assert again == settings
    assert type(again) is ALGORITHMS[kind]


@pytest.mark.slow
def test_settings_reach_ppo():
    ppo = replace(SMALL["ppo"], ent_coef=0.01, target_kl=0.2, gae_lambda=0.9).make(env(), seed=0)
    assert (ppo.n_steps, ppo.batch_size, ppo.n_epochs) == (8, 32, 2)
    assert (ppo.gamma, ppo.lr_schedule(1.0), ppo.device.type) == (0.95, 2e-3, "cpu")
    assert (ppo.ent_coef, ppo.target_kl, ppo.gae_lambda) == (0.01, 0.2, 0.9)
    assert ppo.policy.log_std.tolist() == pytest.approx([-0.5] * 4)
    assert ppo.policy.mlp_extractor.policy_net[0].out_features == 16


@pytest.mark.slow
def test_settings_reach_td3():
    td3 = replace(SMALL["td3"], gamma=0.5, action_noise=0.3, tau=0.1).make(env(), seed=0)
    assert (td3.batch_size, td3.learning_starts, td3.gamma, td3.tau) == (32, 32, 0.5, 0.1)
    assert td3.replay_buffer.buffer_size * td3.replay_buffer.n_envs == 200
    assert td3.action_noise._sigma.tolist() == [0.3] * 4


def test_the_learning_rate_decays_to_its_floor():
    assert SMALL["td3"].rate(1.0) == pytest.approx(1e-3)
    assert SMALL["td3"].rate(0.0) == pytest.approx(1e-4)
    assert SMALL["ppo"].rate(0.0) == pytest.approx(2e-3)


@EACH
def test_making_leaves_the_global_random_state_alone(kind):
    states = [random.getstate()[1], np.random.get_state()[1].tolist(), torch.get_rng_state()]
    model = SMALL[kind].make(env(kind=kind), seed=0)
    SMALL[kind].blank(model.observation_space, model.action_space)
    after = [random.getstate()[1], np.random.get_state()[1].tolist(), torch.get_rng_state()]
    assert states[:2] == after[:2]
    assert torch.equal(states[2], after[2])


@EACH
def test_weights_are_a_function_of_the_seed(kind):
    one, two, other = (SMALL[kind].make(env(kind=kind), s).policy.state_dict() for s in (1, 1, 2))
    name = next(n for n, v in one.items() if n.endswith("weight") and v.ndim == 2)
    assert torch.equal(one[name], two[name])
    assert not torch.equal(one[name], other[name])


def test_numbers_of_the_rollouts_are_handed_to_the_log():
    told = []
    ppo = SMALL["ppo"].make(env(), 0, lambda values, step: told.append((step, values)))
    ppo.learn(200)
    assert [step for step, _ in told] == [64, 128, 192, 256]
    assert {"time/fps", "train/loss", "train/std"} <= told[-1][1].keys()
    assert all(type(v) is float for v in told[-1][1].values())


def test_an_algorithm_sees_scaled_rewards_and_logs_those_of_the_game():
    actions = np.zeros((8, 4), np.float32)
    model = replace(SMALL["ppo"], reward_scale=0.25).make(VecMonitor(env()), seed=0)
    plain = SMALL["ppo"].make(VecMonitor(env()), seed=0)
    for one in (model, plain):
        one.env.seed(3)
        one.env.reset()
    paid = [[one.env.step(actions) for one in (model, plain)] for _ in range(7)]
    assert all(np.array_equal(seen[1], own[1] / 4) for seen, own in paid)
    ends = [
        [[i["episode"]["r"] for i in one[3] if "episode" in i] for one in pair] for pair in paid
    ]
    assert any(logged for logged, _ in ends)
    assert all(logged == own for logged, own in ends)


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("ppo", {"reward_scale": 0.0}, "expected reward_scale above 0, got 0.0"),
        ("ppo", {"envs": 0}, "expected envs above 0, got 0"),
        ("ppo", {"batch": 60}, "a batch that divides the steps of an update, got 8 envs x 8 steps"),
        ("ppo", {"activation": "sine"}, "expected activation to be one of tanh, relu, got 'sine'"),
        ("td3", {"buffer": -1}, "expected buffer above 0, got -1"),
        ("td3", {"hidden": (0,)}, "expected a hidden layer's width above 0, got 0"),
        ("td3", {"lr_floor": 2.0}, "expected lr_floor up to 1, got 2.0; give a share"),
    ],
)
def test_wrong_settings_are_mistakes(kind, change, sentence):
    with pytest.raises(Mistake, match=sentence):
        replace(SMALL[kind], **change)


def test_an_unknown_algorithm_in_a_file_is_a_mistake():
    with pytest.raises(
        Mistake, match="expected algorithm to be one of ppo, sequence-ppo, td3, sac, got 'a3c'"
    ):
        from_json({"algorithm": "a3c", "hidden": []})


def test_another_number_of_rows_is_a_mistake():
    with pytest.raises(Mistake, match="expected 8 rows, as the preset has, got 3; make as many"):
        SMALL["ppo"].make(env(3), seed=0)


def test_the_preset_of_latent_probe_is_what_was_measured():
    p = preset("genenv/LatentProbe-v0")
    assert (p.envs, p.steps, p.batch, p.epochs) == (64, 16, 256, 10)
    assert (p.learning_rate, p.gamma, p.hidden, p.log_std) == (2e-3, 0.95, (128, 128), -0.5)
    assert p.arguments == {"horizon": 6, "stride": 1.2}


@pytest.mark.slow
@pytest.mark.parametrize("env_id", PRESETS)
def test_every_preset_fits_its_environment(env_id):
    p = preset(env_id)
    assert p == from_json(json.loads(json.dumps(p.to_json())))
    gymnasium.make_vec(env_id, 2, **p.arguments).close()


def test_an_id_without_a_preset_is_a_mistake():
    with pytest.raises(Mistake, match=r"an environment with a preset to be one of .*LatentProbe"):
        preset("CartPole-v1")
