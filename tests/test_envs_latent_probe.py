from __future__ import annotations

import shutil

import gymnasium
import numpy as np
import pytest
import torch
import toys
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3
from stable_baselines3.common.vec_env import VecMonitor

from genenv import bundled, networks
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.checks import Mistake
from genenv.envs.latent_probe import LatentProbe, observation, single
from genenv.recorded import load_probe
from genenv.testing import check_vector_env

DIM = toys.DIM
CLASSES = toys.CLASSES
ID = "genenv/LatentProbe-v0"


def batch(rows=8, mode="Disabled", beta=1.0, **kw):
    return LatentProbe(rows, probe=toys.probe(beta), autoreset_mode=mode, **kw)


def towards(env, sign=1.0):
    """The action along the model's normal: severity rises by stride · √dim a step."""
    return np.full(env.action_space.shape, sign, np.float32)


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning():
    env = gymnasium.make(ID, probe=toys.probe(), render_mode="rgb_array").unwrapped
    check_env(env)
    check_env_for_sb3(env)  # its check of pictures closes the environment and then resets it


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_a_batch_equals_singles_in_all_modes_over_many_episode_ends():
    check_vector_env(
        lambda n, mode: batch(n, mode), lambda: single(probe=toys.probe()), episode_ends=50
    )


def test_a_seeded_row_starts_in_the_plausible_set_with_its_label():
    env = batch(512)
    seen, info = env.reset(seed=0)
    labels = seen[:, DIM : DIM + CLASSES]
    assert (labels.sum(1) == 1).all()
    assert np.allclose(labels.mean(0), 1 / CLASSES, atol=0.07)
    assert (info["energy"] <= 9.4878 / 2 + 1e-4).all()  # χ²₀.₉₅ of four coordinates
    assert np.allclose(seen[:, :DIM].std(0), 0.97, atol=0.1)


def test_columns_hold_what_the_documentation_says():
    env = batch()
    env.reset(seed=0)
    env.action_space.seed(0)
    seen, _, _, _, info = env.step(env.action_space.sample())
    e = seen[:, :DIM]
    own = seen[:, DIM : DIM + CLASSES].argmax(1)
    found = toys.probe()(torch.from_numpy(e), torch.from_numpy(own))
    columns = (found.output, found.severity, found.guide_log_p, found.guide_distance)
    assert np.allclose(seen[:, DIM + CLASSES : -4], columns[0], atol=1e-6)
    for column, expected in zip((-4, -3, -2), columns[1:], strict=True):
        assert np.allclose(seen[:, column], expected, atol=1e-6)
    assert np.allclose(seen[:, -1], 5 / 6)
    assert np.allclose(info["severity"], e.sum(1) / 2 - 1, atol=1e-5)
    assert np.allclose(info["energy"], (e**2).sum(1) / 2, atol=1e-5)


def test_observations_are_clipped_to_their_limits():
    big = np.full(2, 50.0, np.float32)
    output = np.full((2, CLASSES), -np.inf, np.float32)
    row = observation(np.zeros((2, 1), np.float32), np.zeros(2, int), output, big, -big, big, big)
    assert row.dtype == np.float32
    assert (row[:, 4:] == [[-10] * 3 + [10, -10, 10, 10]] * 2).all()


def test_the_reward_is_a_quarter_of_the_gain_in_score_plus_the_success_less_the_price():
    env = batch(64, beta=0.5)
    before, _ = env.reset(seed=1)
    env.action_space.seed(1)
    after, reward, terminated, _, _ = env.step(env.action_space.sample())

    def score(seen):
        severity = seen[:, -4]
        distance = seen[:, -2]
        return np.minimum(severity, 1) - 2 * np.maximum(distance + 0.05, 0)

    success = (after[:, -4] > 0) & (after[:, -2] <= 0)
    assert 0 < success.sum() < 64
    assert np.array_equal(success, terminated)
    expected = (score(after) - score(before)) / 4 + 2 * success - 0.05
    assert np.allclose(reward, expected, atol=1e-5)


