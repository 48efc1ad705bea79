from __future__ import annotations

from dataclasses import replace
from functools import partial

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

from genenv import agents
from genenv.agents.presets import PRESETS
from genenv.agents.returns import returns
from genenv.checks import Mistake
from genenv.data import from_arrays
from genenv.data import toys as mixtures
from genenv.envs.training_game import STOP, TrainingGame, single
from genenv.objectives import Gan, Relativistic, softplus
from genenv.stacked.clouds import cloud
from genenv.stacked.problems import SIDE, Drawn
from genenv.stacked.schedules import SCHEDULES, Constant, Decayed
from genenv.testing import check_parity, check_vector_env
from genenv.training import Trainer, preset

ID = "genenv/TrainingGame-v0"
DATA = mixtures.ring(400)
SMALL = {
    "learning_rate": 2e-3,
    "family": DATA,
    "width": 8,
    "batch": 32,
    "decisions": 3,
    "updates": 2,
}
WILD = {**SMALL, "updates": 1, "learning_rate": 1.0}  # some rows diverge


def batch(rows=4, mode="Disabled", **kw):
    return TrainingGame(rows, autoreset_mode=mode, **(SMALL | kw))


def acted(*action, rows=4, stop=-1.0):
    return np.tile(np.array([*action, 0.0, stop], np.float32), (rows, 1))


def constant(*action):
    return Constant((*action, 0.0, -1.0))


def played(env, act, seed=0):
    """Observations, rewards and infos of one episode without an early end."""
    seen, info = env.reset(seed=seed)
    told = [(seen, None, info)]
    for _ in range(env.limit):
        seen, reward, _, _, info = env.step(act(seen))
        told.append((seen, reward, info))
    return [list(column) for column in zip(*told, strict=True)]


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning():
    env = gymnasium.make(ID, render_mode="rgb_array", **SMALL).unwrapped
    check_env(env)
    check_env_for_sb3(env)


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_a_batch_equals_singles_in_all_modes_through_both_kinds_of_end():
    ends = set()

    def make(rows, mode):
        env = TrainingGame(rows, autoreset_mode=mode, **WILD)
        inner = env.advance

        def advance(action, live):
            reward, terminated = inner(action, live)
            ends.update((terminated & live)[live].tolist())
            return reward, terminated

        env.advance = advance
        return env

    check_vector_env(make, lambda: single(**WILD), rows=2, episode_ends=5)
    assert ends == {True, False}


@pytest.mark.slow
def test_at_default_sizes_a_row_equals_the_single_one_to_the_last_bit():
    env, alone = (make(family="ring", decisions=3) for make in (partial(TrainingGame, 3), single))
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 0.7, (3, 3, 5)).astype(np.float32)
    env.reset(seed=5)
    alone.reset(seed=7)
    for action in actions:
        seen, reward, *_ = env.step(action)
        own, gain, *_ = alone.step(action[2])
        assert np.allclose(seen[2], own, atol=1e-5)
        assert reward[2] == pytest.approx(gain, abs=1e-5)
    assert torch.equal(env.gan.generator.theta[2], alone.batch.gan.generator.theta[0])


def test_rewards_sum_to_the_gain_in_quality_and_the_budget_truncates():
    env = batch()
    seen, reward, info = played(env, Constant().act)
    gain = info[0]["quality"] - info[-1]["quality"]
    assert np.allclose(sum(reward[1:]), gain, atol=1e-6)
    by_log = played(batch(reward="log-quality"), Constant().act)[1]
    assert np.allclose(sum(by_log[1:]), seen[0][:, 6] - seen[-1][:, 6], atol=1e-5)
    assert np.allclose([s[:, 7] for s in seen], [[1 - k / 3] * 4 for k in range(4)])
    assert np.allclose(np.log(info[-1]["quality"] + 0.01), seen[-1][:, 6])
    assert (info[-1]["generator_updates"] == 6).all()
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(acted(0, 0, 0))


def test_steps_of_the_critic_are_one_to_four_and_counted():
    for action, steps in ((-1, 1), (-0.51, 1), (-0.49, 2), (0.01, 3), (0.51, 4), (1, 4)):
        env = batch()
        env.reset(seed=0)
        info = env.step(acted(0, action, 0))[4]
        assert (info["critic_updates"] == 2 * steps).all()


