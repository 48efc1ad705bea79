from __future__ import annotations

import sys
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3
from stable_baselines3.common.vec_env import VecMonitor
from toys import rings

from genenv import bundled, data, networks, seeding
from genenv.agents.algorithms import Ppo
from genenv.agents.best_response import exploitability
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.checks import Mistake
from genenv.envs import duel
from genenv.envs.duel import DISCRIMINATOR, GENERATOR, Learns, Side, as_single, parallel_env
from genenv.noise import Gaussian
from genenv.objectives import OBJECTIVES
from genenv.testing import check_vector_env

HERE = 0.8  # where two() puts its samples in [-1, 1]


def two():
    """Real samples lie at (-0.8, -0.8) and (0.8, 0.8) of [-1, 1], as often."""
    return data.from_arrays(np.repeat([[-0.5, -0.5], [0.5, 0.5]], 50, 0), None, "two")


def says(value):
    """A policy of either side that always acts alike."""
    return lambda seen: np.full((len(seen), 1), value, np.float32)


def makes(*point):
    return lambda seen: np.tile(np.array(point, np.float32), (len(seen), 1))


def paid(agent, opponent, act, rows=512, dataset=None, horizon=11, **kw):
    """What the agent gets a paid step, in the mean."""
    source = two() if dataset is None else dataset
    env = Side(rows, agent=agent, opponent=opponent, data=source, horizon=horizon, **kw)
    seen, _ = env.reset(seed=3)
    total = 0.0
    for _ in range(horizon):
        seen, reward, terminated, truncated, _ = env.step(act(seen))
        total += reward.sum()
    assert truncated.all()
    assert not terminated.any()
    return total / rows / (horizon - 1)


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_pettingzoos_tests_pass():
    test = pytest.importorskip("pettingzoo.test", reason="pettingzoo brings the tests")
    test.parallel_api_test(parallel_env(horizon=10), num_cycles=30)
    test.parallel_seed_test(lambda: parallel_env(horizon=10), num_cycles=30)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("agent", [GENERATOR, DISCRIMINATOR])
def test_both_checkers_pass_for_each_side(agent):
    opponent = says(0.5) if agent == GENERATOR else makes(0.1, 0.2)
    env = as_single(agent, opponent, horizon=8, render_mode="rgb_array")
    check_env(env, skip_render_check=True)  # it wants the spec of a registered id
    check_env_for_sb3(env)


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_against_an_opponent_that_learns():
    env = as_single(GENERATOR, Learns(batch=4, width=8), horizon=20)
    check_env(env, skip_render_check=True)
    check_env_for_sb3(env, skip_render_check=True)


