from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch
import toys
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box, Discrete
from gymnasium.utils.env_checker import check_env
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

from genenv import rate, seeding
from genenv.agents import PRESETS, train
from genenv.checks import Mistake
from genenv.envs.corrupted import CorruptedObservation
from genenv.envs.disturbance import Disturbance, single
from genenv.envs.known_worlds import balance
from genenv.envs.open_loop import OpenLoop
from genenv.noise import AutoRegressive, Learned, StudentT, ball_radius
from genenv.testing import check_vector_env

ID = "genenv/Disturbance-v0"
CARTPOLE = {"world": "CartPole-v1", "horizon": 25}
RADIUS = ball_radius(1)


def swing(observation):
    """A policy for Pendulum: push along with the swing, more or less."""
    return 2 * np.tanh(observation.sum(1, keepdims=True))


PENDULUM = {"world": "Pendulum-v1", "policy": swing, "horizon": 20, "threshold": -100.0}


def batch(rows=4, mode="Disabled", **arguments):
    return Disturbance(rows, autoreset_mode=mode, **arguments)


def still(env):
    return np.zeros(env.action_space.shape, np.float32)


def played(env, actions):
    """Results of an episode: actions (steps, base_dim) for all rows."""
    results = [env.reset(seed=0)]
    for action in actions:
        results.append(env.step(np.tile(np.float32(action), (env.num_envs, 1))))
        if (results[-1][2] | results[-1][3]).any():
            break
    return results


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("arguments", [{}, CARTPOLE | {"channels": {"start": 0.1}}])
def test_both_checkers_pass_without_a_warning(arguments):
    env = gymnasium.make(ID, render_mode="rgb_array", **arguments).unwrapped
    check_env(env)
    check_env_for_sb3(env)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {"world_arguments": {"edge": 5.0}, "horizon": 8, "noise": AutoRegressive(1)},
        CARTPOLE
        | {
            "channels": {"observation": 0.4, "action": 0.5, "start": 0.02, "dynamics.length": 0.3},
            "noise": StudentT(6),
            "horizon": 12,
        },
        PENDULUM | {"channels": {"action": 1.0}, "horizon": 6, "noise": AutoRegressive(3)},
    ],
)
def test_a_batch_equals_singles_in_all_modes(arguments):
    check_vector_env(
        lambda n, mode: batch(n, mode, **arguments), lambda: single(**arguments), episode_ends=20
    )


def test_episodes_end_by_failure_by_the_world_and_at_the_horizon():
    hard = np.ones((30, 1))
    *_, (_, _, terminated, truncated, info) = played(batch(), hard)
    assert terminated.all()
    assert not truncated.any()
    assert info["failed"].all()
    assert (info["steps"] == 6).all()  # of 1.96 each
    *_, (_, _, terminated, truncated, info) = played(batch(), 0 * hard)
    assert truncated.all()
    assert not terminated.any()
    assert (info["steps"] == 30).all()
    ends = batch(1, world="CartPole-v1", failure="return", threshold=5.0, policy=always_right)
    *_, (_, _, terminated, _, info) = played(ends, np.zeros((30, 4)))
    assert terminated.all()
    assert not info["failed"].any()


def always_right(observation):
    return np.ones(len(observation), np.int64)


def test_a_spec_survives_json():
    arguments = CARTPOLE | {"channels": {"dynamics.length": 0.1}, "bonus": 2.0}
    arguments["noise"] = None
    env = gymnasium.make(ID, **arguments)
    again = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert np.array_equal(env.reset(seed=1)[0], again.reset(seed=1)[0])
    plain = json.loads(json.dumps({"noise": AutoRegressive(1).to_json()}))
    assert batch(**plain).drive.is_series


def test_equal_steps_of_a_third_fail_with_the_least_energy_and_nothing_cheaper_does():
    third = np.full((30, 1), (1 / 3 + 1e-6) / RADIUS)
    *_, (_, _, terminated, _, info) = played(batch(), third)
    assert terminated.all()
    assert np.allclose(info["energy"], 5 / 3, rtol=1e-5)
    assert np.isclose(np.sqrt(2 * info["energy"][0]), 1.826, atol=1e-3)
    loop = OpenLoop(512)
    e = seeding.numpy_generator(0, "codes").normal(size=(512, 30))
    e[:256] = np.abs(e[:256])  # of equal energy, those of one sign go farthest
    e[:128] = 1 / 3 + 0.1 * e[:128]
    cheaper = e * np.sqrt(0.999 * 10 / 3) / np.linalg.norm(e, axis=1, keepdims=True)
    assert not loop.play(cheaper).failed.any()
    far = OpenLoop(1, world_arguments={"edge": 20.0})
    assert far.play(np.full((1, 30), 2 / 3 + 1e-5)).failed.all()
    assert not far.play(np.full((1, 30), 2 / 3 - 1e-5)).failed.any()


