from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

from genenv.checks import Mistake
from genenv.envs.walk1d import REACH, Walk1D, single
from genenv.testing import check_vector_env


def walked(env, push, steps=30):
    """Rewards and whether each row failed, with a constant push in standard deviations."""
    env.reset(seed=0)
    rewards = []
    for _ in range(steps):
        action = np.full((env.num_envs, 1), push / REACH, np.float32)
        _, reward, terminated, truncated, info = env.step(action)
        rewards.append(reward[0])
        if terminated.any() or truncated.any():
            break
    return rewards, terminated, truncated, info


@pytest.mark.filterwarnings("error")
def test_both_checkers_pass_without_a_warning():
    env = gymnasium.make("genenv/Walk1D-v0", render_mode="rgb_array").unwrapped
    check_env(env)
    check_env_for_sb3(env)


@pytest.mark.slow
def test_a_batch_equals_singles_in_all_modes_over_both_kinds_of_end():
    check_vector_env(
        lambda n, mode: Walk1D(n, edge=4.0, horizon=6, autoreset_mode=mode),
        lambda: single(edge=4.0, horizon=6),
        episode_ends=40,
    )


def test_thirty_equal_steps_of_a_third_fail_and_cost_five_thirds():
    rewards, terminated, _, info = walked(Walk1D(2, autoreset_mode="Disabled"), 1 / 3 + 1e-6)
    assert len(rewards) == 30
    assert terminated.all()
    assert np.isclose(sum(rewards), -5 / 3, atol=1e-4)
    assert (info["miss"] == 0).all()


def test_a_walk_that_survives_pays_for_its_gap():
    rewards, terminated, truncated, info = walked(Walk1D(2, autoreset_mode="Disabled"), 0.3)
    assert truncated.all()
    assert not terminated.any()
    assert np.isclose(sum(rewards), -30 * 0.045 - 100 - 10 * 1.0, atol=1e-4)
    assert np.allclose(info["miss"], 0.1)


def test_both_edges_count_and_actions_are_clipped():
    assert len(walked(Walk1D(1, edge=20.0, autoreset_mode="Disabled"), -60.0)[0]) == 4


def test_wrong_arguments_are_mistakes():
    with pytest.raises(Mistake, match="expected edge above 0, got 0"):
        Walk1D(edge=0)
    with pytest.raises(Mistake, match="expected horizon to be a whole number above 0, got 0"):
        Walk1D(horizon=0)


@pytest.mark.parametrize(("edge", "known"), [(10.0, "0.108736"), (20.0, "3.6592e-4")])
def test_the_probabilities_of_the_page_are_those_of_quadrature(edge, known):
    """Survival of 30 steps by Gauss-Legendre: the law of x between the edges, step by step."""
    x, weight = np.polynomial.legendre.leggauss(200)
    x, weight = edge * x, edge * weight
    step = np.exp(-0.5 * (x[:, None] - x) ** 2) / np.sqrt(2 * np.pi) * weight
    survives = np.ones(len(x))
    for _ in range(29):
        survives = step @ survives
    first = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi) * weight
    assert 1 - first @ survives == pytest.approx(float(known), rel=1e-4)
    page = Path(__file__).parents[1] / "docs" / "envs" / "walk1d.md"
    assert known in page.read_text()
