from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

from genenv.checks import Mistake
from genenv.envs.crosswalk import Crosswalk, accelerate, single, track, walk
from genenv.testing import check_vector_env


def played(across, action=(0, 0, 0, 0, 0, 0)):
    """Return, last flags and info of one episode with a constant action."""
    env = Crosswalk(1, across=across, autoreset_mode="Disabled")
    env.reset(seed=0)
    total = 0.0
    terminated = [False]
    truncated = [False]
    while not (terminated[0] or truncated[0]):
        _, reward, terminated, truncated, info = env.step(np.array([action], np.float32))
        total += float(reward[0])
    return total, bool(terminated[0]), env, info


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning():
    env = gymnasium.make("genenv/Crosswalk-v0", render_mode="rgb_array").unwrapped
    check_env(env)
    check_env_for_sb3(env)


@pytest.mark.slow
def test_a_batch_equals_singles_in_all_modes_over_both_kinds_of_end():
    check_vector_env(
        lambda n, mode: Crosswalk(n, across=-3.6, horizon=32, autoreset_mode=mode),
        lambda: single(across=-3.6, horizon=32),
        rows=2,
        episode_ends=8,
    )


def test_the_start_of_the_tutorial_crashes_without_any_noise():
    total, crashed, env, info = played(-4.0)
    assert crashed
    assert total == 0.0
    assert env.elapsed[0] == 30
    assert np.isclose(info["speed"], 6.67, atol=0.01)


def test_from_the_default_start_the_car_stops_in_time():
    total, crashed, _, info = played(-3.0)
    assert not crashed
    assert np.isclose(total, -1e5 - 1e4 * info["distance"][0])
    assert info["miss"][0] > 0


def test_every_step_costs_the_mahalanobis_distance():
    env = Crosswalk(1, autoreset_mode="Disabled")
    env.reset(seed=0)
    reward = env.step(np.array([[0.5, 0, 0, 0, 0, -0.5]], np.float32))[1]
    assert np.isclose(reward[0], -3 * 2**0.5)


def test_errors_of_the_measured_velocity_are_idle_and_those_of_the_position_are_not():
    at = [played(-3.0, noise)[2]._car[0] for noise in np.eye(6) * 0.2]
    still = played(-3.0)[2]._car[0]
    assert [bool(np.allclose(a, still)) for a in at] == [False, False, True, True, False, False]


def test_the_car_cruises_on_a_free_road_and_brakes_for_a_pedestrian_on_it():
    car = np.array([[-20.0, 11.17, 0.0], [-20.0, 5.0, 0.0]])
    beside = np.array([[0.0, -3.0, 0.0, 1.0]] * 2)
    on = np.array([[0.0, 0.0, 0.0, 1.0]] * 2)
    assert np.allclose(accelerate(beside, car), [0.0, 3.0])
    assert accelerate(on, car)[0] < -5
    behind = np.array([[-30.0, 0.0, 0.0, 1.0]] * 2)
    assert np.allclose(accelerate(behind, car), [0.0, 3.0])


def test_the_tracker_follows_and_a_walk_has_a_top_speed():
    tracked = np.array([[0.0, 0.0, 0.0, 1.0]])
    assert np.allclose(track(tracked, np.array([[0.0, 0.1]])), [[0, 0.1, 0, 1]])
    assert np.allclose(track(tracked, np.array([[1.0, 0.1]])), [[0.85, 0.1, 0.05, 1]])
    assert np.allclose(walk(tracked, np.array([[0.0, 90.0]])), [[0, 0.55, 0, 4.5]])


def test_wrong_arguments_are_mistakes():
    with pytest.raises(Mistake, match=r"expected across from -10 to -1\.5, got 0"):
        Crosswalk(across=0)