@pytest.mark.slow
def test_the_rate_of_failure_of_the_walk_is_the_known_one():
    loop = OpenLoop(2048)
    found = rate.monte_carlo(loop, loop.base_dim, 16384, seed=0)
    assert found.low < 0.1087 < found.high
    assert loop.episodes == 16384


def test_rewards_sum_to_bonus_and_fall_of_the_miss_distance_less_the_share_of_energy():
    for push in (0.1, 0.9):
        results = played(batch(bonus=3.0, shaping=0.5, scale=2.0), np.full((30, 1), push))
        total = sum(result[1][0] for result in results[1:])
        info = results[-1][4]
        expected = 3 * info["failed"][0] + 0.5 * (1 - info["miss"][0]) - info["energy"][0] / 30
        assert np.isclose(total, 2 * expected)


def test_codes_stay_in_the_plausible_ball_of_each_step_and_of_the_episode():
    env = batch(2, world_arguments={"edge": 1000.0})
    infos = [result[-1] for result in played(env, np.full((30, 1), 5.0))]
    energy = np.array([info["energy"][0] for info in infos])
    assert np.isclose(energy[1], 0.5 * RADIUS**2, rtol=1e-4)
    assert np.isclose(energy[-1], 0.5 * ball_radius(30) ** 2, rtol=1e-4)
    free = batch(2, world_arguments={"edge": 1000.0}, plausible=False)
    assert np.isclose(played(free, [[5.0]])[-1][4]["energy"][0], 12.5)


def undisturbed(name, policy, seed, steps):
    env = gymnasium.make(name)
    seen, _ = env.reset(seed=seed)
    states = [seen]
    total = 0.0
    for _ in range(steps):
        seen, reward, terminated, truncated, _ = env.step(policy(seen[None])[0])
        states.append(seen)
        total += float(reward)
        if terminated or truncated:
            break
    return np.array(states), total


@pytest.mark.parametrize("arguments", [CARTPOLE | {"policy": balance}, PENDULUM])
def test_without_strength_the_trajectory_is_undisturbed_bit_for_bit(arguments):
    parameters = ("length", "masspole") if "Cart" in arguments["world"] else ("l", "m", "g")
    channels = dict.fromkeys(["observation", "action", "start"], 0.0)
    channels |= {f"dynamics.{name}": 0.0 for name in parameters}
    env = batch(3, channels=channels, **arguments)
    env.action_space.seed(0)
    actions = [env.single_action_space.sample() for _ in range(arguments["horizon"])]
    env.reset(seed=4)
    states = [env._seen]
    for action in actions:
        *_, info = env.step(np.tile(action, (3, 1)))
        states.append(env._seen)
    for row in range(3):
        expected, total = undisturbed(
            arguments["world"], arguments["policy"], 4 + row, arguments["horizon"]
        )
        assert np.array_equal(np.array(states)[:, row], expected)
        assert info["returns"][row] == total


@pytest.mark.parametrize(
    ("world", "channel"),
    [
        ("CartPole", f"dynamics.{name}")
        for name in ("gravity", "masscart", "masspole", "length", "force_mag", "tau")
    ]
    + [("Pendulum", f"dynamics.{name}") for name in ("g", "m", "l", "dt", "max_torque")]
    + [
        (world, kind)
        for world in ("CartPole", "Pendulum")
        for kind in ("start", "action", "observation")
    ],
)
def test_every_channel_changes_the_trajectory_and_a_reset_undoes_it(world, channel):
    arguments = CARTPOLE if world == "CartPole" else PENDULUM
    strength = 1.0 if channel in ("action", "observation") else 0.3
    env = batch(1, **arguments | {"horizon": 5}, channels={channel: strength})
    trajectories = []
    for push in (0.0, -1.0, 0.0):
        env.reset(seed=3)
        action = still(env)
        action[:, 0] = push
        for _ in range(5):
            env.step(action)
        trajectories.append(env._seen)
    assert np.array_equal(trajectories[0], trajectories[2])
    assert not np.array_equal(trajectories[0], trajectories[1])


