from __future__ import annotations

import copy
import os
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
import toys
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from genenv import agents, data, seeding
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.checks import Mistake
from genenv.envs.critics import Critic
from genenv.envs.forger import Forger, single
from genenv.metrics import mode_metrics
from genenv.objectives import OBJECTIVES, Gan, Relativistic
from genenv.testing import check_determinism, check_fresh_data, check_vector_env

ID = "genenv/Forger-v0"
RINGS = toys.rings(600)


def batch(rows=8, mode="SameStep", **kw):
    small = {"data": RINGS, "batch": 16, "replay": 64, "critic_width": 8}
    return Forger(rows, autoreset_mode=mode, **(small | kw))


def play(env, steps, action=None, seed=0):
    """Step with one action in all rows, or random ones; every step's results."""
    env.action_space.seed(seed)
    return [env.step(env.action_space.sample() if action is None else action) for _ in range(steps)]


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning():
    env = gymnasium.make(ID, render_mode="rgb_array").unwrapped
    assert env.observation_space.shape == (2 + 2,)
    check_env(env)
    check_env_for_sb3(env)


@pytest.mark.slow
@pytest.mark.parametrize("data", ["ring", RINGS], ids=["unlabelled", "labelled"])
@pytest.mark.usefixtures("short_trials")
def test_without_learning_a_batch_equals_singles_in_all_modes(data):
    arguments = {"data": data, "critic_steps": 0, "critic_width": 8}
    check_vector_env(
        lambda n, mode: Forger(n, autoreset_mode=mode, **arguments),
        lambda: single(**arguments),
        episode_ends=50,
    )


@pytest.mark.slow
def test_a_learning_batch_is_deterministic_and_hands_out_new_arrays():
    check_determinism(batch, seed=0)
    check_fresh_data(batch, seed=0)


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_the_limit_of_one_step_also_truncates():
    arguments = {"data": RINGS, "critic_steps": 0, "max_episode_steps": 1}
    check_vector_env(
        lambda n, mode: Forger(n, autoreset_mode=mode, **arguments),
        lambda: single(**arguments),
        episode_ends=20,
    )
    *_, terminated, truncated, _ = play_single(single(**arguments))
    assert (terminated, truncated) == (True, True)
    *_, terminated, truncated, _ = play_single(single(data=RINGS))
    assert (terminated, truncated) == (True, False)


def play_single(env):
    env.reset(seed=0)
    return env.step(np.zeros(env.action_space.shape, np.float32))


def test_the_specification_survives_json():
    env = gymnasium.make(ID, objective="gan", critic_seed=3)
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert np.array_equal(env.reset(seed=1)[0], again.reset(seed=1)[0])
    action = np.zeros(2, np.float32)
    assert env.step(action)[1] == again.step(action)[1]


def test_columns_are_noise_label_and_what_the_critic_is():
    seen, _ = batch(3000).reset(seed=0)
    assert seen.shape == (3000, 2 + 3 + 2)
    assert np.allclose(seen[:, :2].std(0), 1, atol=0.05)
    assert (seen[:, 2:5].sum(1) == 1).all()
    assert np.allclose(seen[:, 2:5].mean(0), 1 / 3, atol=0.03)
    assert np.array_equal(seen[:, 5:], np.tile(np.float32([0.0, 0.5]), (3000, 1)))
    assert batch(conditional=False).reset(seed=0)[0].shape == (8, 2 + 2)
    assert Forger(data="ring", conditional=True).reset(seed=0)[0].shape == (1, 2 + 8 + 2)
    assert batch(noise_dim=5).reset(seed=0)[0].shape == (8, 5 + 3 + 2)


def test_an_action_spans_the_least_to_the_largest_value_of_each_column():
    env = batch()
    corners = env.samples(np.array([[-1, -1], [1, 1], [3, -3]], np.float32))
    low = RINGS.x.min(0)
    high = RINGS.x.max(0)
    assert np.allclose(corners, [low, high, [high[0], low[1]]], atol=1e-4)
    assert corners.dtype == RINGS.x.dtype