def test_rows_with_fewer_critic_steps_train_as_if_alone():
    mixed = acted(0, -1, 0)
    mixed[1:3, 1] = 0.2, 1.0
    env = batch()
    env.reset(seed=0)
    env.step(mixed)
    for action in (-1, 0.2, 1.0):
        same = batch()
        same.reset(seed=0)
        same.step(acted(0, action, 0))
        rows = mixed[:, 1] == np.float32(action)
        for name in ("generator", "critic"):
            ours, theirs = (getattr(e.gan, name).theta[torch.from_numpy(rows)] for e in (env, same))
            assert torch.equal(ours, theirs)


@pytest.mark.slow
def test_the_ratio_moves_the_rates_apart_and_the_penalty_holds_the_slope_down():
    """Known answers: whose weights move, and what a large penalty does to the slope."""

    def moved(action):
        env = batch(updates=1)
        env.reset(seed=0)
        before = [n.theta.clone() for n in (env.gan.generator, env.gan.critic)]
        env.step(acted(*action))
        after = [n.theta for n in (env.gan.generator, env.gan.critic)]
        return [(b - a).abs().mean().item() for a, b in zip(before, after, strict=True)]

    slow = moved((-1, -1, 0))
    fast = moved((1, -1, 0))
    assert slow[0] / fast[0] == pytest.approx(10, rel=0.1)
    assert fast[1] / slow[1] == pytest.approx(10, rel=0.1)
    steep, flat = (
        played(batch(updates=30, decisions=1), constant(0.5, 0.0, p).act)[0][-1]
        for p in (-1.0, 1.0)
    )
    assert (flat[:, 1] < steep[:, 1]).all()


def test_divergence_ends_the_episode_and_pays_the_penalty():
    env = batch(learning_rate=1e3, updates=5)
    start = env.reset(seed=0)[1]["quality"]
    seen, reward, terminated, _, info = env.step(acted(0, 0, 0))
    assert terminated.all()
    assert np.allclose(reward, start - 4 - 1)
    assert (info["quality"] == 4).all()
    assert seen in env.observation_space


def test_a_diverged_row_leaves_the_others_alone():
    env = batch(rows=2)
    calm = batch(rows=2)
    env.reset(seed=0)
    calm.reset(seed=0)
    env.gan.generator.theta[0] = torch.nan
    seen, _, terminated, _, _ = env.step(acted(0, 0, 0, rows=2))
    assert terminated.tolist() == [True, False]
    assert np.array_equal(seen[1], calm.step(acted(0, 0, 0, rows=2))[0][1])


@pytest.mark.slow
def test_equal_losses_pay_a_critic_that_stands_still():
    """The reward of FSCO is best where nothing is learned; the quality's is not."""
    still = constant(-1.0, -1.0, 1.0).act
    learns = constant(0.5, -1.0, 0.0).act
    sizes = {"updates": 60, "decisions": 1, "width": 16, "learning_rate": 1e-3}
    losses = [played(batch(reward="equal-losses", **sizes), a)[1][1] for a in (still, learns)]
    gains = [played(batch(**sizes), a)[1][1] for a in (still, learns)]
    assert np.median(losses[0]) > max(losses[1])
    assert np.median(gains[0]) < min(gains[1])


@pytest.mark.slow
def test_the_preset_finds_that_equal_losses_are_had_by_stopping_at_once():
    """Known answer: 0 is the most that equal losses pay, and a slow critic has it at once."""
    arguments = SMALL | {"reward": "equal-losses", "learning_rate": 1e-2, "decisions": 2}
    arguments |= {"updates": 4, "context": False}
    few = replace(PRESETS[ID], steps=4, batch=128)
    agent = agents.train(ID, few, seed=0, total_steps=1280, arguments=arguments)
    found = returns(ID, agent.act, 16, 9, arguments).mean()
    middle, fast = (
        returns(ID, constant(*a).act, 16, 9, arguments).mean() for a in ((0, 0, 0), (1, 1, -1))
    )
    assert 0 == found > middle > fast
    start = TrainingGame(8, **arguments).reset(seed=9)[0]
    assert (agent.act(start)[:, 4] > STOP).all()


@pytest.mark.parametrize("objective", ["gan", "wgan-gp", "hinge", "lsgan", "minimax"])
def test_other_objectives_train_too(objective):
    seen, reward, _ = played(batch(objective=objective), Constant().act)
    assert np.isfinite(seen[-1]).all()
    assert (seen[-1][:, :3] != 0).any()
    assert ((seen[-1][:, 1] > 0) == (objective == "wgan-gp")).all()
    assert np.isfinite(reward[-1]).all()