def test_a_changed_parameter_holds_for_the_episode_and_derived_ones_follow():
    env = batch(1, **CARTPOLE, channels={"dynamics.masspole": 1.0, "dynamics.length": 1.0})
    env.reset(seed=0)
    pole = env.world.parts[0]
    env.step(np.float32([[0.5, -0.5]]))
    heavy = pole.masspole
    short = pole.length
    shift = 0.5 * ball_radius(2)
    assert np.allclose([heavy, short], [0.1 * np.exp(shift), 0.5 * np.exp(-shift)])
    assert pole.total_mass == heavy + pole.masscart
    assert pole.polemass_length == heavy * short
    *_, info = env.step(np.float32([[1.0, 1.0]]))
    assert (pole.masspole, pole.length) == (heavy, short)
    assert np.isclose(info["energy"][0], 0.5 * 2 * shift**2)
    env.reset(seed=0)
    assert (pole.masspole, pole.length, pole.total_mass, pole.polemass_length) == (
        0.1,
        0.5,
        1.1,
        0.05,
    )


def test_setters_take_the_place_of_attributes():
    calls = []

    def gust(env, shift):
        calls.append(round(shift, 6))
        env.force_mag = 10.0 + shift

    def shove(env, shift):
        env.state = np.asarray(env.state) + shift
        return np.asarray(env.state, np.float32)

    channels = {"dynamics.gust": 2.0, "start": [0.0, 0.0, 0.1, 0.0]}
    setters = {"dynamics.gust": gust, "start": shove}
    env = batch(1, **CARTPOLE, channels=channels, setters=setters)
    env.reset(seed=0)
    start = env._seen[0, 2]
    env.step(np.float32([[0.1, 0, 0, 0.1, 0]]))
    assert calls == [0.0, *[round(0.2 * ball_radius(5), 6)] * 2]
    env.reset(seed=0)
    assert calls[-1] == 0.0
    assert env._seen[0, 2] == start


def test_a_series_goes_on_from_step_to_step():
    env = batch(1, noise=AutoRegressive(1, coefficient=0.8))
    env.reset(seed=0)
    last = []
    for push in (0.5, 0.25, 0.0):
        seen = env.step(np.float32([[push]]))[0]
        last.append(float(seen[0, 2]))
    z = [0.5 * RADIUS]
    z.append(0.8 * z[0] + 0.6 * 0.25 * RADIUS)
    z.append(0.8 * z[1])
    assert np.allclose(last, z, atol=1e-5)
    assert np.isclose(float(env._seen[0, 0]) * 10, sum(z), atol=1e-4)


def test_a_learned_noise_drives_windows_of_steps():
    noise = Learned(toys.LinearGenerator())  # its window: e and a one-hot label
    env = batch(1, noise=noise, horizon=14)
    env.reset(seed=0)
    action = np.float32([[0.1, 0.2, 0, 0, 1, 0, 0]])
    *_, truncated, info = env.step(action)
    assert info["steps"][0] == 7
    assert np.isclose(env._seen[0, 0] * 10, 0.3 * env.drive.radius + 1, atol=1e-5)
    assert not truncated[0]
    assert env.step(action)[3][0]


def test_coordinates_that_are_idle_take_no_energy_and_give_none():
    channels = {"channels": {"observation": 0.1, "dynamics.length": 0.1}}
    for action in ([1.0, 1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0]):
        env = batch(1, **CARTPOLE, **channels)
        env.reset(seed=0)
        spent = [env.step(np.float32([action]))[4]["energy"][0] for _ in range(2)]
        assert np.isclose(spent[0], 0.5 * ball_radius(5) ** 2, rtol=1e-4)
        assert np.isclose(spent[1] - spent[0], 0.5 * ball_radius(4) ** 2, rtol=1e-4)
    only = batch(1, **CARTPOLE, channels={"dynamics.length": 0.1})
    only.reset(seed=0)
    spent = [only.step(np.float32([[1.0]]))[4]["energy"][0] for _ in range(2)]
    assert spent[0] == spent[1] > 0


class Slope(gymnasium.Env):
    """Its state starts at what its parameter says when it begins."""

    observation_space = Box(-9.0, 9.0, (1,))
    action_space = Box(-1.0, 1.0, (1,))

    def __init__(self) -> None:
        self.k = 1.0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        self.x = np.float32([self.k])
        return self.x, {}

    def step(self, _action):
        return self.x, 1.0, False, False, {}