def test_a_full_action_moves_by_the_stride_and_stays_in_the_plausible_set():
    env = batch(stride=0.1)
    before = env.reset(seed=0)[0][:, :DIM]
    after = env.step(3 * towards(env))[0][:, :DIM]  # beyond the action space: clipped
    inside = np.linalg.norm(before + 0.1, axis=1) < 3.08
    assert inside.any()
    assert np.allclose(after[inside], before[inside] + 0.1, atol=1e-6)
    env = batch(stride=5.0)
    env.reset(seed=0)
    assert np.allclose(env.step(towards(env))[4]["energy"], 9.4877 / 2, atol=1e-3)


def test_success_terminates_and_the_horizon_truncates():
    env = batch(64, beta=10.0, horizon=4)
    env.reset(seed=0)
    for step in range(1, 5):
        seen, _, terminated, truncated, _ = env.step(towards(env, -0.1))
        assert not terminated.any()
        assert (truncated == (step == 4)).all()
        assert np.allclose(seen[:, -1], 1 - step / 4)
    env = batch(64, beta=0.0)
    env.reset(seed=0)
    assert env.step(towards(env, 0.5))[2].any()


def test_every_reset_and_step_costs_a_query_a_row():
    for mode in AutoresetMode:
        env = batch(8, mode)
        env.reset(seed=0)
        for _ in range(20):
            *_, terminated, truncated, info = env.step(env.action_space.sample())
            done = terminated | truncated
            if mode is AutoresetMode.DISABLED and done.any():
                _, info = env.reset(options={"reset_mask": done})
            assert info["queries"].sum() == env.probe.model.queries


def test_queries_are_counted_since_the_row_was_seeded():
    env = batch(2)
    env.reset(seed=0)
    assert env.reset()[1]["queries"].tolist() == [2, 2]
    assert env.reset(seed=0)[1]["queries"].tolist() == [1, 1]


def test_next_step_asks_once_for_a_batch_of_steps_and_starts():
    env = batch(8, "NextStep")
    sizes = []
    ask = env.probe.model.log_probabilities
    env.probe.model.log_probabilities = lambda x: sizes.append(len(x)) or ask(x)
    env.reset(seed=0)
    for _ in range(30):
        env.step(env.action_space.sample())
    assert sizes == [8] * 31


@pytest.mark.slow
@pytest.mark.usefixtures("short_trials")
def test_max_episode_steps_acts_as_gymnasiums_time_limit():
    def limited():
        return gymnasium.wrappers.TimeLimit(single(probe=toys.probe()), 3)

    check_vector_env(lambda n, mode: batch(n, mode, max_episode_steps=3), limited, episode_ends=30)


def test_make_and_make_vec_take_a_probe_and_the_batches_arguments():
    env = gymnasium.make(ID, probe=toys.probe(), horizon=3, stride=0.5)
    assert env.reset(seed=4)[0].shape == (DIM + 2 * CLASSES + 4,)
    many = gymnasium.make_vec(ID, 3, probe=toys.probe(), autoreset_mode="SameStep")
    assert isinstance(many, LatentProbe)
    assert many.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert np.array_equal(env.reset(seed=4)[0], many.reset(seed=2)[0][2])
    alike = gymnasium.make_vec(ID, 3, vectorization_mode="sync", probe=toys.probe())
    assert np.allclose(alike.reset(seed=2)[0], many.reset(seed=2)[0], atol=1e-5)


def test_the_picture_shows_sample_probabilities_and_verdict():
    env = batch(2, render_mode="rgb_array")
    env.reset(seed=0)
    first, other = env.render()
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert first.shape[2] == 3
    assert not np.array_equal(first, other)
    env.step(towards(env))
    assert not np.array_equal(env.render()[0], first)
    assert batch(2).metadata["render_modes"] == ["rgb_array"]


def test_pictures_reach_stable_baselines():
    env = VecMonitor(VectorEnvBridge(batch(4, "SameStep", render_mode="rgb_array")))
    env.reset()
    assert env.render("rgb_array").ndim == 3