def test_integers_are_rounded_and_constant_columns_keep_their_value():
    rng = np.random.default_rng(0)
    table = np.stack([rng.integers(10, 20, 300), np.full(300, 7)], 1)
    env = Forger(4, data=table, batch=16, replay=16, autoreset_mode="SameStep")
    made = env.samples(rng.uniform(-1, 1, (50, 2)).astype(np.float32))
    assert made.dtype == table.dtype
    assert (made[:, 1] == 7).all()
    assert (made[:, 0].min(), made[:, 0].max()) >= (10, 19)
    env.reset(seed=0)
    play(env, 8)
    stored = env.units.decode(env.critic.recent)
    assert torch.equal(stored, stored.round())


def test_images_are_made_pixel_by_pixel():
    env = gymnasium.make(ID, data="digits", render_mode="rgb_array")
    seen, _ = env.reset(seed=0)
    assert env.action_space.shape == (64,)
    assert seen.shape == (32 + 10 + 2,)
    env.step(np.linspace(-1, 1, 64, dtype=np.float32))
    made = env.unwrapped.batch.samples(np.linspace(-1, 1, 64, dtype=np.float32)[None])
    assert (made.shape, made[0, 0, 0], made[0, -1, -1]) == ((1, 8, 8), 0, 16)
    assert env.render().ndim == 3


def test_a_sample_from_the_data_earns_what_a_real_row_earns():
    env = batch(600, conditional=False, critic_steps=0, replay=1024)
    env.reset(seed=0)
    low = RINGS.x.min(0)
    high = RINGS.x.max(0)
    real = (2 * (RINGS.x - low) / (high - low) - 1).astype(np.float32)
    _, reward, *_ = env.step(real)
    assert abs(reward.mean()) < 0.5
    assert 0.8 < reward.std() < 1.2


@pytest.mark.slow
def test_samples_that_are_refused_lose_worth_as_the_critic_learns():
    env = batch(16, conditional=False, critic_lr=0.01)
    env.reset(seed=0)
    results = play(env, 150, np.zeros((16, 2), np.float32))  # in the hole of the rings
    assert results[-1][4]["final_info"]["updates"].tolist() == [150] * 16
    assert results[-1][4]["gap"][0] > 1
    assert results[-1][1].mean() < results[0][1].mean() - 1


def test_the_critic_learns_once_for_each_batch_of_samples_however_many_rows_bring_them():
    for rows, steps in ((1, 64), (16, 4), (40, 2)):
        env = batch(rows, critic_steps=3)
        env.reset(seed=0)
        play(env, steps)
        assert env.critic.updates == 3 * (rows * steps // 16)


def test_a_seed_starts_the_critic_afresh_and_a_plain_reset_keeps_it():
    env = batch(16)
    env.reset(seed=0)
    first = play(env, 5)
    env.reset()
    assert env.critic.updates == 5
    assert len(env.critic.recent) == 64
    env.reset(seed=0)
    assert env.critic.updates == len(env.critic.recent) == 0
    again = play(env, 5)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))


def test_a_seeded_reset_of_some_rows_keeps_the_critic_and_shows_them_none():
    env = batch(16)
    env.reset(seed=0)
    play(env, 5)
    first = np.arange(16) < 5
    seen, info = env.reset(seed=3, options={"reset_mask": first})
    assert (info["updates"] == 5).all()
    assert (seen[first, 5:] == np.float32([0.0, 0.5])).all()
    assert (seen[~first, 5] > 0).all()
    _, info = env.reset(seed=3, options={"reset_mask": ~first})
    assert (info["updates"] == 0).all()


@pytest.mark.slow
def test_age_and_accuracy_of_the_critic_are_seen():
    env = batch(16, conditional=False, critic_lr=0.01)
    env.reset(seed=0)
    seen = play(env, 101, np.zeros((16, 2), np.float32))[-1][0]
    assert np.allclose(seen[:, 2], np.log10(1 + 100) / 4)
    assert (seen[:, 3] > 0.8).all()


