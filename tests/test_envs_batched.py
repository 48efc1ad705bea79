from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import toys
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from genenv.checks import Mistake
from genenv.envs import BatchedEnv, Single

STAY = np.zeros((4, 1), np.float32)


def walk(mode="NextStep", rows=4):
    return toys.BatchedWalk(rows, autoreset_mode=mode)


@pytest.mark.filterwarnings("error")
def test_the_batch_of_one_passes_gymnasiums_checker():
    check_env(toys.single_walk(), skip_render_check=True)


@pytest.mark.parametrize("mode", AutoresetMode)
def test_modes_are_taken_as_enum_or_value_and_kept_per_instance(mode):
    assert walk(mode).metadata["autoreset_mode"] is walk(mode.value).metadata["autoreset_mode"]
    assert "autoreset_mode" not in toys.BatchedWalk.metadata


def test_a_row_is_the_same_in_any_batch():
    many, _ = walk(rows=9).reset(seed=5)
    few, _ = walk(rows=2).reset(seed=8)
    assert np.array_equal(many[3:5], few)


def test_seeds_may_be_as_large_as_gymnasiums():
    assert not np.array_equal(walk().reset(seed=2**70 + 1)[0], walk().reset(seed=2**70)[0])


def test_reset_without_a_seed_begins_other_episodes_and_repeats_after_the_seed():
    env = walk()
    first = env.reset(seed=3)[0]
    second = env.reset()[0]
    assert not np.isclose(first, second)[:, 0].any()
    env.reset(seed=3)
    assert np.array_equal(env.reset()[0], second)


def test_a_first_reset_without_a_seed_draws_the_rows_seeds():
    assert not np.array_equal(walk().reset()[0], walk().reset()[0])
    one = walk()
    two = walk()
    one.np_random = np.random.default_rng(1)
    two.np_random = np.random.default_rng(1)
    assert np.array_equal(one.reset()[0], two.reset()[0])


def test_a_masked_reset_leaves_the_other_rows_alone():
    env = walk()
    env.reset(seed=0)
    before = env.step(STAY)[0]
    mask = np.array([True, False, True, False])
    after, info = env.reset(seed=50, options={"reset_mask": mask})
    assert np.array_equal(before[~mask], after[~mask])
    assert np.array_equal(after[mask], walk().reset(seed=50)[0][mask])
    assert np.array_equal(info["_x"], mask)
    assert env.elapsed.tolist() == [0, 1, 0, 1]


def test_options_are_not_changed():
    env = walk()
    env.reset(seed=0)
    options = {"reset_mask": np.array([True, False, False, False])}
    env.reset(options=options)
    assert list(options) == ["reset_mask"]


def test_same_step_gives_what_ended_beside_what_begins():
    env = walk("SameStep")
    env.reset(seed=0)
    for _ in range(12):
        *_, terminated, truncated, info = env.step(STAY)
        done = terminated | truncated
        assert ("final_obs" in info) == done.any()
        if done.any():
            assert np.array_equal(info["_final_obs"], done)
            assert np.array_equal(info["final_info"]["_x"], done)
            assert (info["steps"][done] == 0).all()
            assert (info["final_info"]["steps"][done] > 0).all()


def test_the_limit_truncates():
    env = walk("Disabled", rows=1)
    env.reset(seed=0)
    env.advance = lambda action, live: (action[:, 0], ~live)
    flags = [env.step(STAY[:1])[3].item() for _ in range(12)]
    assert flags == [False] * 11 + [True]


def test_stepping_before_reset_says_what_to_do():
    with pytest.raises(ResetNeeded, match=r"expected reset\(\) before the first step"):
        walk().step(STAY)


def test_stepping_ended_rows_without_autoreset_names_them():
    env = walk("Disabled")
    env.reset(seed=0)
    while not env._done.any():
        env.step(STAY)
    with pytest.raises(ResetNeeded, match=r"rows \[.*\] have ended; reset them"):
        env.step(STAY)


