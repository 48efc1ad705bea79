from __future__ import annotations

import json

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

import genenv
from genenv import agents, bundled, data, networks, runs
from genenv.agents.returns import returns
from genenv.checks import Mistake
from genenv.data import from_arrays, loans
from genenv.envs.curriculum import Curriculum, single
from genenv.generators.rows import learn
from genenv.learning_task import find_task
from genenv.networks import Generator
from genenv.noise import Gaussian
from genenv.stacked import StackedLearners
from genenv.stacked.teachers import SHARPNESS, TEACHERS, Even
from genenv.testing import check_vector_env

ID = "genenv/Curriculum-v0"
SIZES = {"width": 8, "decisions": 3, "updates": 2, "batch": 8}
SMALL = {"family": "digits", **SIZES}
CLASSES = 10


def batch(rows=4, mode="Disabled", **kw):
    return Curriculum(rows, autoreset_mode=mode, **(SMALL | kw))


def asked(
    logits=0.0, strength=0.0, share=0.0, rate=0.0, buy=0.0, stop=-1.0, rows=4, classes=CLASSES
):
    action = np.zeros((rows, classes + 5), np.float32)
    action[:, :classes], action[:, classes:] = logits, (strength, share, rate, buy, stop)
    return action


def drawn(rows=4, mode="Disabled", **kw):
    return Curriculum(rows, autoreset_mode=mode, **(SIZES | kw))


def taught(env, action):
    """Samples and labels of one decision, as `batches` draws them."""
    law = np.exp(SHARPNESS * action[:, :CLASSES].astype(float))
    law /= law.sum(1, keepdims=True)
    strength = 2.0 ** action[:, CLASSES]
    share = (1 + action[:, CLASSES + 1]) / 2
    return env.room.batches(np.arange(len(action)), law, strength, share)


class Corners(Generator):
    """Class 0 at (-1, -1), class 1 at (1, 1), spread by the noise: a perfect generator."""

    kind = "corners"

    def __init__(self, units, classes, off=0.0):
        super().__init__(Gaussian(2), units, classes, {})
        self.weight = torch.nn.Parameter(torch.ones(1), requires_grad=False)
        self.off = off

    def forward(self, z, label=None):
        return (2.0 * label[:, None] - 1 + self.off) + 0.3 * z