@pytest.fixture
def slope():
    gymnasium.register("Slope-v0", Slope, max_episode_steps=5)
    yield {"world": "Slope-v0", "policy": lambda x: 0 * x, "threshold": 1.0}
    del gymnasium.registry["Slope-v0"]


def test_a_parameter_that_the_world_reads_when_it_begins_counts(slope):
    env = batch(2, **slope, channels={"dynamics.k": 0.5})
    start = env.reset(seed=0)[0]
    seen = env.step(np.float32([[1.0], [0.0]]))[0]
    assert np.isclose(seen[0, 0], np.exp(0.5 * RADIUS), rtol=1e-5)
    assert seen[1, 0] == start[1, 0] == 1.0
    assert env.reset(seed=0)[0][0, 0] == 1.0


def test_a_setter_is_tried_when_it_is_given(slope):
    def broken(_env, _shift):
        return None

    for setters, channel, sentence in (
        ({"dynamics.wind": 1}, "dynamics.wind", "expected a setter that can be called, got 1"),
        ({"start": 1}, "start", "expected a setter that can be called, got 1"),
        ({"start": broken}, "start", r"expected what the start's setter returns of shape \(1\)"),
        ({"start": lambda *_: [1.0, 2.0]}, "start", r"of shape \(1\), got shape \(2,\)"),
        ({"start": lambda *_: [np.nan]}, "start", "expected what the start's setter returns to be"),
    ):
        with pytest.raises(Mistake, match=sentence):
            batch(**slope, channels={channel: 1.0}, setters=setters)


def test_a_return_that_decides_at_the_end_is_a_slope_for_a_search():
    asked = {"failure": "return", "threshold": 20.0, "channels": {"action": 3.0}, "horizon": 60}
    play = OpenLoop(16, **CARTPOLE | asked)
    e = torch.from_numpy(np.random.default_rng(0).normal(size=(16, play.base_dim)))
    played = play.play(e.numpy())
    severity = play(e)
    assert torch.equal(severity > 0, torch.from_numpy(played.failed))
    held = ~played.failed
    assert np.allclose(severity.numpy()[held], -(played.returns[held] - 20) / 20)
    assert len(set(severity.tolist())) > 2


def test_an_episode_of_one_window_is_terminated():
    env = batch(2, noise=AutoRegressive(30))
    env.reset(seed=0)
    *_, terminated, _truncated, info = env.step(still(env))
    assert terminated.all()
    assert not info["failed"].any()


def test_a_failure_within_a_window_ends_the_episode_there():
    env = batch(2, world_arguments={"edge": 1.0}, noise=AutoRegressive(10), horizon=30)
    env.reset(seed=0)
    actions = still(env)
    actions[0] = 1.0
    *_, terminated, _, info = env.step(actions)
    assert terminated.tolist() == [True, False]
    assert info["steps"][0] < 10
    assert info["steps"][1] == 10


def test_discrete_actions_flip_when_the_noise_outweighs_them():
    env = batch(1, **CARTPOLE, channels={"action": 1.0}, policy=always_right)
    env.reset(seed=0)
    speeds = []
    for push in ([0.0, 0.0], [0.9, 0.0]):
        before = env._seen[0, 1]
        env.step(np.float32([push]))
        speeds.append(env._seen[0, 1] - before)
    assert speeds[0] > 0 > speeds[1]


def test_a_model_is_asked_for_its_deterministic_actions_and_never_changes(tmp_path: Path):
    with seeding.global_seed(0):
        model = PPO("MlpPolicy", "CartPole-v1", seed=0, device="cpu")
    before = [p.clone() for p in model.policy.parameters()]
    env = batch(3, **CARTPOLE, policy=model, channels={"action": 0.0})
    states = [r[0] for r in played(env, np.zeros((25, 2)))]
    own, _ = undisturbed(
        "CartPole-v1", lambda seen: model.predict(seen, deterministic=True)[0], 0, 25
    )
    assert np.allclose(np.array(states)[:, 0, :4], own[: len(states)], atol=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(before, model.policy.parameters(), strict=True))
    model.save(tmp_path / "model.zip")
    path = str(tmp_path / "model.zip")
    again = batch(3, **CARTPOLE, policy=path, trust=True, channels={"action": 0.0})
    assert np.array_equal(played(again, np.zeros((25, 2)))[-1][0], states[-1])
    with pytest.raises(Mistake, match="expected a policy that runs no code of others"):
        batch(**CARTPOLE, policy=path)