@pytest.mark.slow
@pytest.mark.parametrize("agent", [GENERATOR, DISCRIMINATOR])
@pytest.mark.usefixtures("short_trials")
def test_a_batch_equals_singles_on_each_side(agent):
    opponent = np.tanh if agent == GENERATOR else np.sin

    def act(seen):
        return opponent(seen[:, : 1 if agent == GENERATOR else 2])

    check_vector_env(
        lambda n, mode: Side(n, agent=agent, opponent=act, horizon=5, autoreset_mode=mode),
        lambda: as_single(agent, act, horizon=5),
        episode_ends=24,
        rows=3,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_a_batch_equals_singles_against_a_trained_generator():
    def make(n, mode):
        return Side(
            n,
            agent=DISCRIMINATOR,
            opponent=bundled.FOLDER,
            data="digits",
            horizon=4,
            autoreset_mode=mode,
        )

    def single():
        return as_single(DISCRIMINATOR, bundled.FOLDER, data="digits", horizon=4)

    check_vector_env(make, single, episode_ends=20, rows=3, modes=[AutoresetMode.SAME_STEP])


def test_the_game_for_two_is_that_of_one_side():
    pytest.importorskip("pettingzoo", reason="pettingzoo defines games for several")
    both = parallel_env(horizon=6)
    policies = {GENERATOR: makes(0.3, -0.2), DISCRIMINATOR: lambda seen: np.tanh(seen[:, :1])}
    seen, _ = both.reset(seed=5)
    sides = {
        side: as_single(side, policies[other], horizon=6)
        for side, other in ((GENERATOR, DISCRIMINATOR), (DISCRIMINATOR, GENERATOR))
    }
    for side, env in sides.items():
        assert np.array_equal(env.reset(seed=5)[0], seen[side])
    for _ in range(2):
        while both.agents:
            actions = {side: policies[side](seen[side][None])[0] for side in sides}
            seen, reward, _, truncated, info = both.step(actions)
            assert reward[GENERATOR] == -reward[DISCRIMINATOR]
            for side, env in sides.items():
                own = env.step(actions[side])
                assert np.allclose(own[0], seen[side], atol=1e-6)
                assert own[1] == pytest.approx(reward[side])
                assert own[3] == truncated[side]
                assert own[4]["judged"] == info[side]["judged"]
        seen, _ = both.reset()
        for env in sides.values():
            env.reset()


def test_the_first_verdict_pays_nothing_and_the_rest_what_it_says():
    env = Side(256, agent=DISCRIMINATOR, opponent=makes(0.0, 0.0), data=two())
    seen, info = env.reset(seed=0)
    assert np.allclose(np.abs(seen), HERE)
    assert (info["judged"] == -1).all()
    seen, reward, *_, info = env.step(np.full((256, 1), 0.7, np.float32))
    assert not reward.any()
    assert (info["judged"] == -1).all()
    generated = np.abs(seen).max(1) < 0.1
    assert 0.4 < generated.mean() < 0.6
    _, reward, *_, info = env.step(np.full((256, 1), 0.7, np.float32))
    assert np.allclose(reward, np.where(generated, -0.7, 0.7))
    assert np.array_equal(info["judged"] == 0, generated)


def test_a_sample_is_shown_at_the_next_step():
    env = Side(64, agent=GENERATOR, opponent=says(1.0), data=two())
    env.reset(seed=0)
    env.step(np.full((64, 2), 0.25, np.float32))
    shown = env.rounds.seen(DISCRIMINATOR)
    fake = ~env.rounds.is_real
    assert fake.any()
    assert np.allclose(shown[fake], 0.25)
    _, reward, *_ = env.step(np.full((64, 2), 0.5, np.float32))
    assert np.array_equal(reward, np.where(fake, 1.0, -1.0))  # the verdict was 1 on both


def test_the_best_verdict_is_the_sign_where_nothing_is_shared():
    far = makes(0.1, -0.1)

    def sign(seen):
        return np.where(np.abs(seen).sum(1, keepdims=True) > 1, 1.0, -1.0).astype(np.float32)

    assert paid(DISCRIMINATOR, far, sign) == pytest.approx(1.0)
    assert paid(GENERATOR, sign, far) == pytest.approx(-1.0)
    assert paid(DISCRIMINATOR, far, lambda seen: 0.5 * sign(seen)) == pytest.approx(0.5)


def draws_the_data(seen):
    """A generator that has learned the data: a fair coin by the sign of e."""
    return np.where(seen[:, :1] > 0, HERE, -HERE).astype(np.float32).repeat(2, 1)


@pytest.mark.parametrize("act", [says(1.0), says(-1.0), lambda seen: np.sign(seen[:, :1])])
def test_the_value_is_zero_where_the_generator_draws_the_data(act):
    assert paid(DISCRIMINATOR, draws_the_data, act) == pytest.approx(0.0, abs=0.03)


def test_the_best_pay_is_the_total_variation():
    # The generator makes one of the two points alone: they share half of their mass.
    collapsed = makes(HERE, HERE)

    def best(seen):
        return np.where(seen[:, :1] > 0, -1.0, 1.0).astype(np.float32)

    assert paid(DISCRIMINATOR, collapsed, best) == pytest.approx(0.5, abs=0.03)


def test_the_best_sample_is_where_the_verdict_is_highest():
    # Against v = x₁ the generator gains ½ (max v - E v over real) = ½.
    def first(seen):
        return seen[:, :1]

    assert paid(GENERATOR, first, makes(1.0, 0.0)) == pytest.approx(0.5, abs=0.03)


def trained(agent, opponent):
    """What PPO is paid after a small training."""
    preset = Ppo(envs=32, steps=32, batch=256, learning_rate=3e-3, gamma=0.5, hidden=(32,))
    batch = Side(32, agent=agent, opponent=opponent, data=two(), autoreset_mode="SameStep")
    model = preset.make(VecMonitor(VectorEnvBridge(batch)), seed=100)
    with seeding.global_seed(100):
        model.learn(10_000)
    return model


@pytest.mark.slow
def test_ppo_finds_the_best_verdict_and_the_best_sample():
    judge = trained(DISCRIMINATOR, makes(HERE, HERE))
    assert paid(DISCRIMINATOR, makes(HERE, HERE), duel.Plays(judge).act) > 0.4
    assert paid(GENERATOR, judge, makes(-HERE, -HERE)) > 0.4  # the other point fools that judge


def test_labels_are_told_to_both_sides():
    dataset = rings(300)
    env = Side(512, agent=GENERATOR, opponent=says(0.0), data=dataset)
    seen, _ = env.reset(seed=0)
    assert seen.shape == (512, 2 + 3)
    asked = seen[:, 2:].argmax(1)
    env.step(np.full((512, 2), 0.9, np.float32))
    shown = env.rounds.seen(DISCRIMINATOR)
    assert shown.shape == (512, 2 + 3)
    assert np.array_equal(shown[:, 2:].argmax(1), asked)
    real = env.rounds.is_real
    x = env.rounds.scale.from_box(torch.from_numpy(shown[real, :2])).numpy()
    radius = np.linalg.norm(x, axis=1)
    assert np.array_equal(np.rint(radius).astype(int) - 1, asked[real])


def test_samples_are_rounded_where_the_data_are_whole_numbers():
    env = Side(64, agent=GENERATOR, opponent=says(0.0), data="digits", noise=Gaussian(3))
    env.reset(seed=0)
    env.action_space.seed(0)
    env.step(env.action_space.sample())
    grey = (env.rounds.x + 1) * 8
    assert np.allclose(grey, np.rint(grey), atol=1e-4)


def test_a_run_plays_either_side():
    env = Side(256, agent=DISCRIMINATOR, opponent=bundled.FOLDER, data="digits")
    assert env.rounds.noise.base_dim == 32
    env.reset(seed=0)
    env.step(np.zeros((256, 1), np.float32))
    generator = networks.load(bundled.FOLDER / "generator")
    alike = Side(256, agent=DISCRIMINATOR, opponent=generator, data="digits")
    alike.reset(seed=0)
    alike.step(np.zeros((256, 1), np.float32))
    assert np.array_equal(env.rounds.x, alike.rounds.x)
    kw = {"dataset": data.load("digits"), "noise": generator.noise, "rows": 256}
    good = paid(GENERATOR, bundled.FOLDER, Generates(generator, kw["dataset"]), **kw)
    bad = paid(GENERATOR, bundled.FOLDER, makes(*np.zeros(64)), **kw)
    assert bad < good
    assert bad < -0.4
    critic = Side(4, agent=GENERATOR, opponent=generator.kept_critic, **only(kw, "noise"))
    critic.reset(seed=0)


def only(kw, name):
    return {"data": kw["dataset"], name: kw[name]}


class Generates:
    """A trained generator as the agent."""

    def __init__(self, generator, dataset):
        self.opponent = duel.Trained(generator)
        self.opponent.meet(Side(1, agent=DISCRIMINATOR, opponent=generator, data=dataset).rounds,
                           GENERATOR)  # fmt: skip

    def __call__(self, seen):
        return self.opponent.act(seen)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_opponent_that_learns_comes_to_tell_a_fixed_sample(objective):
    env = Side(
        32, agent=GENERATOR, opponent=Learns(objective, batch=32, width=16), data=two(), horizon=40
    )
    env.reset(seed=0)
    reward = [env.step(np.full((32, 2), 0.1, np.float32))[1].mean() for _ in range(40)]
    assert np.mean(reward[-5:]) < np.mean(reward[1:6]) - 0.02


def test_a_seed_makes_the_opponent_forget_and_a_reset_does_not():
    def mean_pay(env):
        return np.mean([env.step(np.full((16, 2), 0.1, np.float32))[1].mean() for _ in range(30)])

    learner = Learns(batch=16, width=16, learning_rate=1e-2)
    env = Side(16, agent=GENERATOR, opponent=learner, data=two(), horizon=30)
    env.reset(seed=0)
    first = mean_pay(env)
    env.reset()
    assert mean_pay(env) < first - 0.2
    env.reset(seed=0)
    assert mean_pay(env) == pytest.approx(first, abs=1e-6)


def test_global_random_state_stays_as_it_was():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    env = as_single(GENERATOR, Learns(batch=4), data=two())
    env.reset(seed=0)
    for _ in range(20):
        env.step(np.zeros(2, np.float32))
    assert torch.equal(torch.get_rng_state(), before)


def test_pictures_show_the_plane_and_the_images():
    env = as_single(GENERATOR, says(1.0), render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    env.step(np.full(2, 0.5, np.float32))
    assert first.dtype == np.uint8
    assert not np.array_equal(first, env.render())
    env = as_single(DISCRIMINATOR, bundled.FOLDER, data="digits", render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == first.shape
    pytest.importorskip("pettingzoo", reason="pettingzoo defines games for several")
    both = parallel_env(render_mode="rgb_array")
    both.reset(seed=0)
    assert np.array_equal(both.render(), first)
    assert parallel_env().render() is None


def test_without_pettingzoo_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    monkeypatch.delitem(sys.modules, "genenv.envs.parallel", raising=False)
    with pytest.raises(Mistake, match=r"expected pettingzoo, .*; pip install 'genenv\[game\]'"):
        parallel_env()


def test_wrong_arguments_are_mistakes():
    with pytest.raises(Mistake, match="agent to be one of generator, discriminator, got 'critic'"):
        as_single("critic", says(1.0))
    with pytest.raises(Mistake, match="one of digits, loans, ring, grid"):
        as_single(GENERATOR, says(1.0), data="nowhere")
    with pytest.raises(Mistake, match="horizon of 2 or more, for the first step pays nothing"):
        as_single(GENERATOR, says(1.0), horizon=1)
    with pytest.raises(Mistake, match=r"expected an opponent: a function, .*, got int; give one"):
        as_single(GENERATOR, 7)
    with pytest.raises(Mistake, match=r"the generator's actions on 2 observations of shape \(2, 2"):
        as_single(DISCRIMINATOR, says(1.0))
    with pytest.raises(Mistake, match="expected the discriminator's actions to be finite"):
        as_single(GENERATOR, says(np.nan))
    with pytest.raises(Mistake, match=r"expected objective to be one of gan, .*, got 'best'"):
        Learns("best")
    with pytest.raises(Mistake, match="width to be a whole number above 0, got 0"):
        Learns(width=0)
    generator = networks.load(bundled.FOLDER / "generator")
    with pytest.raises(Mistake, match=r"the generator to be one of samples of shape \(2,\)"):
        as_single(DISCRIMINATOR, generator)
    with pytest.raises(Mistake, match="expected a generator, got a critic; let it play the disc"):
        as_single(DISCRIMINATOR, generator.kept_critic, data="digits")
    with pytest.raises(Mistake, match="a generator driven by 3 numbers, as the duel's noise, got"):
        as_single(DISCRIMINATOR, generator, data="digits", noise=Gaussian(3))
    bare = replace(data.load("digits"), unconditional=True)
    with pytest.raises(Mistake, match=r"a generator with the classes \(\) of the duel, got \(0, 1"):
        as_single(DISCRIMINATOR, generator, data=bare)
    with pytest.raises(Mistake, match=r"a critic with the classes \(\) of the duel, got \(0, 1"):
        as_single(GENERATOR, generator, data=bare)
    rung = networks.load(bundled.rung(bundled.LADDER[0]))
    with pytest.raises(Mistake, match="expected a generator with its critic, got none kept"):
        as_single(GENERATOR, rung, data="digits")
    with pytest.raises(Mistake, match=r"a folder with spec\.json"):
        as_single(DISCRIMINATOR, "nowhere")


def test_a_policy_of_other_spaces_is_a_mistake():
    env = as_single(GENERATOR, says(1.0), horizon=4)
    model = PPO("MlpPolicy", env, n_steps=8, batch_size=8, device="cpu")
    assert as_single(DISCRIMINATOR, model).reset(seed=0)[0].shape == (2,)
    with pytest.raises(Mistake, match=r"expected a discriminator with observation_space Box\("):
        as_single(GENERATOR, model)
    model.observation_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)
    model.action_space = gymnasium.spaces.Box(-1, 1, (3,), np.float32)
    with pytest.raises(Mistake, match=r"expected a discriminator with action_space Box\("):
        as_single(GENERATOR, model)


def test_wrong_actions_of_two_are_mistakes():
    pytest.importorskip("pettingzoo", reason="pettingzoo defines games for several")
    env = parallel_env(horizon=2)
    with pytest.raises(Mistake, match="expected a running episode, got none; call reset"):
        env.step({})
    env.reset(seed=0)
    sample = np.zeros(2, np.float32)
    verdict = np.zeros(1, np.float32)
    with pytest.raises(Mistake, match="expected an action of the discriminator, got none"):
        env.step({GENERATOR: sample})
    with pytest.raises(Mistake, match=r"the generator's action of shape \(2\), got shape \(3,\)"):
        env.step({GENERATOR: np.zeros(3), DISCRIMINATOR: verdict})
    with pytest.raises(Mistake, match="the discriminator's action to be finite"):
        env.step({GENERATOR: sample, DISCRIMINATOR: verdict + np.nan})
    with pytest.raises(Mistake, match="render_mode to be one of human, rgb_array, got 'ansi'"):
        parallel_env(render_mode="ansi")


@pytest.mark.slow
def test_a_generator_learns_by_gradient_what_is_praised():
    """Known answer: a verdict that praises one place draws the samples there."""

    def near(seen):
        far = np.linalg.norm(seen[:, :2] - np.float32([0.5, -0.5]), axis=1, keepdims=True)
        return (1 - 2 * far).clip(-1, 1).astype(np.float32)

    opponent = Learns(width=32, learning_rate=5e-3, updates=2)
    env = Side(32, agent=DISCRIMINATOR, opponent=opponent, data=two(), autoreset_mode="SameStep")
    seen, _ = env.reset(seed=0)
    for _ in range(150):
        seen, *_ = env.step(near(seen))
    made = env.rounds.made
    assert np.linalg.norm(made - [0.5, -0.5], axis=1).mean() < 0.25
    env.reset(seed=0)
    again = opponent.act(np.zeros((1, 2), np.float32))
    assert np.linalg.norm(again - [0.5, -0.5]) > 0.3  # it has forgotten


def test_a_pool_gives_each_episode_an_opponent_by_its_share():
    pool = duel.Pool([says(1.0), says(-1.0)], shares=[0.75, 0.25])
    env = Side(2000, agent=GENERATOR, opponent=pool, data=two(), noise=Gaussian(1))
    env.reset(seed=0)
    verdicts = pool.act(np.zeros((2000, 2), np.float32))[:, 0]
    assert (verdicts == 1).mean() == pytest.approx(0.75, abs=0.04)
    alone = as_single(GENERATOR, duel.Pool([says(1.0), says(-1.0)]), data=two())
    seen = set()
    for seed in range(12):
        alone.reset(seed=seed)
        seen.add(alone.unwrapped.batch.opponent.act(np.zeros((1, 2), np.float32)).item())
    assert seen == {1.0, -1.0}
    with pytest.raises(Mistake, match="expected a pool of opponents, got none"):
        duel.Pool([])
    with pytest.raises(Mistake, match="expected shares of 0 or more, some above"):
        duel.Pool([says(1.0)], shares=[0.0])


def test_the_state_holds_what_both_see_and_the_game_can_be_played_in_turns():
    pytest.importorskip("pettingzoo")
    env = parallel_env(data=two())
    seen, _ = env.reset(seed=0)
    state = env.state()
    assert state in env.state_space
    assert np.array_equal(state[:-1], np.concatenate([seen[GENERATOR], seen[DISCRIMINATOR]]))
    assert state[-1] == 1  # the first sample is real
    turns = duel.env(data=two())
    turns.reset(seed=0)
    for agent in turns.agent_iter(6):
        turns.step(turns.action_space(agent).sample())
    assert set(turns.rewards) == {GENERATOR, DISCRIMINATOR}


def test_a_window_follows_the_duel(monkeypatch):
    pytest.importorskip("pettingzoo")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame = pytest.importorskip("pygame")
    env = parallel_env(data=two(), render_mode="human")
    env.reset(seed=0)
    env.step({side: env.action_space(side).sample() for side in env.agents})
    assert env.render() is None
    assert len(np.unique(pygame.surfarray.array3d(pygame.display.get_surface()))) > 1
    env.close()


@pytest.mark.slow
def test_a_generator_that_draws_the_data_is_not_exploited_and_one_that_collapsed_is():
    collapsed = exploitability(makes(0.8, 0.8), GENERATOR, two(), steps=4096)
    assert collapsed.steps == 4096
    assert 0.2 < collapsed.low < 0.5  # half of the real samples lie elsewhere
    real = exploitability(draws_the_data, GENERATOR, two(), steps=2048)
    assert real.low < 0.02
    assert abs(real.mean) < 0.05
    with pytest.raises(Mistake, match="expected side to be one of generator, discriminator"):
        exploitability(makes(0.8, 0.8), "judge", two())
