"""The checker passes sound environments, and names what is wrong with each broken one."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import toys
from gymnasium.vector import AutoresetMode

from genenv.testing import check_determinism, check_vector_env

NEXT, SAME, OFF = AutoresetMode


def check(kind, modes=tuple(AutoresetMode), single=toys.single_walk, ends=30):
    check_vector_env(
        lambda n, mode: kind(n, autoreset_mode=mode), single, episode_ends=ends, modes=modes
    )


def sync(n, autoreset_mode):
    return gymnasium.vector.SyncVectorEnv([toys.Walk] * n, autoreset_mode=autoreset_mode)


class ReusesABuffer(toys.BatchedWalk):
    def observe(self):
        if not hasattr(self, "buffer"):
            self.buffer = np.zeros((self.num_envs, 2), np.float32)
        observation, info = super().observe()
        self.buffer[:] = observation
        return self.buffer, info


class ReturnsAViewOfItsState(toys.BatchedWalk):
    def observe(self):
        observation, info = super().observe()
        return observation, info | {"x": self.x}


class DrawsFromTheGlobalState(toys.BatchedWalk):
    def begin(self, rows):
        self.x[rows] = np.random.normal(size=len(rows))


class SharesAStream(toys.BatchedWalk):
    def begin(self, rows):
        self.x[rows] = self.np_random.normal(size=len(rows))


class SwapsFlags(toys.BatchedWalk):
    def advance(self, action, live):
        reward, terminated = super().advance(action, live)
        return reward, np.roll(terminated, 1)


class PaysTooMuch(toys.BatchedWalk):
    def advance(self, action, live):
        reward, terminated = super().advance(action, live)
        return reward * 1.001, terminated


class ObservesInFloat64(toys.BatchedWalk):
    def observe(self):
        observation, info = super().observe()
        return observation.astype(np.float64), info


class LeavesTheSpace(toys.BatchedWalk):
    def observe(self):
        observation, info = super().observe()
        return observation * 100, info


class IgnoresTheMask(toys.BatchedWalk):
    def reset(self, *, seed=None, options=None):  # noqa: ARG002
        return super().reset(seed=seed)


class KeepsTheTimeOnMaskedResets(toys.BatchedWalk):
    def begin(self, rows):
        self.elapsed[rows] = 1
        super().begin(rows)


class ForgetsTheFinalObservation(toys.BatchedWalk):
    def step(self, actions):
        *result, info = super().step(actions)
        info.pop("final_obs", None)
        return *result, info


class GivesTheNewObservationAsTheFinalOne(toys.BatchedWalk):
    def step(self, actions):
        observation, *result, info = super().step(actions)
        if "final_obs" in info:
            info["final_obs"] = observation.copy()
        return observation, *result, info


class PaysForTheAutoreset(toys.BatchedWalk):
    def step(self, actions):
        waiting = self._done.copy()
        observation, reward, *result = super().step(actions)
        return observation, reward + waiting, *result


class SharesItsMetadata(toys.BatchedWalk):
    common: dict = {}  # noqa: RUF012

    def __init__(self, num_envs, autoreset_mode):
        super().__init__(num_envs, autoreset_mode=autoreset_mode)
        self.common.update(self.metadata)
        self.metadata = self.common


class NamesItsModeByAString(toys.BatchedWalk):
    def __init__(self, num_envs, autoreset_mode):
        super().__init__(num_envs, autoreset_mode=autoreset_mode)
        self.metadata = {"autoreset_mode": autoreset_mode.value}


class InformsInWords(toys.BatchedWalk):
    def observe(self):
        observation, info = super().observe()
        return observation, info | {"mood": np.full(self.num_envs, "calm")}


class LeavesOutAMask(toys.BatchedWalk):
    def step(self, actions):
        *result, info = super().step(actions)
        del info["_x"]
        return *result, info


class WritesIntoTheActions(toys.BatchedWalk):
    def advance(self, action, live):
        result = super().advance(action, live)
        action *= 0
        return result


class CountsFlagsAsNumbers(toys.BatchedWalk):
    def step(self, actions):
        observation, reward, terminated, *result = super().step(actions)
        return observation, reward, terminated.astype(int), *result


class HasAnotherActionSpace(toys.BatchedWalk):
    def __init__(self, num_envs, autoreset_mode):
        super().__init__(num_envs, autoreset_mode=autoreset_mode)
        self.single_action_space = gymnasium.spaces.Box(-2.0, 2.0, (1,), np.float32)


BROKEN = {
    ReusesABuffer: (NEXT, "return the same memory"),
    ReturnsAViewOfItsState: (NEXT, "return the same memory"),
    DrawsFromTheGlobalState: (NEXT, "row 0, observation: got"),
    SwapsFlags: (SAME, "keys|terminated: got"),
    PaysTooMuch: (NEXT, "reward: got"),
    ObservesInFloat64: (NEXT, "observation outside of its space"),
    LeavesTheSpace: (NEXT, "observation outside of its space"),
    IgnoresTheMask: (OFF, "masked reset after step"),
    KeepsTheTimeOnMaskedResets: (OFF, "observation: got"),
    ForgetsTheFinalObservation: (SAME, "expected .*final_obs"),
    GivesTheNewObservationAsTheFinalOne: (SAME, "final_obs: got"),
    PaysForTheAutoreset: (NEXT, "reward: got 1.0, expected 0.0"),
    NamesItsModeByAString: (NEXT, "expected metadata"),
    InformsInWords: (NEXT, "info\\['mood'\\] must be a numeric array"),
    LeavesOutAMask: (NEXT, "info\\['_x'\\] must be a bool mask"),
    WritesIntoTheActions: (NEXT, "the actions handed over"),
    CountsFlagsAsNumbers: (NEXT, "terminated must be an array of dtype kind 'b'"),
    HasAnotherActionSpace: (NEXT, "single_action_space is"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_environment_is_caught_and_its_fault_named(kind):
    mode, sentence = BROKEN[kind]
    with pytest.raises(AssertionError, match=sentence):
        check(kind, (mode,))


@pytest.mark.parametrize(
    ("kind", "row"), [(SharesAStream, 1), (DrawsFromTheGlobalState, 0)], ids=["stream", "global"]
)
def test_a_single_one_broken_alike_does_not_hide_randomness_of_the_wrong_kind(kind, row):
    def single():
        return toys.Single(kind(autoreset_mode="Disabled"))

    with pytest.raises(AssertionError, match=f"row {row}, observation: got"):
        check(kind, (NEXT,), single)


def test_global_randomness_is_caught_where_parity_cannot_see_it():
    with pytest.raises(AssertionError, match="run twice with seed 0, part 0: got"):
        check_determinism(lambda: DrawsFromTheGlobalState(3, autoreset_mode=NEXT), seed=0)


@pytest.mark.slow
def test_a_mode_that_instances_share_is_caught():
    with pytest.raises(AssertionError, match=r"became .* when another instance was made"):
        check(SharesItsMetadata)


def test_a_batch_of_one_is_refused():
    with pytest.raises(AssertionError, match="at least 2 rows"):
        check_vector_env(sync, toys.Walk, rows=1)


@pytest.mark.slow
def test_an_endless_environment_is_reported():
    def endless(n, autoreset_mode):
        env = toys.BatchedWalk(n, autoreset_mode=autoreset_mode)
        env.limit = 10**9
        env.advance = lambda action, live: (action[:, 0], live & False)
        return env

    def single():
        return toys.Single(endless(1, OFF))

    with pytest.raises(AssertionError, match="no episode ended"):
        check(endless, (OFF,), single)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [toys.BatchedWalk, sync])
def test_sound_environments_pass_in_all_modes(kind):
    check(kind, single=toys.Walk if kind is sync else toys.single_walk, ends=100)