def test_the_return_at_the_end_fails_below_the_threshold():
    env = batch(2, **PENDULUM | {"threshold": -1.0})
    results = played(env, np.zeros((20, 1)))
    info = results[-1][-1]
    assert info["failed"].all()
    assert np.allclose(results[1][-1]["miss"], (results[1][-1]["returns"] + 1.0).clip(0))
    assert (info["miss"] == 0).all()
    assert not results[-2][-1]["failed"].any()
    with_own = batch(2, **CARTPOLE, failure="return")  # below 475, as it is registered
    assert played(with_own, np.zeros((25, 4)))[-1][-1]["failed"].all()


def test_failure_and_miss_distance_may_be_functions():
    env = batch(
        2,
        **CARTPOLE,
        channels={"action": 1.0},
        failure=lambda o: np.abs(o.observation[:, 0]) > 0.1,
        miss=lambda o: 0.1 - np.abs(o.observation[:, 0]),
        policy=always_right,
    )
    *_, (_, _, terminated, _, info) = played(env, np.zeros((25, 2)))
    assert info["failed"].any()
    assert np.array_equal(info["failed"], terminated)
    assert np.allclose(info["miss"], 0.1 - np.abs(env._seen[:, 0]))


def test_later_episodes_start_elsewhere_and_repeat_after_the_seed():
    env = batch(2, **CARTPOLE)
    starts = [env.reset(seed=1)[0], env.reset()[0], env.reset(seed=1)[0], env.reset()[0]]
    assert np.array_equal(starts[0], starts[2])
    assert np.array_equal(starts[1], starts[3])
    assert not np.isclose(starts[0], starts[1])[:, :4].any()


def test_the_picture_shows_codes_and_energy():
    env = batch(2, render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()[0]
    for _ in range(4):
        env.step(np.float32([[0.3], [0.1]]))
    one, other = env.render()
    assert one.shape == first.shape
    assert not np.array_equal(one, other)


class Odd(gymnasium.Env):
    observation_space = gymnasium.spaces.Dict({"x": Box(-1, 1)})
    action_space = Box(-1, 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"world": "Nowhere-v0"}, "expected world to be the id of an environment that can be made"),
        ({"world_arguments": {"edg": 1}}, "expected arguments that genenv/Walk1D-v0 takes"),
        ({"world": "Pendulum-v1"}, "expected a function, a Stable-Baselines3 model or its zip"),
        (PENDULUM | {"threshold": None}, "expected a return below which the policy fails"),
        (CARTPOLE | {"threshold": 3.0}, 'expected a threshold with failure="return"'),
        ({"failure": "boredom"}, "expected failure to be one of return, terminated"),
        ({"failure": lambda _: np.zeros(3)}, r"expected the failure's flags of shape \(4\)"),
        ({"miss": lambda _: np.zeros(3)}, r"expected the miss distance of shape \(4\)"),
        ({"channels": {}}, "expected at least one channel"),
        ({"channels": {"weather": 1.0}}, "expected a channel to be one of observation, action"),
        ({"channels": {"action": -1.0}}, "expected strength of action of 0 or more, got -1"),
        ({"channels": {"action": [1.0, 1.0]}}, "expected strength of action: 1 or 1 numbers"),
        (CARTPOLE | {"channels": {"dynamics.mass": 1.0}}, r"parameter of CartPoleEnv \(force_mag"),
        (CARTPOLE | {"channels": {"dynamics.total_mass": 1.0}}, "which follows from others"),
        ({"channels": {"start": 1.0}}, "expected a world whose state can be set"),
        ({"setters": {"start": None}}, "expected a setter's channel to be one of action"),
        ({"noise": StudentT(7)}, "expected a horizon of whole windows, got 30 for a window of 7"),
        (CARTPOLE | {"noise": StudentT(7)}, "expected a noise of 4 numbers a step"),
        (CARTPOLE | {"noise": AutoRegressive(4)}, "expected a series of 4 channels, got 1"),
        (
            CARTPOLE | {"channels": {"start": 1.0}, "noise": StudentT(7)},
            "expected a channel that a noise drives",
        ),
        ({"horizon": 0}, "expected horizon to be a whole number above 0, got 0"),
        ({"bonus": -1.0}, "expected bonus of 0 or more, got -1"),
        ({"scale": 0.0}, "expected scale above 0, got 0"),
        ({"shaping": float("nan")}, "expected shaping of 0 or more, got nan"),
        ({"policy": 3}, "expected a function, a Stable-Baselines3 model or its zip, got int"),
        ({"policy": "nowhere.zip"}, "expected the zip of a Stable-Baselines3 model, got nowhere"),
        ({"policy": "a.zip", "algorithm": "Magic"}, "expected algorithm to be one of A2C"),
        ({"policy": lambda _: np.zeros((4, 2))}, r"expected the policy's actions of shape \(4, 1"),
        ({"policy": lambda _: np.full((4, 1), 7.0)}, r"expected actions in Box\(-1.0, 1.0"),
        (CARTPOLE | {"policy": lambda _: np.zeros(4)}, "expected actions of Discrete"),
    ],
)
def test_wrong_arguments_are_mistakes(arguments, sentence):
    with pytest.raises(Mistake, match=sentence):
        batch(**arguments)