def test_missing_modes_are_a_quality_where_modes_are_known():
    _, reward, info = played(batch(quality="missing"), Constant().act)
    first = info[0]["quality"]
    last = info[-1]["quality"]
    assert (8 * first == np.rint(8 * first)).all()
    assert np.allclose(sum(reward[1:]), first - last, atol=1e-6)
    plain = from_arrays(DATA.x, None, "mine")
    with pytest.raises(Mistake, match="data whose modes are known, got mine; choose sliced"):
        batch(quality="missing", family=plain)
    batch(family=plain)


def test_schedules_act_on_the_share_of_the_budget_that_is_left():
    seen = np.zeros((2, 12), np.float32)
    seen[:, 7] = 1.0, 0.25
    ends = (-1.0, 0.0, 1.0, 0.0, -1.0), (1.0, 0.0, 0.0, 0.0, -1.0)
    assert np.allclose(Decayed(*ends).act(seen), [[-1, 0, 1, 0, -1], [0.5, 0, 0.25, 0, -1]])
    early = Decayed(*ends, bend=0.5).act(seen)[1]
    assert early[0] == pytest.approx(-1 + 2 * 0.75**0.5)
    for schedule in SCHEDULES.values():
        action = schedule.act(seen)
        assert action.shape == (2, 5)
        assert action.dtype == np.float32
        assert np.abs(action).max() <= 1


DRAWN = {"width": 8, "batch": 8, "decisions": 4, "updates": 2}


def drawn(rows=4, mode="Disabled", **kw):
    return TrainingGame(rows, autoreset_mode=mode, **(DRAWN | kw))


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_a_batch_of_drawn_problems_equals_singles_in_all_modes():
    check_vector_env(
        lambda rows, mode: drawn(rows, mode),
        lambda: single(**DRAWN),
        rows=2,
        episode_ends=6,
        modes=[AutoresetMode.SAME_STEP],
    )


def test_a_problem_is_named_by_its_number_and_its_split_and_chance_by_the_seed():
    env = drawn()
    other = drawn(split="test")
    context = slice(10, None)
    first, _ = env.reset(seed=0, options={"problem": [3, 3, 4, 5]})
    again, _ = env.reset(seed=9, options={"problem": 3})
    there, _ = other.reset(seed=0, options={"problem": 3})
    assert np.array_equal(first[0, context], first[1, context])
    assert np.array_equal(again[:2, context], first[:2, context])
    assert not np.array_equal(first[0, context], first[2, context])
    assert not np.array_equal(there[0, context], first[0, context])
    assert not np.array_equal(first[0, 6], first[1, 6])
    assert torch.equal(env.runs.real[0], env.runs.real[1])
    free, _ = env.reset(seed=0)
    assert len(np.unique(free[:, 10])) == 4


def test_what_a_run_costs_is_paid_and_stopping_is_free_and_ends_it():
    env = drawn(shift=0.0)
    seen, _ = env.reset(seed=1)
    prices = env.runs.problems
    after, reward, _, _, info = env.step(acted(0, 1, 0))
    cost = prices.time_price + prices.update_price * 2 * 4
    assert np.allclose(info["cost"], cost)
    assert np.allclose(reward, seen[:, 6] - after[:, 6] - cost, atol=1e-5)
    stopped, reward, terminated, _, later = env.step(acted(0, 1, 0, stop=1.0))
    assert terminated.all()
    assert not reward.any()
    assert np.array_equal(later["cost"], info["cost"])
    assert np.array_equal(stopped[:, 6], after[:, 6])


@pytest.mark.slow
def test_a_drawn_budget_ends_the_episode():
    env = drawn(16)
    env.reset(seed=0)
    steps = np.zeros(16, int)
    over = np.zeros(16, bool)
    for _ in range(4):
        *_, terminated, truncated, _ = env.step(acted(-1, -1, 0, rows=16))
        steps[~over] += 1
        over |= terminated | truncated
        env.reset(options={"reset_mask": terminated | truncated}) if over.any() else None
        if over.all():
            break
    assert set(steps) == {2, 3, 4}


def test_data_that_are_exchanged_cost_nothing_and_are_of_the_same_kind():
    env = drawn(8, shift=1.0)
    env.reset(seed=0)
    before = env.runs.real.clone()
    kind = env.runs.problems.kind.copy()
    env.step(acted(0, -1, 0, rows=8))
    env.step(acted(0, -1, 0, rows=8))
    changed = (env.runs.real != before).flatten(1).any(1).numpy()
    assert changed.any()
    assert np.array_equal(kind, env.runs.problems.kind)
    still = drawn(8, shift=0.0)
    still.reset(seed=0)
    before = still.runs.real.clone()
    still.step(acted(0, -1, 0, rows=8))
    assert torch.equal(still.runs.real, before)


