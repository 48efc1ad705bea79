from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
import toys
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from scipy.special import ndtr
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3
from torch import nn
from toys import rings

from genenv import agents, bundled, data, ladder, networks
from genenv.agents import PRESETS
from genenv.agents.baselines import Seat
from genenv.checks import Mistake
from genenv.envs.detective import GENERATED, LOOK, REAL, Detective, single
from genenv.envs.dial import dial
from genenv.envs.samples import Scale
from genenv.noise import Gaussian
from genenv.testing import check_vector_env
from genenv.training import Trainer, preset

ID = "genenv/Detective-v0"
COLUMNS = 4


class Point(nn.Module):
    """Makes the vector of one value always."""

    kept_critic = None

    def __init__(self, units, value):
        super().__init__()
        self.noise = Gaussian(2)
        self.units = units
        self.classes = ()
        self.conditional = False
        self.u = units.encode(torch.full((1, *units.shape), value))

    def evaluated(self):
        return nullcontext()

    def from_base(self, e, label=None):
        assert label is None
        return self.u.repeat(len(e), 1)


def line():
    """Rows alike in all columns, at 0.8 times these values in [-1, 1]."""
    values = np.repeat([-1.0, 1.0, -0.5, 0.5, -0.1, 0.1], 4)
    return data.from_arrays(values[:, None].repeat(COLUMNS, 1).astype(np.float32), None, "line")


def points(rows=64, value=-0.1, mode="Disabled", noise=0.3, price=0.05, **kw):
    """What is real lies at 0.08, what is generated at 0.8 times the value; looks are alike."""
    spans = {"noise": (noise, noise), "prices": (price, price)}
    return Detective(rows, **known(value), autoreset_mode=mode, **spans, **kw)


def known(value=-0.1, real=0.1):
    dataset = line()
    rows = np.flatnonzero(np.isclose(dataset.x[:, 0], real))
    return {"ladder": [Point(dataset.units, value)], "data": dataset, "rows": rows}