def test_a_policy_for_other_spaces_and_a_world_of_dicts_are_mistakes():
    with seeding.global_seed(0):
        model = PPO("MlpPolicy", "Pendulum-v1", device="cpu", n_steps=8, batch_size=8)
    with pytest.raises(Mistake, match="expected a policy with observation space"):
        batch(**CARTPOLE, policy=model)
    with pytest.raises(Mistake, match=r"expected a policy with action space Box\(-1.0, 1.0"):
        batch(world="MountainCarContinuous-v0", threshold=1.0, policy=Wider())
    gymnasium.register("Odd-v0", Odd, max_episode_steps=3)
    try:
        with pytest.raises(Mistake, match="expected a world whose observations are Box"):
            batch(world="Odd-v0")
    finally:
        del gymnasium.registry["Odd-v0"]


class Wider:
    """A policy for MountainCarContinuous, but for the limits of its actions."""

    observation_space = gymnasium.make("MountainCarContinuous-v0").observation_space
    action_space = Box(-2.0, 2.0, (1,))

    def predict(self, observation, **_asked):
        return np.zeros((len(observation), 1), np.float32), None


def test_a_zip_of_another_algorithm_is_a_mistake(tmp_path: Path):
    with seeding.global_seed(0):
        PPO("MlpPolicy", "Pendulum-v1", device="cpu").save(tmp_path / "model.zip")
    given = PENDULUM | {"policy": tmp_path / "model.zip", "trust": True, "algorithm": "SAC"}
    with pytest.raises(Mistake, match=r"expected a zip that SAC saved, got .*model\.zip"):
        batch(**given)


@pytest.mark.parametrize("world", ["Disturbance", "Walk1D", "Crosswalk"])
def test_a_limit_of_steps_is_that_of_gymnasiums_wrapper(world):
    name = f"genenv/{world}-v0"
    short = gymnasium.make_vec(name, 2, max_episode_steps=3)
    alone = gymnasium.make(name, max_episode_steps=3)
    short.reset(seed=0)
    alone.reset(seed=0)
    for step in range(3):
        seen, _, terminated, truncated, _ = short.step(np.zeros(short.action_space.shape))
        own, _, _, cut, _ = alone.step(np.zeros(alone.action_space.shape, np.float32))
        assert np.allclose(seen[0], own)
        assert truncated.tolist() == [cut] * 2 == [step == 2] * 2
        assert not terminated.any()


@pytest.mark.slow
def test_the_preset_finds_nearly_the_least_energy_of_a_short_walk():
    short = {"world": "genenv/Walk1D-v0", "world_arguments": {"edge": 2.0, "horizon": 4}}
    preset = PRESETS["genenv/Disturbance-v0"]
    arguments = preset.arguments | short | {"horizon": 4}
    small = {"steps": 4, "batch": 128, "log_std": -1.0, "learning_rate": 3e-3}
    changed = replace(preset, total_steps=16_000, arguments=arguments, **small)
    agent = train("genenv/Disturbance-v0", changed, seed=0)
    env = Disturbance(1, **arguments)
    seen, _ = env.reset(seed=7)
    for _ in range(4):
        seen, _, terminated, truncated, info = env.step(agent.act(seen))
        if (terminated | truncated).any():
            break
    assert info["failed"].all()
    assert 0.5 - 1e-4 <= info["energy"][0] < 0.65  # edge² / (2 · steps), in equal steps


