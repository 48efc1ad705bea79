from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Discrete, MultiDiscrete
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

import genenv.agents
from genenv import seeding
from genenv.agents.algorithms import SequencePpo
from genenv.agents.sequence import PrefixReader, apart, likeliest, log_prob, written
from genenv.data.sequences import LSTMOracle

LENGTH = 4
VOCABULARY = 3
SPACES = MultiDiscrete([VOCABULARY + 1] * LENGTH), Discrete(VOCABULARY)


def policy(seed=0):
    with seeding.global_seed(seed):
        return ActorCriticPolicy(
            *SPACES,
            lambda _: 1e-3,
            net_arch=[],
            share_features_extractor=False,
            features_extractor_class=PrefixReader,
            features_extractor_kwargs={"width": 16, "embedding": 8},
        )


def one_hot(tokens):
    """As Stable-Baselines3 hands a MultiDiscrete over."""
    return nn.functional.one_hot(tokens, VOCABULARY + 1).float().flatten(1)


def chain(count, seed):
    """Each token is the one before plus 1 with probability 0.9, else itself; the first is even."""
    rng = np.random.default_rng(seed)
    moves = rng.random((count, LENGTH - 1)) < 0.9
    first = rng.integers(VOCABULARY, size=(count, 1))
    return np.concatenate([first, first + moves.cumsum(1)], 1) % VOCABULARY


def test_features_are_the_state_after_the_tokens_written_whatever_the_batch():
    reader = policy().pi_features_extractor
    tokens = torch.tensor([[1, 0, 2, 1], [2, 2, 3, 3], [3, 3, 3, 3]])
    states = reader.states(tokens)
    together = reader(one_hot(tokens))
    for row, count in enumerate((4, 2, 0)):
        assert torch.allclose(together[row], states[row, count], atol=1e-6)
        assert torch.allclose(reader(one_hot(tokens[row : row + 1]))[0], together[row], atol=1e-6)


def test_log_probabilities_are_those_of_the_actions_one_by_one():
    one = policy()
    tokens = torch.from_numpy(chain(6, 0))
    whole = log_prob(one, tokens)
    for step in range(LENGTH):
        prefix = tokens.clone()
        prefix[:, step:] = VOCABULARY
        acts = one.get_distribution(prefix).log_prob(tokens[:, step])
        assert torch.allclose(whole[:, step], acts, atol=1e-5)


@pytest.mark.slow
def test_likelihood_training_finds_the_law_of_a_chain():
    one = policy()
    fit = likeliest(one, chain(2000, 0), lr=0.02, epochs=20)
    entropy = (np.log(3) - 3 * (0.9 * np.log(0.9) + 0.1 * np.log(0.1))) / LENGTH
    with torch.no_grad():
        own = -float(log_prob(one, torch.from_numpy(chain(2000, 1))).mean())
    assert own == pytest.approx(entropy, abs=0.02)
    assert fit.held_out == pytest.approx(entropy, abs=0.05)
    assert 1 <= fit.epochs <= 20
    value, policys = (
        m.state_dict() for m in (one.vf_features_extractor, one.pi_features_extractor)
    )
    assert all(torch.equal(value[name], policys[name]) for name in value)


def test_written_sequences_follow_the_policys_probabilities():
    one = policy()
    tokens = written(one, 20_000, 1, seed=0)
    with torch.no_grad():
        p = log_prob(one, torch.arange(VOCABULARY)[:, None]).exp()[:, 0].numpy()
    assert np.allclose(np.bincount(tokens[:, 0]) / 20_000, p, atol=0.015)
    assert np.array_equal(written(one, 5, LENGTH, seed=1), written(one, 5, LENGTH, seed=1))
    assert written(one, 5, LENGTH, seed=1).shape == (5, LENGTH)


def test_likelihood_training_is_a_function_of_its_seed():
    fits = [likeliest(policy(), chain(300, 0), epochs=2, seed=seed) for seed in (0, 0, 1)]
    assert fits[0] == fits[1]
    assert fits[0] != fits[2]


@pytest.mark.slow
def test_the_preset_trains_by_likelihood_lets_the_critic_see_it_and_learns(tmp_path):
    settings = SequencePpo(
        total_steps=64,
        envs=8,
        steps=4,
        batch=32,
        width=16,
        warm_up=40,
        learning_rate=1e-6,
        likelihood_epochs=8,
        likelihood_rate=0.02,
        arguments={"vocabulary": 5, "length": 4, "rows": 500, "batch": 8, "replay": 64},
    )
    agent = genenv.agents.train("genenv/ForgerSequence-v0", settings, out=tmp_path)
    oracle = LSTMOracle(5, 4)
    fresh = torch.from_numpy(oracle.sample(500, seed=1))
    with torch.no_grad():
        own = -float(log_prob(agent.model.policy, fresh).sum(1).mean())
    entropy = -oracle.log_prob(oracle.sample(2000, seed=2)).mean()
    assert own < entropy + 0.5 < LENGTH * np.log(5)
    again = genenv.agents.load(tmp_path)
    seen = np.array([[5, 5, 5, 5], [1, 5, 5, 5]])
    assert np.array_equal(again.act(seen), agent.act(seen))
    assert gymnasium.spaces.Discrete(5).contains(agent.act(seen)[0])


def test_the_critic_keeps_what_it_learned_of_the_pre_trained_policy():
    settings = SequencePpo(envs=8, steps=4, batch=32, width=8, warm_up=80, likelihood_epochs=1)
    arguments = {"vocabulary": 5, "length": 4, "rows": 100, "batch": 8, "replay": 64}
    batch = gymnasium.make_vec(
        "genenv/ForgerSequence-v0", 8, autoreset_mode="SameStep", **arguments
    )
    env = genenv.agents.sb3_bridge.VectorEnvBridge(batch)
    model = settings.make(env, seed=0)
    settings.prepare(model, env)
    assert batch.critic.updates == 10
    model.learn(32)
    assert batch.critic.updates == 11


def test_learning_ends_when_held_out_sequences_become_less_likely():
    settings = SequencePpo(
        total_steps=40_000,
        envs=8,
        steps=4,
        batch=32,
        width=16,
        warm_up=0,
        learning_rate=0.02,
        likelihood_epochs=8,
        held_out_rise=0.05,
        arguments={"vocabulary": 5, "length": 4, "rows": 300, "batch": 8, "replay": 64},
    )
    assert genenv.agents.train("genenv/ForgerSequence-v0", settings).steps < 5_000


def test_held_out_sequences_are_not_learned_from():
    rows = np.arange(200).reshape(100, 2)
    kept, rest = apart(rows, seed=0)
    assert (len(kept), len(rest)) == (10, 90)
    assert np.array_equal(np.sort(np.concatenate([kept, rest]), 0), rows)