def corners(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    x = 2.0 * y[:, None] - 1 + 0.3 * rng.normal(size=(rows, 2))
    return from_arrays(x.astype(np.float32), y, "corners")


def toy(rows=4, off=0.0, **kw):
    dataset = corners()
    generator = Corners(dataset.units, (0, 1), off)
    return batch(rows, family=dataset, generator=generator, learning_rate=3e-2, **kw)


def total(env, action):
    env.reset(seed=0)
    return sum(env.step(action)[1] for _ in range(env.limit))


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning():
    env = gymnasium.make(ID, render_mode="rgb_array", **SMALL).unwrapped
    check_env(env)
    check_env_for_sb3(env)


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_a_batch_equals_singles_in_all_modes_over_many_episode_ends():
    check_vector_env(
        lambda n, mode: batch(n, mode), lambda: single(**SMALL), rows=3, episode_ends=8
    )


def test_at_default_sizes_a_row_equals_the_single_one_over_an_episode():
    env = Curriculum(3, family="digits")
    alone = single(family="digits")
    env.reset(seed=5)
    alone.reset(seed=7)
    for action in np.random.default_rng(0).uniform(-1, 0.7, (10, 3, 15)).astype(np.float32):
        seen, reward, *_ = env.step(action)
        own, gain, *_ = alone.step(action[2])
        assert np.allclose(seen[2], own, atol=1e-5)
        assert reward[2] == pytest.approx(gain, abs=1e-5)
    ours = env.learners.network.theta[2]
    theirs = alone.batch.learners.network.theta[0]
    assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("measure", ["accuracy", "log-loss"])
def test_rewards_sum_to_the_gain_and_sabotage_turns_the_sign(measure):
    results = {}
    for goal in ("teach", "sabotage"):
        env = batch(goal=goal, measure=measure)
        start = env.reset(seed=0)[1]
        results[goal] = 0
        for step in range(1, 4):
            seen, reward, terminated, truncated, info = env.step(asked(share=1.0))
            results[goal] += reward
            assert not terminated.any()
            assert (truncated == (step == 3)).all()
            assert np.allclose(seen[:, 31], 1 - step / 3)
        gain = (
            info["accuracy"] - start["accuracy"]
            if measure == "accuracy"
            else start["loss"] - info["loss"]
        )
        assert np.allclose(results[goal], gain if goal == "teach" else -gain, atol=1e-6)
    assert np.allclose(results["teach"], -results["sabotage"])


def test_columns_hold_what_the_documentation_says():
    env = batch()
    first, _ = env.reset(seed=0)
    seen, *_ = env.step(asked())
    x, label = env.task.checked
    log_p = env.learners.log_probabilities(x)
    for k in range(CLASSES):
        own = log_p[:, label == k]
        assert np.allclose(seen[:, k], -own[..., k].mean(1), atol=1e-5)
        assert np.allclose(seen[:, 10 + k], (own.argmax(2) == k).float().mean(1), atol=1e-5)
    assert np.allclose(seen[:, 20:30], first[:, :10] - seen[:, :10], atol=1e-6)
    assert (first[:, 20:31] == 0).all()
    assert (seen[:, 30] > 0).all()


def test_the_law_of_labels_the_share_and_the_strength_are_as_asked():
    env = batch(batch=400, updates=5)
    env.reset(seed=0)
    action = asked(logits=-1.0, share=0.5)
    action[:, 3] = 1.0
    x, label, generated = taught(env, action)
    p = np.exp(2 * SHARPNESS) / (np.exp(2 * SHARPNESS) + 9)
    assert (label == 3).float().mean().item() == pytest.approx(p, abs=0.01)
    real = {tuple(v) for v in env.task.pool[0].numpy().tolist()}
    flat = x.flatten(0, 1).numpy()
    assert all(tuple(v) in real for v in flat[:, 300:].reshape(-1, 64)[:50].tolist())
    assert not any(tuple(v) in real for v in flat[:, :300].reshape(-1, 64)[:50].tolist())
    assert generated.tolist() == [1500] * 4
    low, high = (taught(env, asked(strength=s, share=1.0))[0] for s in (-1.0, 1.0))
    assert low.std(1).mean() < high.std(1).mean()


def test_each_learner_has_its_own_few_real_rows_of_each_class():
    env = batch(8, real_rows=3)
    env.reset(seed=0)
    own = env.room.order[:, :, :3]
    assert (env.room.owned == 3).all()
    label = env.task.pool[1][own]
    assert (label == torch.arange(CLASSES)[None, :, None]).all()
    assert all(len(set(rows.flatten().tolist())) == 30 for rows in own)
    assert len({tuple(rows.flatten().tolist()) for rows in own}) == 8


def test_who_pays_has_been_seen_by_nobody():
    task = find_task(None, None, None)
    parts = [
        {tuple(v) for v in x.numpy().tolist()} for x, _ in (task.pool, task.checked, task.paying)
    ]
    assert [len(part) for part in parts] == [800, 249, 748]
    assert not parts[2] & (parts[0] | parts[1])
    assert not parts[1] & parts[0]


def test_known_answer_a_perfect_generator_teaches_and_a_wrong_one_sabotages():
    """Corners of a square: samples shifted by a class teach the wrong side."""
    good, bad = (total(toy(off=off, updates=20), asked(share=1.0, classes=2)) for off in (0.0, 2.0))
    start = toy().reset(seed=0)[1]["accuracy"]
    assert (start + good > 0.95).all()
    assert (bad < good).all()
    assert (start + bad < 0.8).all()
    teachers = {s: total(toy(off=2.0, updates=20), asked(share=s, classes=2)) for s in (-1.0, 1.0)}
    assert teachers[-1.0].mean() > teachers[1.0].mean() + 0.2


@pytest.mark.slow
def test_the_preset_finds_that_a_wrong_generator_teaches_nothing():
    """Known answer: real rows only; the loss grows with every sample of the wrong generator."""
    dataset = corners()
    arguments = SMALL | {"family": dataset, "generator": Corners(dataset.units, (0, 1), 2.0)}
    arguments |= {"learning_rate": 3e-2, "measure": "log-loss", "decisions": 2, "updates": 20}
    agent = agents.train(ID, seed=0, total_steps=6400, arguments=arguments)
    found = returns(ID, agent.act, 64, 9, arguments).mean()
    by_share = [
        returns(ID, Even(share=s, classes=2).act, 64, 9, arguments).mean()
        for s in (-1.0, -0.5, 0.0, 1.0)
    ]
    assert by_share == sorted(by_share, reverse=True)
    assert found > 0.85 * by_share[0] > by_share[1]


def test_learners_that_are_not_named_stay_as_they_are():
    learners = StackedLearners(3, [4, 8, 2], 1e-2)
    learners.begin(np.arange(3), np.arange(3, dtype=np.uint64))
    before = learners.network.theta.clone()
    x = torch.randn(1, 16, 4, generator=torch.Generator().manual_seed(0))
    label = (x[:, :, 0] > 0).long()
    first = learners.learn(x, label, torch.tensor([1]))
    assert torch.equal(before[[0, 2]], learners.network.theta[[0, 2]])
    for _ in range(50):
        last = learners.learn(x, label, torch.tensor([1]))
    assert last < 0.7 * first


def test_baselines_ask_for_what_their_names_say():
    seen = np.zeros((2, 37), np.float32)
    seen[:, :10] = 1.0
    seen[:, 4] = np.e
    seen[:, 20:30] = 1.0
    seen[:, 25] = -np.e
    for name, teacher in TEACHERS.items():
        action = teacher.act(seen)
        assert action.shape == (2, 15)
        assert action.dtype == np.float32
        odd = {"in proportion to loss": 4, "in proportion to progress": 5}.get(name)
        p = np.exp(SHARPNESS * action[:, :10])
        ratio = p / p[:, :1]
        assert np.allclose(ratio, np.where(np.arange(10) == odd, np.e, 1), rtol=1e-4)
    shares = [TEACHERS[n].act(seen)[0, 11] for n in ("uniform", "real only", "generated only")]
    assert shares == [0, -1, 1]
    assert (Even(strength=0.5).act(seen)[:, 10] == 0.5).all()


def test_a_run_a_generator_and_data_can_be_given(tmp_path):
    digits = data.load("digits")
    generator = networks.load(bundled.FOLDER / "generator")
    env = batch(family=digits, generator=generator)
    assert env.reset(seed=0)[0].shape == (4, 37 + 1 + 6)
    generator.save(tmp_path / "generator")
    assert batch(family="digits", generator=tmp_path / "generator").classes == 10
    with pytest.raises(Mistake, match=r"expected a run with .*config\.json, got none"):
        batch(run=tmp_path, family=None)
    train = list(range(700))
    config = {"data": runs.describe(digits), "generator": "fitted", "split": {"train": train}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    env = batch(run=tmp_path, family=None)
    assert not env.law.drawn
    assert len(env.task.pool[1]) == 700
    assert len(env.task.checked[1]) == 274


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_a_batch_of_drawn_problems_equals_singles():
    check_vector_env(
        lambda n, mode: drawn(n, mode),
        lambda: single(**SIZES),
        rows=3,
        episode_ends=8,
        modes=[AutoresetMode.SAME_STEP],
    )


def test_a_problem_is_named_by_its_number_and_its_split_and_chance_by_the_seed():
    env = drawn()
    other = drawn(split="test")
    context = slice(34, None)
    first, _ = env.reset(seed=0, options={"problem": [3, 3, 4, 5]})
    there, _ = other.reset(seed=0, options={"problem": 3})
    assert np.array_equal(first[0, context], first[1, context])
    assert not np.array_equal(first[0, context], first[2, context])
    assert not np.array_equal(there[0, context], first[0, context])
    assert not np.array_equal(first[0, :10], first[1, :10])
    with pytest.raises(Mistake, match=r"options\['problem'\] of whole numbers from 0, got 0.5"):
        env.reset(seed=0, options={"problem": 0.5})


def test_what_lessons_cost_is_paid_and_stopping_is_free_and_ends_them():
    env = drawn(shift=0.0)
    _, start = env.reset(seed=1)
    has = start["labelled"]
    _, reward, _, _, info = env.step(asked(share=1.0, buy=0.5))
    bought = info["labelled"] - has
    p = env.lessons
    cost = p.time_price + p.label_price * bought + p.generated_price * info["generated"]
    assert (bought == 10).all()
    assert np.allclose(info["cost"], cost)
    assert np.allclose(reward, start["loss"] - info["loss"] - cost, atol=1e-5)
    _, reward, terminated, _, later = env.step(asked(share=1.0, stop=1.0))
    assert terminated.all()
    assert not reward.any()
    assert np.array_equal(later["cost"], info["cost"])


def test_rows_that_are_bought_are_of_the_classes_asked_for():
    env = drawn()
    env.reset(seed=1)
    before = env.room.owned.copy()
    action = asked(logits=-1.0, buy=1.0)
    action[:, 3] = 1.0
    env.step(action)
    more = env.room.owned - before
    assert more.sum() == 80
    assert more.sum(0).argmax() == 3


@pytest.mark.slow
def test_the_share_of_wrong_labels_is_the_problems():
    env = drawn(400)
    env.reset(seed=0)
    label = env.task.pool[1][env.room.order].numpy()
    wrong = (label != np.arange(CLASSES)[None, :, None]).mean((1, 2))
    assert np.allclose(wrong, env.lessons.wrong, atol=0.08)
    assert abs((wrong - env.lessons.wrong).mean()) < 0.005


def test_real_rows_that_move_are_unlike_the_generators_and_nothing_is_charged():
    env = drawn(8, shift=1.0, decisions=4)
    env.reset(seed=0)
    x = env.task.checked[0].expand(8, -1, -1)
    assert torch.equal(env.room.moving(np.arange(8), x), x)
    for _ in range(2):
        env.step(asked(rows=8))
    moved = env.room.moved
    assert moved.any()
    there = env.room.moving(np.arange(8), x).view(8, -1, 8, 8)
    assert torch.equal(there[moved], x.view(8, -1, 8, 8)[moved].roll(1, 3))
    assert torch.equal(there[~moved], x.view(8, -1, 8, 8)[~moved])


def test_a_larger_learning_rate_is_an_action():
    def moved(rate):
        env = drawn(updates=1)
        env.reset(seed=0)
        before = env.learners.network.theta.clone()
        env.step(asked(rate=rate))
        return (env.learners.network.theta - before).abs().max(1).values

    assert torch.allclose(moved(1.0) / moved(-1.0), torch.full((4,), 100.0), rtol=0.05)


@pytest.mark.slow
def test_a_tables_learner_is_taught_by_its_mixture(tmp_path):
    table = data.load("loans")
    generator = learn(table.units, table.x[:400], table.label[:400], 0)
    generator.save(tmp_path / "generator")
    config = {"data": runs.describe(table), "generator": "fitted", "train": list(range(1000))}
    (tmp_path / "config.json").write_text(json.dumps(config))
    sizes = {"width": 32, "decisions": 10, "updates": 10, "batch": 32, "learning_rate": 1e-2}
    env = batch(2, run=tmp_path, family=None, render_mode="rgb_array", **sizes)
    env.reset(seed=0)
    before = env.observe()[1]["accuracy"]
    for _ in range(10):
        env.step(asked(share=1.0, rows=2, classes=2))
    assert (env.observe()[1]["accuracy"] > np.maximum(before, 0.7)).all()
    assert env.render()[0].ndim == 3


def test_a_tables_file_has_the_columns_that_its_generator_learned(tmp_path):
    frame = loans.drawn(400)
    frame.to_csv(tmp_path / "loans.csv", index=False)
    env = batch(2, family=tmp_path / "loans.csv", generator=genenv.fit(frame, target="repaid"))
    assert env.reset(seed=0)[0].shape == (2, 3 * 2 + 7 + 1 + 6)
    assert len(env.task.pool[1]) == 200


def test_pictures_show_the_last_batch():
    for env in (batch(2, render_mode="rgb_array"), toy(2, render_mode="rgb_array")):
        env.reset(seed=0)
        first = env.render()
        env.step(asked(share=1.0, rows=2, classes=env.classes))
        after = env.render()
        assert after[0].shape == first[0].shape
        assert after[0].dtype == np.uint8
        assert not np.array_equal(first[0], after[0])


def test_the_id_works_untouched_and_its_spec_round_trips():
    env = gymnasium.make(ID)
    assert env.reset(seed=0)[0].shape == (37 + 4 + 6,)
    again = gymnasium.make(EnvSpec.from_json(gymnasium.make(ID, goal="sabotage").spec.to_json()))
    assert again.unwrapped.batch.goal == "sabotage"
    assert gymnasium.make_vec(ID, 2, context=False).reset(seed=0)[0].shape == (2, 37)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"goal": "learn"}, "expected goal to be one of teach, sabotage, got 'learn'"),
        ({"measure": "f1"}, "expected measure to be one of accuracy, log-loss, got 'f1'"),
        ({"family": "nothing"}, "expected one of digits, loans, ring, grid"),
        ({"family": corners()}, r"data of the classes \(0, 1, .*, got \(0, 1\) in corners"),
        (
            {"family": None, "generator": "here"},
            "expected the data of the generator, got none; give data",
        ),
        ({"generator": "here", "run": "there"}, "either a run or a generator, got both"),
        ({"family": "digits", "generator": "here"}, r"a folder with spec\.json"),
        ({"family": None, "run": "there"}, r"a folder with spec\.json"),
        ({"split": "valid"}, "expected split to be one of train, test, got 'valid'"),
        ({"family": "drawn", "shift": -0.1}, "expected shift from 0 to 1, got -0.1"),
        ({"family": "drawn", "batch": 2}, "expected batch of 4 or more, got 2"),
        ({"real_rows": 100}, r"expected 100 real rows a class, got 7\d of class"),
        ({"real_rows": 0}, "expected real_rows to be a whole number above 0, got 0"),
        ({"width": 0}, "expected width to be a whole number above 0"),
        ({"depth": 1.5}, "expected depth to be a whole number above 0"),
        ({"batch": 0}, "expected batch to be a whole number above 0"),
        ({"updates": 0}, "expected updates to be a whole number above 0"),
        ({"decisions": 0}, "expected decisions to be a whole number above 0"),
        ({"max_episode_steps": 0}, "expected max_episode_steps to be a whole number above 0"),
        ({"learning_rate": -1.0}, "expected learning_rate above 0"),
        ({"render_mode": "human"}, "expected render_mode to be one of rgb_array"),
    ],
)
def test_bad_arguments_are_refused_at_construction(arguments, words):
    with pytest.raises(Mistake, match=words):
        batch(**arguments)


