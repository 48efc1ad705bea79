from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

from genenv import agents
from genenv.agents.algorithms import SequencePpo
from genenv.checks import Mistake
from genenv.data.sequences import LSTMOracle
from genenv.envs.forger_sequence import ForgerSequence, single
from genenv.envs.token_critic import TokenCritic
from genenv.objectives import OBJECTIVES
from genenv.testing import check_determinism, check_fresh_data, check_vector_env

ID = "genenv/ForgerSequence-v0"
ORACLE = LSTMOracle(vocabulary=6, length=4, width=8)


def batch(rows=8, mode="SameStep", **kw):
    small = {"data": ORACLE, "rows": 200, "batch": 8, "replay": 32, "critic_width": 8}
    return ForgerSequence(rows, autoreset_mode=mode, **(small | kw))


def write(env, sequence):
    """Write one sequence in all rows; the last step's result."""
    for token in sequence:
        result = env.step(np.full(env.num_envs, token))
    return result


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning():
    env = gymnasium.make(ID, render_mode="rgb_array").unwrapped
    assert env.observation_space.shape == (20,)
    assert env.action_space.n == 200
    check_env(env)
    check_env_for_sb3(env)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [None, 3], ids=["whole", "cut short"])
@pytest.mark.usefixtures("short_trials")
def test_without_learning_a_batch_equals_singles_in_all_modes(limit):
    arguments = {"data": ORACLE, "rows": 200, "critic_steps": 0, "max_episode_steps": limit}
    check_vector_env(
        lambda n, mode: ForgerSequence(n, autoreset_mode=mode, **arguments),
        lambda: single(**arguments),
        episode_ends=40,
    )


@pytest.mark.slow
def test_a_learning_batch_is_deterministic_and_hands_out_new_arrays():
    check_determinism(batch, seed=0)
    check_fresh_data(batch, seed=0)


def test_the_specification_survives_json():
    env = gymnasium.make(ID, vocabulary=6, length=2, oracle_seed=3, rows=80)
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert np.array_equal(env.unwrapped.batch.real, again.unwrapped.batch.real)
    rewards = []
    for one in (env, again):
        one.reset(seed=0)
        one.step(1)
        rewards.append(one.step(2)[1])
    assert rewards[0] == rewards[1]


def test_tokens_are_written_one_by_one_and_the_last_one_ends_and_pays():
    env = batch(3, "Disabled")
    seen, _ = env.reset(seed=0)
    assert (seen == 6).all()
    for step, token in enumerate((5, 0, 3)):
        seen, reward, terminated, truncated, info = env.step(np.array([token, 1, 2]))
        assert seen[0].tolist() == [*(5, 0, 3)[: step + 1], *[6] * (3 - step)]
        assert not any(a.any() for a in (reward, terminated, truncated, info["score"]))
    seen, reward, terminated, truncated, info = env.step(np.array([2, 1, 2]))
    assert seen.tolist() == [[5, 0, 3, 2], [1] * 4, [2] * 4]
    assert terminated.all()
    assert not truncated.any()
    assert reward.all()
    assert info["score"].all()


def test_a_limit_below_the_length_truncates_without_a_reward():
    env = batch(2, "Disabled", max_episode_steps=2)
    env.reset(seed=0)
    _, reward, terminated, truncated, _ = write(env, (1, 2))
    assert truncated.all()
    assert not terminated.any()
    assert not reward.any()


def test_real_sequences_are_drawn_from_the_oracle_by_address():
    env = ForgerSequence(vocabulary=6, length=4, oracle_seed=0, rows=100)
    assert np.array_equal(env.real, LSTMOracle(6, 4, seed=0).sample(100))
    assert env.oracle.vocabulary == 6


def test_a_real_sequence_earns_what_real_ones_earn():
    env = batch(200, critic_steps=0)
    env.reset(seed=0)
    for column in env.real.numpy().T:
        reward = env.step(column)[1]
    assert abs(reward.mean()) < 0.2
    assert 0.8 < reward.std() < 1.2


@pytest.mark.slow
def test_sequences_that_are_refused_lose_worth_as_the_critic_learns():
    env = batch(8, critic_lr=0.01)
    env.reset(seed=0)
    rewards = [write(env, (1, 1, 1, 1))[1].mean() for _ in range(60)]
    assert env.critic.updates == 60
    assert env.critic.gap > 1
    assert rewards[-1] < min(rewards[0], 0) - 0.5


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_any_objective_teaches_the_critic(objective):
    env = batch(8, objective=objective, critic_lr=0.01, critic_width=64)
    env.reset(seed=0)
    for _ in range(60):
        write(env, (1, 1, 1, 1))
    assert env.critic.gap > 0.5


def test_a_seed_starts_the_critic_afresh_and_a_plain_reset_keeps_it():
    env = batch(8)
    env.reset(seed=0)
    first = [write(env, (1, 2, 3, 4))[1] for _ in range(3)]
    env.reset()
    assert env.critic.updates == 3
    env.reset(seed=0)
    assert env.critic.updates == len(env.critic.recent) == 0
    again = [write(env, (1, 2, 3, 4))[1] for _ in range(3)]
    assert np.array_equal(first, again)