def test_a_first_reset_with_a_mask_is_refused():
    with pytest.raises(ResetNeeded, match="expected every row to have begun"):
        walk().reset(options={"reset_mask": np.array([True, False, True, True])})


def test_a_closed_environment_refuses_everything_but_closing():
    env = walk()
    env.reset(seed=0)
    env.close()
    env.close()
    for call in (env.reset, env.render, lambda: env.step(STAY)):
        with pytest.raises(ClosedEnvironmentError, match="expected an open environment"):
            call()


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (np.ones(3, bool), r"expected options\['reset_mask'\] of shape \(4\)"),
        (np.ones(4, int), "to be bool and to pick a row, got dtype int64 with 4 rows set"),
        (np.zeros(4, bool), "got dtype bool with 0 rows set"),
    ],
)
def test_wrong_masks_are_mistakes(mask, sentence):
    env = walk()
    env.reset(seed=0)
    with pytest.raises(Mistake, match=sentence):
        env.reset(options={"reset_mask": mask})


def test_wrong_arguments_are_mistakes():
    with pytest.raises(Mistake, match="expected num_envs to be a whole number above 0"):
        walk(rows=0)
    with pytest.raises(Mistake, match="expected autoreset_mode to be one of NextStep"):
        walk("Never")
    with pytest.raises(Mistake, match="expected render_mode to be one of"):
        toys.BatchedWalk(2, render_mode="human")
    with pytest.raises(Mistake, match="one row with autoreset_mode='Disabled', got 4 rows"):
        Single(walk())
    env = walk()
    env.reset(seed=0)
    with pytest.raises(Mistake, match=r"expected actions of shape \(4, 1\), got shape \(4,\)"):
        env.step(np.zeros(4))
    with pytest.raises(Mistake, match="expected actions to be finite, got NaN or infinity in 4"):
        env.step(STAY + np.nan)


def test_without_a_render_mode_nothing_is_drawn():
    env = walk()
    env.reset(seed=0)
    assert env.render() is None


class Counter(BatchedEnv):
    """Dict observations, discrete actions: count to five."""

    def __init__(self, num_envs, **kw):
        space = Dict({"n": Discrete(100), "share": Box(0, 10, (1,), np.float32)})
        super().__init__(num_envs, space, Discrete(3), 20, **kw)
        self.n = np.zeros(num_envs, np.int64)

    def begin(self, rows):
        self.n[rows] = 0

    def advance(self, action, live):
        self.n += np.asarray(action) * live
        return self.n / 5, self.n >= 5

    def observe(self):
        share = (self.n[:, None] / 5).astype(np.float32)
        return {"n": self.n.copy(), "share": share}, {"even": self.n % 2 == 0}


@pytest.mark.slow
def test_dict_observations_and_discrete_actions_work_in_batch_and_alone():
    from genenv.testing import check_vector_env

    def alone():
        return Single(Counter(1, autoreset_mode="Disabled"))

    check_vector_env(lambda n, m: Counter(n, autoreset_mode=m), alone, episode_ends=20)
    check_env(alone(), skip_render_check=True)
    env = alone()
    env.reset(seed=0)
    *_, terminated, _, info = env.step(2)
    assert type(terminated) is bool
    assert type(info["even"]) is bool
    assert isinstance(env, gymnasium.Env)


def test_a_sequence_of_seeds_seeds_row_by_row():
    seen, _ = walk().reset(seed=[9, 3, 3, 5])
    assert np.array_equal(seen[0], walk().reset(seed=9)[0][0])
    assert np.array_equal(seen[1], seen[2])
    assert np.array_equal(seen, walk().reset(seed=np.array([9, 3, 3, 5]))[0])
    assert np.array_equal(walk().reset(seed=np.int64(9))[0], walk().reset(seed=9)[0])
    with pytest.raises(Mistake, match="expected a whole number as the seed of each row"):
        walk().reset(seed=[1, None, 2, 3])
    with pytest.raises(Mistake, match=r"expected seed of shape \(4\), got shape \(2,\)"):
        walk().reset(seed=[1, 2])