def shared(**kw):
    return Critic(RINGS, **({"batch": 16, "replay": 64, "width": 8} | kw))


VECTORISED = {
    "native": lambda **kw: VectorEnvBridge(batch(8, **kw)),
    "sync": lambda **kw: VectorEnvBridge(
        SyncVectorEnv([lambda: single(**kw)] * 8, autoreset_mode="SameStep")
    ),
    "SB3's": lambda **kw: DummyVecEnv([lambda: single(**kw)] * 8),
}


@pytest.mark.slow
def test_with_one_critic_all_vectorisations_play_one_game():
    told = {}
    for name, vectorised in VECTORISED.items():
        critic = shared()
        env = vectorised(critic=critic)
        with seeding.global_seed(0):
            ppo = PPO("MlpPolicy", env, n_steps=8, batch_size=32, seed=3, device="cpu")
            ppo.learn(256)
        weights = torch.cat([p.detach().flatten() for p in ppo.policy.parameters()])
        told[name] = critic.updates, critic.gap, weights.numpy()
    assert told["native"][0] == 16
    for name in ("sync", "SB3's"):
        for one, other in zip(told["native"], told[name], strict=True):
            assert np.allclose(one, other, atol=1e-3), name


def test_without_it_single_environments_play_games_of_their_own():
    env = SyncVectorEnv([lambda: single(data=RINGS, batch=16, replay=64)] * 8)
    env.reset(seed=0)
    play(env, 4)
    assert [one.unwrapped.batch.critic.updates for one in env.envs] == [0] * 8


def test_an_evaluation_sees_the_critic_and_leaves_it_alone():
    critic = shared()
    learner = batch(16, critic=critic)
    judged = single(critic=critic, learn=False)
    assert gymnasium.make(ID, critic=critic).spec.nondeterministic
    learner.reset(seed=0)
    play(learner, 20)
    seen, _ = judged.reset(seed=0)
    assert np.isclose(seen[5], np.log10(1 + 19) / 4)
    before = critic.recent.clone()
    for _ in range(40):
        judged.reset(seed=0)
        judged.step(np.zeros(2, np.float32))
    assert critic.updates == 20
    assert torch.equal(critic.recent, before)


def test_the_evaluation_of_stable_baselines_plays_against_the_same_critic(tmp_path):
    critic = shared()
    env = VectorEnvBridge(batch(16, critic=critic))
    judged = Monitor(single(critic=critic, learn=False))
    told = EvalCallback(judged, eval_freq=8, n_eval_episodes=4, log_path=tmp_path, verbose=0)
    with seeding.global_seed(0):
        PPO("MlpPolicy", env, n_steps=8, batch_size=64, seed=0, device="cpu").learn(256, told)
    assert len(told.evaluations_results) == 2
    assert critic.updates == 16


def test_copies_of_a_specification_name_the_same_critic_and_copies_of_an_environment_do_not():
    critic = shared()
    env = gymnasium.make(ID, critic=critic)
    assert gymnasium.make(env.spec).unwrapped.batch.critic is critic
    alone = batch()
    assert copy.deepcopy(alone).critic is not alone.critic


def test_a_subprocess_is_refused_a_critic_of_its_parent(monkeypatch):
    critic = shared()
    with pytest.raises(Mistake, match="a critic of one process, got its copy in another one; step"):
        SubprocVecEnv([lambda: single(critic=critic)] * 2)
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)  # as in a child that was forked
    with pytest.raises(Mistake, match="a critic of one process, got its copy in another one; step"):
        single(critic=critic)


@pytest.mark.slow
def test_the_critic_settles_where_its_rate_has_a_half_life():
    def moved(half_life):
        env = batch(16, critic_half_life=half_life)
        env.reset(seed=0)
        play(env, 60)
        before = torch.cat([p.detach().flatten() for p in env.critic.module.parameters()])
        play(env, 5)
        after = torch.cat([p.detach().flatten() for p in env.critic.module.parameters()])
        return float((after - before).abs().max())

    assert moved(6) < moved(None) / 100