def test_units_beyond_a_problems_width_and_rows_beyond_its_batch_count_for_nothing():
    env = drawn(16, width=8)
    env.reset(seed=0)
    width = env.runs.problems.width
    env.step(acted(0, 0, 0, rows=16))
    for network in (env.gan.generator, env.gan.critic):
        weight = network.layers()[0]
        for row in range(16):
            assert not weight[row, :, width[row] :].any()
            assert weight[row, :, : width[row]].all()
    part, real, latent = env.runs._slot(np.arange(16), np.ones(16, bool), 0)
    for row, batch_of in zip(part, env.runs.problems.batch, strict=True):
        for drawn_rows in (real[row], latent[row]):
            assert torch.equal(drawn_rows[:, :batch_of], drawn_rows[:, -batch_of:])


def test_problems_that_are_no_numbers_are_refused():
    env = drawn()
    with pytest.raises(Mistake, match=r"options\['problem'\] of whole numbers from 0, got -1"):
        env.reset(seed=0, options={"problem": -1})
    with pytest.raises(Mistake, match=r"options\['problem'\] of shape \(4\), got shape \(2,\)"):
        env.reset(seed=0, options={"problem": [1, 2]})


@pytest.mark.parametrize("kind", range(7))
def test_every_cloud_is_drawn_by_its_address_in_standard_units(kind):
    x = cloud(5, kind, 400)
    assert np.array_equal(x, cloud(5, kind, 400))
    assert not np.array_equal(x, cloud(6, kind, 400))
    assert np.allclose(x.mean(0), 0, atol=1e-5)
    assert np.square(x).mean() == pytest.approx(1, abs=1e-5)


def test_pictures_show_samples_and_the_curve():
    env = batch(rows=2, render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    env.step(acted(0, 0, 0, rows=2))
    after = env.render()
    assert len(after) == 2
    assert after[0].shape == first[0].shape
    assert after[0].dtype == np.uint8
    assert not np.array_equal(first[0], after[0])


def test_the_id_works_untouched_and_its_spec_round_trips():
    env = gymnasium.make(ID)
    seen, info = env.reset(seed=0)
    assert seen.shape == (12 + 7 + 7,)
    assert info["quality"] > 0.2
    again = gymnasium.make(EnvSpec.from_json(gymnasium.make(ID, decisions=2).spec.to_json()))
    assert again.unwrapped.batch.decisions == 2
    vector = gymnasium.make_vec(ID, 2, decisions=2)
    assert vector.reset(seed=0)[0].shape == (2, 12 + 7 + 7)
    assert gymnasium.make(ID, context=False).reset(seed=0)[0].shape == (12,)
    assert gymnasium.make(ID, family="ring").reset(seed=0)[0].shape == (12 + 1 + 7,)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"family": "rings"}, "expected one of digits, loans, ring, grid"),
        ({"family": from_arrays(DATA.x[:40])}, "at least two batches of 32 rows, got 40"),
        ({"split": "valid"}, "expected split to be one of train, test, got 'valid'"),
        ({"family": "drawn", "shift": 1.5}, "expected shift from 0 to 1, got 1.5"),
        ({"family": "drawn", "width": 3}, "expected width of 4 or more, got 3"),
        ({"objective": "ganz"}, "expected objective to be one of gan"),
        ({"objective": "wgan"}, "an objective without weight clipping, got Wgan"),
        ({"quality": "fid"}, "expected quality to be one of sliced, missing, got 'fid'"),
        ({"reward": "loss"}, "expected reward to be one of quality, log-quality, equal-losses"),
        ({"critic_norm": "spectral"}, "got norm 'spectral'; train it alone"),
        ({"critic_norm": "batch"}, "got norm 'batch'; train it alone"),
        ({"width": 0}, "expected width to be a whole number above 0, got 0"),
        ({"depth": 0}, "expected depth to be a whole number above 0"),
        ({"latent": 0}, "expected latent to be a whole number above 0"),
        ({"batch": 0}, "expected batch to be a whole number above 0"),
        ({"updates": 1.5}, "expected updates to be a whole number above 0, got 1.5"),
        ({"decisions": 0}, "expected decisions to be a whole number above 0"),
        ({"max_episode_steps": 0}, "expected max_episode_steps to be a whole number above 0"),
        ({"learning_rate": 0.0}, "expected learning_rate above 0, got 0.0"),
        ({"penalty": -1.0}, r"expected penalty above 0, got -1.0"),
        ({"render_mode": "human"}, "expected render_mode to be one of rgb_array"),
    ],
)
def test_bad_arguments_are_refused_at_construction(arguments, words):
    with pytest.raises(Mistake, match=words):
        batch(**arguments)