def mean_looks(seen):
    """Undo the shrinking: what the looks at each of five cells, each a region, were in the mean."""
    told = seen[:, : COLUMNS + 1]
    doubt = seen[:, COLUMNS + 1 : 2 * COLUMNS + 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        return 0.08 + told / (1 - doubt**2)


def by_mean(seen):
    return np.where(mean_looks(seen)[:, :COLUMNS].sum(1) > 0, REAL, GENERATED)


def verdict(env, action):
    return env.step(np.broadcast_to(action, env.num_envs))


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning_on_the_bundled_set():
    env = gymnasium.make(ID, render_mode="rgb_array").unwrapped
    assert env.observation_space.shape == (64 + 16 + 1 + 6 + 2 * 7 + 1,)
    assert env.action_space.n == 2 + 7
    check_env(env)
    check_env_for_sb3(env)


@pytest.fixture(scope="module")
def shared():
    """The bundled ladder, loaded once."""
    rungs = Detective().rungs
    return {"ladder": (*rungs.ladder, ladder.last(bundled.FOLDER)), "data": rungs.data}


@pytest.mark.slow
@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.usefixtures("short_trials")
def test_a_batch_equals_singles_on_the_bundled_set(shared, mode):
    check_vector_env(
        lambda n, m: Detective(n, autoreset_mode=m, **shared),
        lambda: single(**shared),
        episode_ends=50,
        modes=[mode],
    )


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_a_batch_equals_singles_where_episodes_are_truncated_early(shared):
    def limited():
        return gymnasium.wrappers.TimeLimit(single(**shared), 2)

    check_vector_env(
        lambda n, m: Detective(n, max_episode_steps=2, autoreset_mode=m, **shared),
        limited,
        episode_ends=20,
        rows=3,
    )


def test_a_spec_goes_through_json():
    spec = EnvSpec.from_json(
        gymnasium.make(ID, looks=2, rows=[5, 6], prices=(0, 0.1)).spec.to_json()
    )
    env = gymnasium.make(spec)
    assert env.unwrapped.batch.looks == 2
    assert env.unwrapped.batch.prices == (0.0, 0.1)
    assert np.array_equal(env.unwrapped.batch.rungs.rows, [5, 6])


def test_the_coin_is_fair_and_every_rung_as_likely():
    env = Detective(4096, autoreset_mode="Disabled")
    rung = env.reset(seed=0)[1]["rung"]
    assert (rung < 0).mean() == pytest.approx(0.5, abs=0.03)
    assert np.allclose(np.bincount(rung[rung >= 0]) / (rung >= 0).sum(), 0.25, atol=0.04)


def test_a_rung_can_be_asked_for_and_holds_for_the_episodes_that_begin_then():
    env = Detective(256, autoreset_mode="Disabled")
    for asked in (0, 3):
        rung = env.reset(seed=1, options={"rung": asked})[1]["rung"]
        assert set(rung) == {-1, asked}
        assert (rung < 0).mean() == pytest.approx(0.5, abs=0.1)
    each = np.arange(256) % 5 - 1
    rung = env.reset(seed=1, options={"rung": each})[1]["rung"]
    assert np.array_equal(rung[rung >= 0][each[rung >= 0] >= 0], each[(rung >= 0) & (each >= 0)])
    assert set(rung[each < 0]) == {-1, 0, 1, 2, 3}
    before = env.reset(seed=1)[1]["rung"]
    mask = np.arange(256) < 128
    after = env.reset(options={"rung": 2, "reset_mask": mask})[1]["rung"]
    assert set(after[mask]) == {-1, 2}
    assert np.array_equal(after[~mask], before[~mask])
    assert set(env.reset()[1]["rung"]) == {-1, 0, 1, 2, 3}


def test_the_single_environment_takes_the_rung_too():
    env = gymnasium.make(ID)
    rungs = {env.reset(seed=s, options={"rung": 1})[1]["rung"] for s in range(12)}
    assert rungs == {-1, 1}


VIEWS = 6  # whole, four parts of one column, coarse
DOUBT = slice(COLUMNS + 1, 2 * COLUMNS + 2)


def test_an_episode_starts_with_one_look_at_a_view_drawn_by_chance():
    env = points(512, noise=0.5)
    doubt = env.reset(seed=0)[0][:, DOUBT]
    looked = doubt < 1
    assert np.array_equal(looked.sum(1) > 1, looked[:, :4].all(1))  # the whole, or one region
    assert (
        np.bincount(np.where(looked.all(1) | (looked.sum(1) == 4), 5, looked.argmax(1))).min() > 50
    )
    assert np.allclose(doubt[looked[:, :4].all(1)][:, 0], 1 / np.sqrt(1 + 1 / 0.5**2))
    assert np.allclose(doubt[looked[:, 4], 4], 1 / np.sqrt(1 + 1 / 0.25**2))  # half the noise


def test_looks_tell_of_their_region_alone_by_the_light_that_they_gather():
    env = points(64, noise=0.3, looks=4)
    before = env.reset(seed=0)[0]
    after = verdict(env, LOOK + 2)[0]  # the second part
    changed = np.abs(after - before) > 1e-7
    assert set(np.flatnonzero(changed.any(0))) == {1, COLUMNS + 1 + 1, after.shape[1] - 1}
    light = 1 / before[:, DOUBT][:, 1] ** 2 + 1 / 0.15**2
    assert np.allclose(after[:, DOUBT][:, 1], 1 / np.sqrt(light), atol=1e-6)
    assert np.allclose(after[:, -1 - 2 * VIEWS : -1], 1.0)  # all noise and prices are the same
    assert np.allclose(after[:, -1], 0.75)


def test_the_mean_is_that_of_all_looks_each_by_its_light():
    # Columns: four whole looks at 0.1 and two of their parts at 0.05, all of one variance together.
    env = points(8192, noise=0.1)
    before = env.reset(seed=0)[0]
    for view in (0, 0, 0, 0, 1, 1):
        seen, _, _, _, info = verdict(env, LOOK + view)
    fresh = before[:, DOUBT][:, 0] == 1  # the free look was elsewhere
    found = mean_looks(seen)[fresh] - np.where(info["rung"][fresh] < 0, 0.08, -0.08)[:, None]
    assert found[:, 0].std() == pytest.approx(1 / np.sqrt(4 / 0.1**2 + 2 / 0.05**2), abs=1e-3)
    assert found[:, 0].mean() == pytest.approx(0.0, abs=2e-3)


def test_views_of_an_image_are_its_quarters_a_coarse_copy_and_a_second_opinion():
    env = Detective(256, noise=(0, 0), autoreset_mode="Disabled")
    env.reset(seed=0)
    told = []
    for view in range(7):
        seen, _, _, _, info = verdict(env, LOOK + view)
        told.append(seen[:, :81] + env.rungs.middle)
    image = told[0][:, :64].reshape(-1, 8, 8)
    assert np.allclose((image + 1) * 8, np.rint((image + 1) * 8), atol=1e-3)
    coarse = told[5][:, 64:80].reshape(-1, 4, 4)
    assert np.allclose(coarse[:, 1, 2], image[:, 2:4, 4:6].mean((1, 2)), atol=1e-4)
    score = told[6][:, 80]
    assert np.abs(score).max() <= 1 + 1e-5
    early, real = score[info["rung"] == 0], score[info["rung"] < 0]
    assert real.mean() > early.mean() + 0.2
    assert np.median(real) == pytest.approx(0.0, abs=0.1)


def test_quarters_are_the_columns_of_an_image_in_four_parts():
    region = Detective(1).views.region[:64].reshape(8, 8)
    assert np.array_equal(region, np.kron([[0, 1], [2, 3]], np.ones((4, 4), int)))


@pytest.mark.parametrize("flaw", ["sample", "negative"])
def test_a_flaw_is_one_part_of_a_row_that_is_real_elsewhere(shared, flaw):
    env = Detective(
        128, **shared, rows=[3], flaw=flaw, side=3, noise=(0, 0), autoreset_mode="Disabled"
    )
    info = env.reset(seed=0)[1]
    whole = verdict(env, LOOK)[0][:, :64] + env.rungs.middle[:64]
    real = whole[info["rung"] < 0][0]
    differs = ~np.isclose(whole, real, atol=1e-5)
    region = env.views.region[:64]
    assert (info["part"][info["rung"] < 0] == -1).all()
    assert set(info["part"]) == set(range(-1, 9))
    for row in np.flatnonzero(info["rung"] >= 0):
        assert set(region[differs[row]]) <= {info["part"][row]}
        if flaw == "negative":
            own = region == info["part"][row]
            assert np.allclose(whole[row, own], -real[own], atol=1e-5)
    assert differs.any()


@pytest.mark.parametrize("side", [2, 3])
def test_who_reads_the_dial_is_right_after_two_looks(side):
    lamps = side**2 - 1
    env = Detective(256, **(dial(side) | {"noise": (0.0, 0.0)}), autoreset_mode="Disabled")
    info = env.reset(seed=0)[1]
    seen = verdict(env, LOOK + 1)[0]
    lamp = (seen[:, :lamps] + env.rungs.middle[:lamps]).argmax(1)
    assert np.array_equal(info["part"], np.where(info["rung"] < 0, -1, lamp + 1))
    seen = verdict(env, LOOK + 2 + lamp)[0]
    lit = seen[np.arange(256), lamps * (1 + lamp)] > 0
    assert verdict(env, np.where(lit, REAL, GENERATED))[4]["correct"].all()


def test_a_lamp_tells_little_without_the_dial():
    env = Detective(4096, **(dial(3) | {"noise": (0.0, 0.0)}), autoreset_mode="Disabled")
    env.reset(seed=0)
    lit = verdict(env, LOOK + 4)[0][:, 8 * 3] > 0
    info = verdict(env, np.where(lit, REAL, GENERATED))[4]
    assert info["correct"].mean() == pytest.approx(0.5 + 1 / 16, abs=0.03)
    x = dial(3)["data"].x
    assert not x[:, 8:].mean(0).any()  # or the scale would tell a lamp that is dark by forgery


def test_each_episode_draws_noise_and_price_of_each_view():
    env = Detective(512, noise=(0.2, 0.4), prices=(0.0, 0.1), autoreset_mode="Disabled")
    noise, price = np.split(env.reset(seed=0)[0][:, -15:-1], 2, 1)
    assert 0.5 <= noise.min() < 0.51 < 0.99 < noise.max() <= 1
    assert 0 <= price.min() < 0.01 < 0.99 < price.max() <= 1
    assert np.abs(np.corrcoef(np.concatenate([noise, price], 1).T) - np.eye(14)).max() < 0.2
    again = env.reset()[0][:, -15:-1]
    assert not np.isclose(again, np.concatenate([noise, price], 1)).any()
    _, reward, _, _, info = verdict(env, LOOK + 3)
    assert np.allclose(reward, -0.1 * again[:, 7 + 3], atol=1e-6)
    assert np.allclose(info["cost"], -reward)


def test_rewards_and_ends():
    env = points(64, noise=0.01, looks=2)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = verdict(env, 1)
    truth = np.where(info["rung"] < 0, REAL, GENERATED)
    assert np.array_equal(info["correct"], truth == GENERATED)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = verdict(env, truth)
    assert (reward == 1).all()
    assert terminated.all()
    assert not truncated.any()
    assert info["correct"].all()
    env.reset(seed=0)
    assert (verdict(env, 1 - truth)[1] == -1).all()
    env.reset(seed=0)
    for k in (1, 2):
        seen, reward, terminated, truncated, info = verdict(env, LOOK)
        assert np.allclose(reward, -0.05)
        assert not (terminated | truncated).any()
        assert (info["looks"] == k).all()
        assert np.array_equal(by_mean(seen), truth)
    seen, reward, terminated, truncated, info = verdict(env, LOOK)
    assert (reward == -1).all()
    assert truncated.all()
    assert not (terminated | info["correct"]).any()
    assert (info["looks"] == 2).all()
    assert np.allclose(info["cost"], 0.1)


def test_the_truth_is_not_in_the_observation():
    env = points(512, value=0.1, noise=0.0)  # what is generated equals what is real
    seen, info = env.reset(seed=0)
    assert 0.3 < (info["rung"] < 0).mean() < 0.7
    real = info["rung"] < 0
    assert np.abs(seen[real].mean(0) - seen[~real].mean(0)).max() < 0.15
    seen = verdict(env, LOOK)[0]
    assert np.abs(seen[:, :COLUMNS]).max() < 1e-6


@pytest.mark.parametrize("looks", [1, 2, 6])
def test_the_best_verdict_is_right_as_often_as_its_known_probability(looks):
    # The sum of 4k numbers at ±0.08 under noise 0.2 has the right sign with Φ(√(4k)·0.08/0.2).
    env = points(20_000, noise=0.2)
    env.reset(seed=0)
    for _ in range(looks):
        seen = verdict(env, LOOK)[0]
    doubt = seen[:, DOUBT][:, :COLUMNS]  # the free look was at no part, or at the coarse copy
    counted = np.isclose(doubt, 1 / np.sqrt(1 + looks / 0.2**2)).all(1)
    info = verdict(env, by_mean(seen))[4]
    expected = ndtr(np.sqrt(4 * looks) * 0.08 / 0.2)
    assert info["correct"][counted].mean() == pytest.approx(expected, abs=0.01)


def test_generators_that_draw_the_data_cannot_be_told():
    env = points(20_000, value=0.1, noise=0.2)
    env.reset(seed=0)
    seen = verdict(env, LOOK)[0]
    info = verdict(env, by_mean(seen))[4]
    assert info["correct"].mean() == pytest.approx(0.5, abs=0.015)


def test_whole_numbers_do_not_tell_the_generated_ones():
    env = Detective(256, noise=(0, 0), autoreset_mode="Disabled")
    env.reset(seed=0, options={"rung": 3})
    seen = verdict(env, LOOK)[0]
    grey = (seen[:, :64] + env.rungs.middle[:64] + 1) * 8
    assert np.allclose(grey, np.rint(grey), atol=1e-3)
    assert not Scale(rings(30)).whole


@pytest.mark.slow
def test_rounding_does_not_depend_on_the_batch():
    many, alone = (Detective(n, noise=(0, 0), autoreset_mode="Disabled") for n in (2048, 1))
    _, info = many.reset(seed=11, options={"rung": 3})
    seen = verdict(many, LOOK)[0]
    for row in np.flatnonzero(info["rung"] == 3)[:200].tolist():
        alone.reset(seed=11 + row, options={"rung": 3})
        own = verdict(alone, LOOK)[0]
        assert np.allclose(own[0], seen[row], atol=1e-5)


def test_vectors_are_scaled_so_that_the_data_fill_four_fifths():
    dataset = rings(300)
    scale = Scale(dataset)
    box = scale.to_box(dataset.units.tensor(dataset.x))
    assert np.allclose(box.abs().amax(0), 0.8, atol=1e-6)
    assert np.allclose(scale.from_box(box), dataset.x, atol=1e-5)


def test_the_bundled_real_rows_are_those_that_the_generators_did_not_see():
    env = Detective()
    with np.load(bundled.FOLDER / "data.npz") as file:
        assert set(env.rungs.rows) == set(range(1797)) - set(file["train"].tolist())
    assert len(env.rungs.ladder) == len(bundled.LADDER)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What `fit` leaves, of a ring with a checkpoint every 4 steps."""
    folder = tmp_path_factory.mktemp("run")
    dataset = data.load("ring")
    config = replace(
        preset("gan", dataset.units), steps=12, checkpoint_every=4, keep=3, batch=16, width=8
    )
    train = np.arange(0, len(dataset), 2)
    trainer = Trainer(
        toys.rows(dataset.x[train], None, dataset.units, ()), config, folder=folder / "checkpoints"
    )
    trainer.fit()
    trainer.result().save(folder / "generator")
    plain = {"data": described(dataset), "train": train.tolist()}
    (folder / "config.json").write_text(json.dumps(plain))
    return folder


def described(dataset):
    from genenv.runs import describe

    return describe(dataset)


def test_a_run_brings_its_checkpoints_and_the_rows_that_it_held_out(run):
    env = Detective(64, run=run, autoreset_mode="Disabled")
    assert len(env.rungs.ladder) == 3
    assert np.array_equal(env.rungs.rows, np.arange(1, 20_000, 2))
    last = networks.load(run / "generator")
    for name, weight in last.state_dict().items():
        assert torch.equal(weight, env.rungs.ladder[-1].state_dict()[name])
    first, late = (g.sample(5)[0] for g in (env.rungs.ladder[0], last))
    assert not np.allclose(first, late)
    assert env.reset(seed=0)[0].shape == (64, 19)
    assert gymnasium.make(ID, run=str(run)).reset(seed=0)[0].shape == (19,)


def test_a_run_without_checkpoints_has_one_rung(run, tmp_path):
    networks.load(run / "generator").save(tmp_path / "generator")
    with pytest.raises(Mistake, match="a run that names none; give the data too"):
        Detective(run=tmp_path)
    env = Detective(run=tmp_path, data="ring")
    assert len(env.rungs.ladder) == 1
    assert len(env.rungs.rows) == 20_000


def test_a_run_on_data_without_a_name_asks_for_them(run, tmp_path):
    networks.load(run / "generator").save(tmp_path / "generator")
    (tmp_path / "config.json").write_text(json.dumps({"data": {"name": "mine"}}))
    with pytest.raises(Mistake, match=r"expected a run on digits, .*, got a run on 'mine'; give"):
        Detective(run=tmp_path)


def test_held_out_data_are_what_is_real():
    dataset = rings(90)
    test = rings(30, seed=1)
    env = Detective(run=bundled.FOLDER)
    assert len(env.rungs.data) == 1797
    found, rows = ladder.unseen(bundled.FOLDER, replace(dataset, held_out=test))
    assert found is test
    assert len(rows) == 30


def test_wrong_arguments_are_mistakes(tmp_path):
    ladder = [networks.load(bundled.rung(step)) for step in bundled.LADDER[:1]]
    with pytest.raises(Mistake, match="expected data beside a ladder, got none; give the real"):
        Detective(ladder=ladder)
    with pytest.raises(Mistake, match="expected either a ladder or a run, got both; leave one"):
        Detective(ladder=ladder, run=bundled.FOLDER)
    with pytest.raises(Mistake, match="expected a ladder of one generator or more, got an empty"):
        Detective(ladder=[], data="ring")
    with pytest.raises(Mistake, match=r"rung 0 of the ladder to be one of samples of shape \(2,\)"):
        Detective(ladder=ladder, data="ring")
    with pytest.raises(Mistake, match=r"got shape \(8, 8\); give one of these data"):
        Detective(data="ring")
    with pytest.raises(Mistake, match=r"one of digits, loans, ring, grid.*which does not exist"):
        Detective(data="nowhere")
    with pytest.raises(Mistake, match=r"a folder with spec\.json"):
        Detective(run=tmp_path)
    with pytest.raises(Mistake, match="expected looks to be a whole number above 0, got 0"):
        Detective(looks=0)
    with pytest.raises(Mistake, match="expected side to be a whole number above 0, got 0"):
        Detective(side=0)
    with pytest.raises(Mistake, match="flaw to be one of everywhere, sample, negative, class"):
        Detective(flaw="corner")
    with pytest.raises(Mistake, match="expected data with labels for a flaw by class, got none"):
        Detective(ladder=[], data=np.eye(9), flaw="class")
    for name, wrong in (("prices", (-0.1, 0.1)), ("noise", (0.5, 0.1)), ("noise", (0, np.inf))):
        with pytest.raises(Mistake, match=f"expected {name} to be two numbers, 0 or more, the le"):
            Detective(**{name: wrong})
    with pytest.raises(Mistake, match=r"expected prices of shape \(2\), got shape \(\)"):
        Detective(prices=0.1)
    with pytest.raises(Mistake, match="expected max_episode_steps to be a whole number above 0"):
        Detective(max_episode_steps=0)
    for rows in ([1797], [-1], [0.5]):
        with pytest.raises(Mistake, match="expected rows to be whole numbers below 1797, got 1 of"):
            Detective(rows=rows)
    with pytest.raises(Mistake, match="rows to be whole numbers below 1797, got 0 of"):
        Detective(rows=[])


@pytest.mark.parametrize("rung", [4, -1, 1.0, "late"])
def test_a_rung_out_of_range_is_a_mistake_at_reset(rung):
    env = Detective(2)
    with pytest.raises(Mistake, match=r"options\['rung'\] to be whole numbers from 0 to 3, got"):
        env.reset(seed=0, options={"rung": rung})
    assert (env.episode == -1).all()


def test_an_array_of_rungs_is_one_a_row():
    env = Detective(2)
    with pytest.raises(Mistake, match=r"options\['rung'\] of shape \(2\)"):
        env.reset(seed=0, options={"rung": [0, 1, 2]})
    with pytest.raises(Mistake, match=r"from 0 to 3 \(-1: by chance\), got \[0, -2\]"):
        env.reset(seed=0, options={"rung": [0, -2]})


def test_actions_that_are_none_are_mistakes():
    env = Detective(2)
    env.reset(seed=0)
    outside = "expected actions from 0 to 8, one a row"
    kind = "expected actions as int64, got float64"
    for actions, sentence in (([0, 9], outside), ([0.5, 1], kind), ([-1, 0], outside)):
        with pytest.raises(Mistake, match=sentence):
            env.step(np.array(actions))


def test_the_picture_shows_looks_sample_and_verdict():
    env = Detective(2, render_mode="rgb_array")
    env.reset(seed=0)
    first, other = env.render()
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert not np.array_equal(first, other)
    verdict(env, REAL)
    assert not np.array_equal(env.render()[0], first)
    env = Detective(
        1, ladder=[Point(rings(30).units, 0.0)], data=rings(30), render_mode="rgb_array"
    )
    env.reset(seed=0)
    assert env.render()[0].shape == first.shape


@pytest.mark.slow
def test_the_preset_learns_to_tell_and_buys_a_look_where_the_first_says_little():
    small = replace(PRESETS[ID], hidden=(16,))
    arguments = known(-0.5, 0.5) | {"noise": (0.6, 0.6), "prices": (0.01, 0.01)}
    agent = agents.train(ID, small, total_steps=32_000, arguments=arguments)
    played = Seat(ID, arguments, 2048, 5).play(agent.act)
    first = ndtr(0.4 * 2 / 0.6)  # one look at any view: of the same light, of the same mean
    assert played.returns.mean() > (2 * first - 1) + 0.05
    assert played.acting.sum(1).mean() > 1.5