def test_the_critics_weights_come_from_its_own_seed():
    def rewards(env, seed):
        env.reset(seed=seed)
        return env.step(np.full((8, 2), 0.3, np.float32))[1]

    a, b, other = (
        rewards(batch(conditional=False, critic_seed=c), seed)
        for c, seed in ((0, 1), (0, 2), (5, 1))
    )
    assert np.array_equal(a, b)
    assert not np.allclose(a, other)


def test_the_replay_holds_the_latest_samples():
    env = batch(48, conditional=False)
    env.reset(seed=0)
    for share in (-1.0, 0.0, 1.0):
        env.step(np.full((48, 2), share, np.float32))
    kept = env.critic.recent[:, 0].sort().values
    assert len(kept) == 64
    assert (kept > 1).sum() == 48


def test_real_rows_of_an_update_are_of_the_labels_that_were_asked_for():
    critic = batch().critic
    label = torch.tensor([2, 0, 1, 1] * 50)
    rows = critic._like(label)
    assert np.array_equal(RINGS.label[rows], label)
    assert len(rows.unique()) > 60


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_any_objective_teaches_the_critic(objective):
    env = batch(16, objective=objective, critic_lr=0.01, critic_width=64)
    env.reset(seed=0)
    assert play(env, 100, np.zeros((16, 2), np.float32))[-1][4]["gap"][0] > 0.5


def test_a_renderer_turns_actions_into_samples():
    def turn(action):
        angle = np.pi * action[:, 0]
        return 2 * np.stack([np.cos(angle), np.sin(angle)], 1)

    env = batch(renderer=turn, action_size=1)
    assert env.single_action_space.shape == (1,)
    made = env.samples(np.array([[0.0], [0.5]], np.float32))
    assert np.allclose(made, [[2, 0], [0, 2]], atol=1e-5)
    env.reset(seed=0)
    assert np.isfinite(play(env, 3)[-1][1]).all()


def test_a_module_as_renderer_gets_a_tensor_and_no_gradient():
    module = torch.nn.Linear(3, 2)
    env = batch(renderer=module, action_size=3)
    env.reset(seed=0)
    play(env, 3)
    assert not env.critic.recent.requires_grad


def test_the_picture_shows_real_recent_and_latest_samples():
    env = batch(2, render_mode="rgb_array")
    env.reset(seed=0)
    empty = env.render()[0]
    play(env, 1)
    first, other = env.render()
    assert first.shape == empty.shape
    assert not np.array_equal(first, empty)
    assert not np.array_equal(first, other)
    table = Forger(data=np.eye(5).repeat(60, 0), render_mode="rgb_array")
    table.reset(seed=0)
    assert table.render()[0].ndim == 3


def test_uniform_actions_hit_the_ring_by_chance():
    env = Forger()
    rng = np.random.default_rng(0)
    counted = [
        mode_metrics(env.samples(rng.uniform(-1, 1, (2500, 2))), env.dataset.modes)
        for _ in range(10)
    ]
    assert 6 < np.mean([c["modes"] for c in counted]) < 7
    assert 0.004 < np.mean([c["high_quality"] for c in counted]) < 0.007


