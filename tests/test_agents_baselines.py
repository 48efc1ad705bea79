from __future__ import annotations

import numpy as np
import pytest

from genenv.agents.baselines import Seat, _usual, played, table
from genenv.agents.hand_rules import HAND_RULES
from genenv.checks import Mistake
from genenv.envs import ForgerSequence

WALK = "genenv/Walk1D-v0"
DRAWN = "genenv/Curriculum-v0"
SMALL = {"width": 8, "batch": 8, "decisions": 4, "updates": 1}


def push(seen):
    return np.full((len(seen), 1), 0.2, np.float32)


def test_players_stand_in_one_order_and_pay_what_is_known():
    found = table(WALK, push, 8, 0, {})
    names = ["random", "best of 16 constants", "its open loop", "equal pushes", "agent"]
    assert list(found) == names
    assert found["equal pushes"].mean == pytest.approx(-(10**2) / 60, rel=1e-3)
    assert found["agent"].mean == pytest.approx(-9 * 0.5 * 1.2**2)
    assert found["its open loop"] == found["agent"]
    assert found["random"].mean < found["best of 16 constants"].mean <= -(10**2) / 60
    random = found["random"]
    assert random.low < random.interquartile_mean < random.high
    paid = np.sort(played(WALK, push, 8, 0, {})["random"])
    assert random.interquartile_mean == pytest.approx(paid[2:6].mean())
    assert random.mean == pytest.approx(paid.mean())


def test_a_rule_that_reacts_is_worth_more_than_its_open_loop_and_one_that_does_not_is_not():
    """The control of the open loop: pushes that depend on chance, or on nothing."""
    rng = np.random.default_rng(0)

    def reacts(seen):
        sign = np.where(seen[:, 0] == 0, rng.choice([-1, 1], len(seen)), np.sign(seen[:, 0]))
        return (0.2 * sign[:, None]).astype(np.float32)

    seat = Seat(WALK, {}, 16, 0)
    assert seat.play(reacts).returns.mean() > seat.open_loop(reacts).mean() + 10
    assert np.array_equal(seat.play(push).returns, seat.open_loop(push))


@pytest.mark.slow
def test_other_seeds_of_an_open_loop_are_of_the_same_problems():
    seat = Seat(DRAWN, SMALL, 3, 5)
    seen = []

    def watching(observation):
        seen.append(observation[:, 34:].copy())
        action = np.zeros((len(observation), 15), np.float32)
        action[:, -1] = 1.0
        return action

    seat.open_loop(watching)
    assert len(seen) == 8
    assert all(np.array_equal(one, seen[0]) for one in seen)


def test_the_usual_action_is_that_of_runs_that_went_on():
    actions = np.array([[[[1.0], [5.0]]], [[[3.0], [9.0]]]])  # (runs, n, steps, numbers)
    acting = np.array([[[True, False]], [[True, True]]])
    assert _usual(actions, acting).ravel().tolist() == [2.0, 9.0]
    acting[1, 0, 1] = False
    assert _usual(actions, acting).ravel().tolist() == [2.0, 2.0]
    votes = np.array([[[2, 0]], [[2, 1]], [[0, 1]]])
    assert _usual(votes, np.ones(votes.shape, bool)).ravel().tolist() == [2, 1]


@pytest.mark.parametrize("env_id", HAND_RULES)
def test_rules_made_by_hand_give_actions_of_their_seat(env_id):
    import gymnasium

    env = gymnasium.make_vec(env_id, 2)
    seen, _ = env.reset(seed=0)
    action = HAND_RULES[env_id][1](seen, env)
    assert action in env.action_space


def test_the_rule_of_sequences_writes_real_ones():
    env = ForgerSequence(4, vocabulary=5, length=3, rows=50)
    seen, _ = env.reset(seed=0)
    for _ in range(3):
        seen, *_ = env.step(HAND_RULES["genenv/ForgerSequence-v0"][1](seen, env))
    real = env.real.tolist()
    assert all(sequence in real for sequence in seen.tolist())
    assert [sequence[0] for sequence in seen.tolist()] == [sequence[0] for sequence in real[:4]]


def test_one_episode_has_no_interval():
    with pytest.raises(Mistake, match="expected 2 episodes or more, got 1"):
        table(WALK, push, 1, 0, {})
