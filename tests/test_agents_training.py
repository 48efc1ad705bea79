from __future__ import annotations

import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
import toys
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete

from genenv import agents, intervals, tracking
from genenv.agents import spaces
from genenv.agents.algorithms import Ppo
from genenv.agents.off_policy import Sac, Td3
from genenv.agents.returns import returns
from genenv.checks import Mistake

ID = "genenv/LatentProbe-v0"
ARGUMENTS = {"horizon": 4, "stride": 1.2}
SMALL = {
    "ppo": Ppo(envs=8, steps=8, batch=32, epochs=2, hidden=(16,), arguments=ARGUMENTS),
    "sac": Sac(envs=8, batch=32, learning_starts=32, hidden=(16,), arguments=ARGUMENTS),
    "td3": Td3(envs=8, batch=32, learning_starts=32, hidden=(16,), arguments=ARGUMENTS),
}
EACH = pytest.mark.parametrize("kind", SMALL)


def train(kind, steps=256, **more):
    given = {"arguments": {"probe": toys.probe(beta=2.0)}, "total_steps": steps} | more
    return agents.train(ID, SMALL[kind], **given)


@pytest.mark.slow
@EACH
def test_what_is_saved_acts_the_same_when_it_is_loaded(kind, tmp_path):
    told = []
    agent = train(kind, out=tmp_path, advance=told.append)
    again = agents.load(tmp_path)
    seen = np.random.default_rng(0).normal(size=(5, 14)).astype(np.float32)
    assert np.array_equal(agent.act(seen), again.act(seen))
    assert np.array_equal(agent.act(seen, seed=3), again.act(seen, seed=3))
    assert again.act(seen) in Box(-1, 1, (5, 4))
    assert (again.env_id, again.preset, again.steps) == (ID, SMALL[kind], sum(told))
    assert agent.steps == 256
    with zipfile.ZipFile(tmp_path / "agents" / "parameters.zip") as archive:
        assert "data" not in archive.namelist()


@pytest.mark.slow
@EACH
def test_training_is_a_function_of_its_seed_and_leaves_global_state_alone(kind):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two, other = (train(kind, seed=s).model.policy.state_dict() for s in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(v, two[k]) for k, v in one.items())
    assert any(not torch.equal(v, other[k]) for k, v in one.items())


@pytest.mark.slow
def test_curves_are_written_into_the_run(tmp_path):
    train("ppo", out=tmp_path)
    curves = tracking.read(tmp_path)
    assert {"rollout/ep_rew_mean", "train/loss"} <= curves.keys()
    assert curves["rollout/ep_rew_mean"][0].tolist() == [64, 128, 192, 256]


@pytest.mark.slow
def test_ppo_learns_what_chance_does_not():
    agent = train("ppo", 6000)
    given = ARGUMENTS | {"probe": toys.probe(beta=2.0)}
    own, chance = (returns(ID, act, 64, 9, given) for act in (agent.act, None))
    assert intervals.of_mean(own - chance, np.random.default_rng(0))[0] > 0


def test_an_interrupt_saves_the_agent_as_it_stands(tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("ppo", out=tmp_path, advance=stop)
    assert agents.load(tmp_path).steps == 8


def test_a_preset_prepares_the_model_before_it_learns():
    order = []

    class Prepared(Ppo):
        def prepare(self, model, env):
            order.append((model.num_timesteps, env.num_envs))

    preset = Prepared(envs=8, steps=8, batch=32, hidden=(16,))
    agents.train(ID, preset, total_steps=64, arguments={"probe": toys.probe()})
    assert order == [(0, 8)]


def test_returns_are_of_whole_episodes_in_pairs():
    given = ARGUMENTS | {"probe": toys.probe(beta=9.0)}  # no success within the ball
    still = returns(ID, lambda seen: np.zeros((len(seen), 4), np.float32), 6, 0, given)
    assert np.allclose(still, -4 * 0.05)
    one = returns(ID, None, 6, 0, given)
    assert np.array_equal(one, returns(ID, None, 6, 0, given))
    assert not np.array_equal(one, returns(ID, None, 6, 1, given))


@pytest.mark.parametrize(
    "space",
    [
        Box(-1, 1, (3,), np.float32),
        Box(np.array([0.0, -np.inf]), np.array([1.0, np.inf]), dtype=np.float64),
        Box(0, 9, (4,), np.int64),
        Discrete(5, start=2),
        MultiDiscrete([3, 4]),
    ],
)
def test_spaces_survive_json(space):
    assert spaces.from_json(spaces.to_json(space)) == space


def test_other_spaces_are_mistakes():
    with pytest.raises(Mistake, match="expected a Box, Discrete or MultiDiscrete space"):
        spaces.to_json(Dict())


def test_wrong_calls_are_mistakes(tmp_path):
    with pytest.raises(Mistake, match=r"expected a folder with agent\.json"):
        agents.load(tmp_path)
    with pytest.raises(Mistake, match="an environment with a preset to be one of"):
        agents.train("CartPole-v1")
    with pytest.raises(Mistake, match="expected total_steps"):
        train("ppo", 0)
    with pytest.raises(Mistake, match="expected episodes"):
        returns(ID, None, 0, 0)


def test_weights_that_become_nan_end_a_training_in_a_sentence():
    preset = replace(SMALL["ppo"], learning_rate=1e30)
    given = {"probe": toys.probe(beta=2.0)}
    with pytest.raises(Mistake, match="expected weights of the agent to stay finite, got NaN by"):
        agents.train(ID, preset, arguments=given, total_steps=256)