MISTAKES = [
    ({"data": "rong"}, "stacked-digits, a folder, an .npz file or a table, got 'rong'"),
    ({"objective": "best"}, "objective to be one of gan, .*, got 'best'"),
    ({"objective": "gan", "penalty": 1.0}, "a penalty only with .*, got 1.0 with gan"),
    ({"data": np.ones(3)}, "samples of shape"),
    ({"data": np.eye(9), "conditional": True}, "labels with conditional=True, got data without"),
    ({"critic": "mine"}, "expected a genenv.envs.critics.Critic, got 'mine'"),
    ({"critic": Critic("ring"), "data": "grid"}, "a critic of grid, got one of ring; leave data"),
    ({"critic_steps": -1}, "critic_steps to be a whole number above 0, got -1"),
    ({"critic_width": 0}, "critic_width to be a whole number above 0, got 0"),
    ({"critic_lr": 0.0}, "critic_lr above 0, got 0"),
    ({"critic_half_life": 0}, "critic_half_life to be a whole number above 0, got 0"),
    ({"batch": 0}, "batch to be a whole number above 0, got 0"),
    ({"batch": 256, "replay": 100}, "a replay of at least a batch, 256 rows, got 100"),
    ({"noise_dim": 0}, "noise_dim to be a whole number above 0, got 0"),
    ({"max_episode_steps": 2.5}, "max_episode_steps to be a whole number above 0, got 2.5"),
    ({"data": 3}, "data: a name, a path, a Dataset, an array"),
    ({"objective": Gan(), "penalty": 1.0}, "an objective with a penalty of its own"),
    ({"action_size": 3}, "action_size with a renderer only, got 3"),
    ({"renderer": "paint"}, "a renderer that can be called, got 'paint'"),
    ({"renderer": lambda a: a[:, :1]}, r"samples of 1 actions of shape \(1, 2\), got shape"),
    ({"renderer": lambda a: np.squeeze(a)}, r"samples of 1 actions of shape \(1, 2\), got shape"),
    ({"renderer": lambda _: np.zeros((1, 2))}, r"samples of 3 actions of shape \(3, 2\), got"),
    ({"renderer": lambda a: a * np.nan}, "the renderer's samples to be finite"),
    ({"renderer": lambda _: None}, "a renderer that returns an array, got NoneType"),
    ({"render_mode": "human"}, "render_mode to be one of rgb_array"),
    ({"autoreset_mode": "Never"}, "autoreset_mode to be one of"),
]


@pytest.mark.parametrize(("arguments", "sentence"), MISTAKES, ids=[s[:30] for _, s in MISTAKES])
def test_wrong_arguments_are_mistakes(arguments, sentence):
    with pytest.raises(Mistake, match=sentence):
        Forger(**arguments)


def test_a_renderer_that_fails_later_says_so_before_the_critic_has_seen_it():
    env = batch(renderer=lambda action: np.where(np.abs(action - 0.7) < 1e-3, np.nan, action))
    env.reset(seed=0)
    env.step(np.zeros(env.action_space.shape, np.float32))
    before = env.critic.recent.clone()
    with pytest.raises(Mistake, match="the renderer's samples to be finite"):
        env.step(np.full(env.action_space.shape, 0.7, np.float32))
    assert torch.equal(env.critic.recent, before)


def test_an_objective_may_be_an_object():
    by_name = batch(objective="relativistic", penalty=0.1)
    by_object = batch(objective=Relativistic(0.1))
    for env in (by_name, by_object):
        env.reset(seed=0)
        play(env, 3)
    assert torch.equal(by_name.critic.recent, by_object.critic.recent)
    assert by_name.critic.updates == by_object.critic.updates
    assert by_name.critic.gap == by_object.critic.gap


def test_data_come_by_name_as_a_data_set_and_as_an_array():
    assert np.array_equal(Forger(data="grid").dataset.x, data.load("grid").x)
    assert Forger(data=RINGS).dataset is RINGS
    assert Forger(data=RINGS.x).reset(seed=0)[0].shape == (1, 2 + 2)


@pytest.mark.slow
def test_the_preset_made_small_finds_the_best_answer_to_each_label():
    arguments = {"batch": 128, "replay": 512, "critic_lr": 5e-3}
    small = {"envs": 128, "batch": 64, "hidden": (32,), "log_std": -1.0, "arguments": arguments}
    settings = replace(agents.PRESETS[ID], total_steps=128 * 60, **small)
    piles = toys.two_piles()
    critic = Critic(piles, batch=128, replay=512, lr=5e-3)
    agent = agents.train(ID, settings, arguments={"critic": critic})
    assert critic.updates == 60
    env = Forger(200, critic=critic, learn=False)
    seen, _ = env.reset(seed=7)
    made = env.samples(agent.act(seen))
    label = seen[:, 2:4].argmax(1)
    target = np.array([[-1.0, 1.0], [1.0, -1.0]])[label]
    assert (np.linalg.norm(made - target, axis=1) < 0.5).mean() > 0.95