def test_data_and_generators_that_do_not_match_are_refused():
    dataset = corners()
    wide = from_arrays(np.concatenate([dataset.x, dataset.x], 1), dataset.label, "wide")
    generator = Corners(dataset.units, (0, 1))
    with pytest.raises(Mistake, match=r"samples of shape \(2,\), got \(4,\) in wide"):
        batch(family=wide, generator=generator)
    with pytest.raises(Mistake, match="expected a generator with classes, got one without"):
        batch(family=dataset, generator=Corners(dataset.units, ()))
    rare = from_arrays(dataset.x, np.arange(400) >= 399, "rare")
    with pytest.raises(Mistake, match="held-out rows of every class, got none of class"):
        batch(family=rare, generator=Corners(dataset.units, rare.classes))


def test_what_is_hidden_changes_the_learning_rate_and_is_shown_to_nobody():
    first = Curriculum(2)
    second = Curriculum(2, hidden=8.0)
    seen = [env.reset(seed=4, options={"problem": 3})[0] for env in (first, second)]
    assert np.array_equal(*seen)
    action = np.zeros((2, 15), np.float32)
    after = [env.step(action)[0] for env in (first, second)]
    assert (after[0][:, :10] != after[1][:, :10]).any(1).all()
    with pytest.raises(Mistake, match=r"expected hidden of 1 or more, got 0\.5"):
        Curriculum(hidden=0.5)