def test_wrong_arguments_are_mistakes():
    with pytest.raises(Mistake, match="expected stride above 0, got 0"):
        batch(stride=0)
    with pytest.raises(Mistake, match="expected horizon to be a whole number above 0, got 0"):
        batch(horizon=0)
    with pytest.raises(Mistake, match="expected max_episode_steps above 0, got 0"):
        batch(max_episode_steps=0)
    with pytest.raises(
        Mistake, match="expected either a probe or run, model and generator, got both"
    ):
        batch(run="runs/one")


@pytest.fixture(scope="module")
def bundled_probe():
    return load_probe(bundled.FOLDER)


@pytest.mark.filterwarnings("error")
def test_the_bundled_set_works_untouched_and_passes_both_checkers():
    env = gymnasium.make(ID, render_mode="rgb_array")
    assert env.observation_space.shape == (32 + 20 + 4,)
    check_env(env.unwrapped)
    check_env_for_sb3(env.unwrapped)
    assert gymnasium.make_vec(ID, 4).reset(seed=0)[0].shape == (4, 56)


@pytest.mark.slow
@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.usefixtures("short_trials")
def test_on_the_bundled_set_a_batch_equals_singles(bundled_probe, mode):
    check_vector_env(
        lambda n, m: LatentProbe(n, probe=bundled_probe, autoreset_mode=m),
        lambda: single(probe=bundled_probe),
        episode_ends=50,
        modes=[mode],
    )


def test_a_run_is_read_from_its_folder_and_another_model_can_be_put_into_it():
    first = gymnasium.make(ID, run=str(bundled.FOLDER)).reset(seed=0)[0]
    assert np.array_equal(first, gymnasium.make(ID).reset(seed=0)[0])

    def says_three(x):
        return np.eye(10)[np.full(len(x), 3)]

    env = LatentProbe(64, run=bundled.FOLDER, model=says_three)
    seen, info = env.reset(seed=0)
    assert np.array_equal(info["severity"] > 0, seen[:, 32:42].argmax(1) != 3)


def test_a_run_with_parts_missing_says_which(tmp_path):
    shutil.copytree(bundled.FOLDER / "generator", tmp_path / "generator")
    with pytest.raises(Mistake, match=r"expected a guide in .*judge, got none"):
        LatentProbe(run=tmp_path)
    shutil.copytree(bundled.FOLDER / "judge", tmp_path / "judge")
    with pytest.raises(Mistake, match=r"model\.json, got none; give a folder"):
        LatentProbe(run=tmp_path)
    with pytest.raises(Mistake, match=r"generator\.safetensors, got .*nothing"):
        LatentProbe(run=tmp_path / "nothing")


@pytest.mark.slow
def test_the_bundled_set_is_small_and_its_ladder_climbs():
    size = sum(path.stat().st_size for path in bundled.FOLDER.rglob("*") if path.is_file())
    assert size < 2e6
    with np.load(bundled.FOLDER / "data.npz") as file:
        assert file["x"].dtype == np.uint8
        real, fresh = (file["x"][file[part]] for part in ("train", "audit"))

    def distance(x):
        gaps = np.linalg.norm(x.reshape(-1, 1, 64) - real.reshape(-1, 64).astype(float), axis=2)
        return gaps.min(1).mean()

    rungs = [networks.load(bundled.rung(step)).sample(200, seed=0)[0] for step in bundled.LADDER]
    distances = [distance(x) for x in rungs]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] == pytest.approx(distance(fresh[:200]), rel=0.08)
    assert distances[0] > 1.15 * distances[-1]


@pytest.mark.slow
def test_the_bundled_model_fails_on_some_plausible_samples(bundled_probe):
    e = bundled_probe.generator.noise.base(4096, seed=0)
    found = bundled_probe(e, torch.arange(4096) % 10)
    assert 0 < found.success.sum() < 200
    assert (found.severity < 0).mean() > 0.95
