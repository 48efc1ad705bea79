"""What every environment that is registered must keep to, whichever seat it is."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from genenv import ENVIRONMENTS
from genenv.checks import Mistake

LONGER = {  # options that set how long an episode is, and its most steps then
    "genenv/LatentProbe-v0": ({"horizon": 200}, 200),
    "genenv/Forger-v0": ({}, 1),
    "genenv/ForgerSequence-v0": ({"vocabulary": 8, "length": 7, "rows": 200}, 7),
    "genenv/Detective-v0": ({"looks": 9}, 10),
    "genenv/TrainingGame-v0": ({"decisions": 30}, 30),
    "genenv/Curriculum-v0": ({"decisions": 12}, 12),
    "genenv/Disturbance-v0": ({"world_arguments": {"horizon": 200}}, 200),
    "genenv/Walk1D-v0": ({"horizon": 200}, 200),
    "genenv/Crosswalk-v0": ({"horizon": 60}, 60),
}
SMALL = {"genenv/ForgerSequence-v0": {"vocabulary": 8, "length": 4, "rows": 200}}


def made(name):
    return gymnasium.make_vec(name, 2, **SMALL.get(name, {}))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_global_random_state_is_left_alone(name):
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    env = made(name)
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(3):
        env.step(env.action_space.sample())
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_specification_survives_json(name):
    env = gymnasium.make(name, **SMALL.get(name, {}))
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert np.array_equal(env.reset(seed=1)[0], again.reset(seed=1)[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_pickled_batch_goes_on_as_the_original(name):
    env = made(name)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(4)]
    for action in actions[:2]:
        env.step(action)
    again = pickle.loads(pickle.dumps(env))
    for action in actions[2:]:
        left = env.step(action)
        right = again.step(action)
        for a, b in zip(left[:4], right[:4], strict=True):
            assert np.array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_most_steps_of_an_episode_are_stated_and_follow_the_options(name):
    options, most = LONGER[name]
    alone = gymnasium.make(name, **options)
    batch = gymnasium.make_vec(name, 2, **options)
    assert alone.spec.max_episode_steps == batch.spec.max_episode_steps == most
    again = gymnasium.make(EnvSpec.from_json(alone.spec.to_json()))
    assert again.spec.max_episode_steps == most
    assert gymnasium.make(name, max_episode_steps=1, **options).spec.max_episode_steps == 1


def test_a_longer_horizon_is_not_cut():
    env = gymnasium.make("genenv/Walk1D-v0", horizon=200)
    env.reset(seed=0)
    flags = [env.step([0.0])[2:4] for _ in range(200)]
    assert flags == [(False, False)] * 199 + [(False, True)]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_action_of_another_shape_is_named_alone_and_in_a_batch(name):
    alone = gymnasium.make(name, **SMALL.get(name, {}))
    batch = made(name)
    alone.reset(seed=0)
    batch.reset(seed=0)
    with pytest.raises(Mistake, match=r"expected action of shape \(.*\), got shape \(3, 2\)"):
        alone.step(np.zeros((3, 2)))
    with pytest.raises(Mistake, match=r"expected actions of shape \(2.*\), got shape \(3, 2\)"):
        batch.step(np.zeros((3, 2)))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_option_that_a_seat_does_not_know_is_named_and_changes_nothing(name):
    env = gymnasium.make(name, **SMALL.get(name, {}))
    first, _ = env.reset(seed=4)
    for options, got in (({"problm": 3}, "problm"), ("hard", "'hard'"), ([], r"\[\]")):
        with pytest.raises(Mistake, match=rf"expected options .* got {got}; "):
            env.unwrapped.reset(seed=5, options=options)
    assert np.array_equal(env.reset(seed=4)[0], first)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Gymnasium prints what a process raised
def test_what_a_seat_refuses_in_a_process_of_its_own_is_the_same_sentence():
    env = gymnasium.make_vec("genenv/Crosswalk-v0", 1, vectorization_mode="async")
    try:
        with pytest.raises(Mistake, match=r"^expected options of reset_mask, got problm; leave"):
            env.reset(options={"problm": 3})
    finally:
        env.close(terminate=True)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_actions_of_another_kind_are_named_alone_and_in_a_batch(name):
    alone = gymnasium.make(name, **SMALL.get(name, {})).unwrapped
    batch = made(name)
    alone.reset(seed=0)
    batch.reset(seed=0)
    given = alone.action_space.sample() + 0.5j
    with pytest.raises(Mistake, match=r"expected action as \w+, got complex"):
        alone.step(given)
    with pytest.raises(Mistake, match=r"expected actions as \w+, got complex"):
        batch.step(np.stack([given, given]))


def test_a_fraction_is_no_look_of_a_detective():
    env = gymnasium.make("genenv/Detective-v0").unwrapped
    env.reset(seed=0)
    with pytest.raises(Mistake, match="expected action as int64, got float64; convert them"):
        env.step(2.0)


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("Walk1D", {"edge": "wide"}, "edge to be a number, got 'wide'"),
        ("Crosswalk", {"across": "left"}, "across to be a number, got 'left'"),
        ("LatentProbe", {"stride": "long"}, "stride to be a number, got 'long'"),
        ("LatentProbe", {"horizon": 2.5}, "horizon to be a whole number above 0, got 2.5"),
        ("TrainingGame", {"wrong": None}, "wrong to be a number, got None"),
        ("TrainingGame", {"wrong": 1.1}, "wrong from 0 to 1, got 1.1"),
        ("TrainingGame", {"shift": "half"}, "shift to be a number, got 'half'"),
        ("Curriculum", {"hidden": "much"}, "hidden to be a number, got 'much'"),
        ("Curriculum", {"hidden": 0.5}, "hidden of 1 or more, got 0.5"),
    ],
)
def test_an_argument_of_another_kind_or_out_of_range_is_named_when_a_seat_is_made(
    name, given, sentence
):
    with pytest.raises(Mistake, match=f"^expected {sentence}"):
        gymnasium.make(f"genenv/{name}-v0", **given)


def test_rows_and_seeds_of_a_batch_are_whole_numbers():
    with pytest.raises(Mistake, match=r"expected num_envs to be a whole number above 0, got 2.5"):
        gymnasium.make_vec("genenv/Walk1D-v0", 2.5)
    with pytest.raises(Mistake, match=r"expected a whole number as the seed of each row, got 2.5"):
        gymnasium.make_vec("genenv/Walk1D-v0", 2).reset(seed=2.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.filterwarnings("error")
def test_gymnasiums_checker_is_content_with_every_id(name):
    check_env(gymnasium.make(name, **SMALL.get(name, {})).unwrapped, skip_render_check=True)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_frames_are_collected_on_request(name):
    env = gymnasium.make(name, render_mode="rgb_array_list", **SMALL.get(name, {}))
    env.reset(seed=0)
    env.action_space.seed(0)
    env.step(env.action_space.sample())
    assert [frame.ndim for frame in env.render()] == [3, 3]
    assert env.render_mode == "rgb_array_list"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_window_shows_every_seat(name, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame = pytest.importorskip("pygame")
    env = gymnasium.make(name, render_mode="human", **SMALL.get(name, {}))
    env.reset(seed=0)
    env.action_space.seed(0)
    env.step(env.action_space.sample())
    window = pygame.display.get_surface()
    assert len(np.unique(pygame.surfarray.array3d(window))) > 1
    env.close()


def played(name, arguments, actions):
    """Everything that an environment tells, made by its id in the process that calls."""
    env = gymnasium.make(f"genenv:{name}", **arguments)
    told = [env.reset(seed=3)[0]]
    for action in actions:
        told += env.step(action)[:4]
        if told[-2] or told[-1]:  # its only step
            told.append(env.reset()[0])
    env.close()
    return told


@pytest.fixture(scope="module")
def fresh():
    """Another process that begins with nothing imported, as a spawned worker does."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_spawned_process_plays_the_same_episode(name, fresh):
    arguments = SMALL.get(name, {})
    space = gymnasium.make(name, **arguments).action_space
    space.seed(0)
    actions = [space.sample() for _ in range(2)]
    there = fresh.submit(played, name, arguments, actions).result()
    for a, b in zip(there, played(name, arguments, actions), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.slow
def test_a_worker_of_gymnasiums_asynchronous_vectors_plays_a_seat():
    env = gymnasium.make_vec("genenv/LatentProbe-v0", 1, "async", {"context": "fork"})
    env.reset(seed=0)
    seen, *_ = env.step(env.action_space.sample())
    env.close()
    assert len(seen) == 1