class Level(gymnasium.Env):
    """Shows 0, pays 1, and its state is the sum of what is done times its gain."""

    observation_space = Box(-9.0, 9.0, (2,))
    action_space = Box(-9.0, 9.0, (1,))

    def __init__(self) -> None:
        self.gain = 1.0
        self.done_so_far = []
        self.begun = np.zeros(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        self.done_so_far = []
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.done_so_far.append(self.gain * float(action[0]))
        return np.zeros(2, np.float32), 1.0, False, False, {}


@pytest.fixture
def level():
    gymnasium.register("Level-v0", Level, max_episode_steps=8)
    yield {"world": "Level-v0", "threshold": -99.0, "plausible": False}
    del gymnasium.registry["Level-v0"]


def arrived(level, channel, strength):
    """What reaches policy, world, purse, start or dynamics of a channel, and the codes sent."""
    seen = []

    def watching(observation):
        seen.append(observation.copy())
        return np.ones((len(observation), 1), np.float32)

    def moved(env, shift):
        env.begun = shift.copy()
        return np.zeros(2, np.float32)

    setters = {"start": moved} if channel == "start" else None
    env = batch(3, **level, policy=watching, channels={channel: strength}, setters=setters)
    env.reset(seed=0)
    del seen[:]
    rng = np.random.default_rng(0)
    codes = []
    paid = [np.zeros(3)]
    for _ in range(8):
        code = rng.standard_normal(env.action_space.shape).astype(np.float32)
        codes.append(code)
        paid.append(env.step(code)[4]["returns"])
    worlds = env.world.parts
    got = {
        "observation": np.stack(seen),
        "action": np.array([w.done_so_far for w in worlds]).T[:, :, None] - 1,
        "reward": np.diff(paid, axis=0)[:, :, None] - 1,
        "dynamics.gain": np.log([[[w.gain] for w in worlds]]),
    }
    if channel == "start":
        return np.array([w.begun for w in worlds])[None], np.stack(codes)[:1]
    sent = np.stack(codes)
    return got[channel], sent[:1] if channel.startswith("dynamics") else sent


@pytest.mark.parametrize(
    ("channel", "strength"),
    [
        ("observation", [0.5, 2.0]),
        ("action", 0.3),
        ("reward", 0.7),
        ("dynamics.gain", 0.2),
        ("start", [0.1, 0.4]),
    ],
)
def test_the_noise_of_every_channel_arrives_where_it_should(level, channel, strength):
    """Each number that is sent comes out, times its strength; without strength, none does."""
    got, sent = arrived(level, channel, strength)
    assert np.allclose(got, sent * np.float32(strength), atol=1e-5)
    assert np.abs(got).min() > 0
    got, _ = arrived(level, channel, 0.0 * np.asarray(strength))
    assert np.abs(got).max() < 1e-7


class Gallery(gymnasium.Env):
    """Shows a grey image."""

    observation_space = Box(0, 255, (16, 16, 3), np.uint8)
    action_space = Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        return np.full((16, 16, 3), 128, np.uint8), {}

    def step(self, _action):
        return np.full((16, 16, 3), 128, np.uint8), 0.0, False, False, {}


def test_images_are_spoiled_by_a_wrapper_and_repeat_after_a_seed():
    env = CorruptedObservation(Gallery(), "gaussian", 3)
    first, _ = env.reset(seed=0)
    second = env.step(0)[0]
    assert first in env.observation_space
    assert first.std() > 5
    assert not np.array_equal(first, second)
    assert np.array_equal(env.reset(seed=0)[0], first)
    assert not np.array_equal(env.reset()[0], first)
    plain = CorruptedObservation(Gallery(), "gaussian", 0)
    assert (plain.reset(seed=0)[0] == 128).all()
    check_env(env, skip_render_check=True)


def test_what_cannot_be_spoiled_is_refused():
    with pytest.raises(Mistake, match="expected images of uint8 as observations, got Box"):
        CorruptedObservation(Level(), "gaussian", 3)
    with pytest.raises(Mistake, match="expected corruption to be one of"):
        CorruptedObservation(Gallery(), "dirt", 3)
    with pytest.raises(Mistake, match="expected a strength from 0 to 5, got 6"):
        CorruptedObservation(Gallery(), "gaussian", 6)
    with pytest.raises(Mistake, match="expected vector data for drift"):
        CorruptedObservation(Gallery(), "drift", 3)