class Average(Relativistic):
    """The relativistic average: each score against the mean score of the other kind."""

    def generator_terms(self, critic, real, fake, *_):
        return {"adversarial": softplus(critic(real).mean() - critic(fake))}


class Discrepancy(Gan):
    """A critic's game whose generator sees one number of the whole batch."""

    def generator_terms(self, critic, real, fake, *_):
        return {"adversarial": (critic(real).mean() - critic(fake).mean()).square()}


class Summed(Gan):
    """Reduces by itself, without the word mean."""

    def critic_terms(self, critic, real, fake, rng):
        terms = super().critic_terms(critic, real, fake, rng)
        return {name: term.sum() / len(term) for name, term in terms.items()}


class Shuffled(Gan):
    """Draws what no row draws alone."""

    def generator_terms(self, critic, _, fake, __, rng):
        order = torch.randperm(len(fake), generator=rng)
        return {"adversarial": -critic(fake[order])}


class Own(Gan):
    """One's own: a squared log-sigmoid, jitter drawn with rng, and a sum over columns."""

    def critic_terms(self, critic, real, fake, rng):
        jitter = 0.1 * torch.randn(real.shape, generator=rng)
        on_real, on_fake = critic(torch.cat([real + jitter, fake])).chunk(2)
        size = (real * torch.rand(len(real), generator=rng)[:, None]).square().sum(1)
        return {"real": torch.sigmoid(-on_real).square() + 0 * size, "fake": on_fake.sigmoid()}


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        (Average(), "terms in which each row counts alone, got .* of Average: .* train this"),
        (Discrepancy(), r"one number a row in the term 'adversarial', .* got shape \(\)"),
        (Summed(), r"one number a row in the term 'real', \(96,\), got shape \(\)"),
        (Shuffled(), "draws by torch.rand or torch.randn of .* got randperm"),
    ],
)
def test_an_objective_of_the_whole_batch_is_refused_in_one_sentence(objective, words):
    with pytest.raises(Mistake, match=words):
        batch(objective=objective)


@pytest.mark.parametrize("objective", [Average(), Discrepancy(), Summed(), Shuffled()])
def test_a_training_takes_an_objective_of_the_whole_batch(objective):
    config = replace(preset("gan", DATA.units), steps=3, width=8, critic_width=8, device="cpu")
    run = Trainer(replace(DATA, label=None, classes=()), config)
    run.game.objective = objective
    run.fit()
    assert all(term.shape == () and term.isfinite() for term in run._terms.values())


@pytest.mark.slow
def test_an_objective_of_one_s_own_pays_in_a_batch_what_it_pays_alone():
    small = SMALL | {"objective": Own()}
    check_parity(lambda: TrainingGame(2, **small), lambda: single(**small), 4, 0, 1e-5)


def rates(rows, **arguments):
    env = TrainingGame(rows, **arguments)
    env.reset(seed=3, options={"problem": np.zeros(rows, np.int64)})
    return env.runs.rate, env.runs.problems.rate, env.observe()[0]


@pytest.mark.slow
def test_what_is_hidden_changes_the_rate_and_is_shown_to_nobody():
    hidden, shown, seen = rates(40, hidden=8.0)
    assert len(set(shown)) == 1
    factor = hidden / shown
    assert len(set(factor)) == 40
    assert 1 / 8 <= factor.min() < 1 / 4
    assert 4 < factor.max() <= 8
    assert (seen[:, 12:] == seen[0, 12:]).all()
    plain, shown, _ = rates(3)
    assert np.allclose(plain, shown)
    with pytest.raises(Mistake, match=r"expected hidden of 1 or more, got 0\.5"):
        TrainingGame(hidden=0.5)
    with pytest.raises(Mistake, match="expected wrong from 0 to 1, got 2"):
        TrainingGame(wrong=2)


def test_wrong_rows_are_learned_from_and_not_examined_on():
    family = Drawn("train", 0.5, 0.3, 16, 16, 4e-3, 10, 12)
    keys = np.arange(6, dtype=np.uint64)
    kind = np.zeros(6, np.int64)
    clean, held_out = family.data(keys, kind, np.zeros(6))
    spoiled, same = family.data(keys, kind, np.full(6, 0.3))
    assert torch.equal(held_out, same)
    moved = (clean != spoiled).any(2)
    assert 0.25 < moved.float().mean() < 0.35
    assert spoiled[moved].abs().max() <= SIDE / 2
    share = family.problems(np.arange(200, dtype=np.uint64)).wrong
    assert 0 <= share.min() < 0.05
    assert 0.25 < share.max() <= 0.3