def test_with_one_critic_single_environments_play_the_game_of_a_batch():
    told = {}
    for name in ("batch", "singles"):
        critic = TokenCritic(ORACLE, rows=200, batch=8, replay=64, width=8)
        if name == "batch":
            env = batch(4, critic=critic)
        else:
            env = SyncVectorEnv([lambda c=critic: single(critic=c)] * 4, autoreset_mode="SameStep")
        env.reset(seed=0)
        rewards = [write(env, (1, 2, 3, k % 6))[1] for k in range(8)]
        told[name] = critic.updates, np.array(rewards)
    assert told["batch"][0] == 4
    assert told["batch"][0] == told["singles"][0]
    assert np.allclose(told["batch"][1], told["singles"][1], atol=1e-4)


def test_a_frozen_critic_is_left_alone_and_a_reset_of_some_rows_keeps_one():
    env = batch(8)
    env.reset(seed=0)
    write(env, (1, 2, 3, 4))
    env.reset(seed=0, options={"reset_mask": np.arange(8) < 3})
    assert env.critic.updates == 1
    judged = batch(8, critic=env.critic, learn=False)
    judged.reset(seed=0)
    write(judged, (1, 2, 3, 4))
    assert env.critic.updates == 1


def test_an_oracles_sequences_are_drawn_once_and_are_nobodys_to_change():
    first = ForgerSequence(vocabulary=6, length=4, rows=100)
    second = ForgerSequence(vocabulary=6, length=4, rows=100)
    assert first.oracle is second.oracle
    kept = second.real.clone()
    first.real.zero_()
    assert torch.equal(second.real, kept)


def test_arrays_are_data_and_have_no_oracle():
    tokens = np.array([[0, 1, 2], [2, 4, 0]] * 40)
    env = batch(2, data=tokens)
    assert env.oracle is None
    assert env.single_action_space.n == 5
    assert env.single_observation_space.shape == (3,)
    assert batch(2, data=tokens, vocabulary=9).single_action_space.n == 9


def test_the_picture_shows_real_recent_and_begun_sequences():
    env = batch(2, render_mode="rgb_array")
    env.reset(seed=0)
    empty = env.render()[0]
    env.step(np.array([1, 3]))
    first, other = env.render()
    assert first.shape == empty.shape
    assert first.dtype == np.uint8
    assert not np.array_equal(first, empty)
    assert not np.array_equal(first, other)


MISTAKES = [
    ({"critic": "mine"}, "a genenv.envs.token_critic.TokenCritic, got 'mine'"),
    (
        {"critic": TokenCritic(ORACLE, rows=64), "data": np.zeros((4, 3), int)},
        "expected a critic of these sequences, got one of others",
    ),
    ({"objective": "best"}, "objective to be one of gan, .*, got 'best'"),
    ({"data": np.zeros((4, 3))}, "sequences of integer tokens, got dtype float64"),
    ({"data": np.zeros(4, int)}, r"sequences of shape \(any, any\), got shape \(4,\)"),
    ({"data": np.full((4, 3), 9), "vocabulary": 5}, "tokens from 0 to 4, got 9 to 9"),
    ({"data": np.zeros((4, 3), int), "length": 5}, r"of shape \(any, 5\), got shape \(4, 3\)"),
    ({"data": ORACLE, "length": 5}, "vocabulary and length of the oracle, 6 and 4, got None and 5"),
    ({"data": "text"}, "an LSTMOracle or an array of tokens, got 'text'"),
    ({"vocabulary": 1}, "a vocabulary of 2 tokens or more, got 1"),
    ({"length": 0}, "length to be a whole number above 0, got 0"),
    ({"rows": 0}, "rows to be a whole number above 0, got 0"),
    ({"critic_steps": 1.5}, "critic_steps to be a whole number above 0, got 1.5"),
    ({"batch": 64, "replay": 10}, "a replay of at least a batch, 64 rows, got 10"),
    ({"max_episode_steps": 0}, "max_episode_steps to be a whole number above 0, got 0"),
]


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES, ids=[s[:30] for _, s in MISTAKES])
def test_wrong_arguments_are_mistakes(arguments, sentence):
    with pytest.raises(Mistake, match=sentence):
        ForgerSequence(**({"rows": 50} | arguments))


def test_actions_that_are_no_tokens_are_mistakes():
    env = batch(2)
    env.reset(seed=0)
    with pytest.raises(Mistake, match="tokens from 0 to 5, got 2 to 6"):
        env.step(np.array([2, 6]))
    with pytest.raises(Mistake, match=r"actions of shape \(2\), got shape \(3,\)"):
        env.step(np.array([2, 1, 1]))


@pytest.mark.slow
def test_by_rewards_alone_the_policy_writes_the_one_real_sequence():
    settings = SequencePpo(
        total_steps=3 * 32 * 60,
        envs=32,
        steps=3,
        batch=48,
        epochs=4,
        learning_rate=0.01,
        gamma=1.0,
        gae_lambda=1.0,
        hidden=(16,),
        width=16,
        likelihood_epochs=1,
        likelihood_rate=1e-6,
        held_out_rise=10.0,
        warm_up=64,
        arguments={"batch": 32, "replay": 256, "critic_width": 8, "critic_lr": 5e-3},
    )
    only = np.tile([[2, 0, 3]], (64, 1))
    agent = agents.train(ID, settings, arguments={"data": only})
    seen = np.full((1, 3), 4)
    for step in range(3):
        seen[:, step] = agent.act(seen)
    assert seen.tolist() == [[2, 0, 3]]
