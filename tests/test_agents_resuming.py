"""A training of an agent that is stopped at any moment goes on to the same agent."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
import toys
from gymnasium.vector import AutoresetMode

from genenv import agents, tracking
from genenv.agents.algorithms import Ppo, SequencePpo
from genenv.agents.off_policy import Sac, Td3
from genenv.agents.presets import PRESETS
from genenv.checks import Mistake
from genenv.envs.retracing import Trace

PROBE = "genenv/LatentProbe-v0"
ARGUMENTS = {"horizon": 5, "stride": 1.2}
OFF = {"envs": 4, "batch": 16, "learning_starts": 40, "hidden": (8,), "arguments": ARGUMENTS}
SEQUENCE = SequencePpo(
    envs=4, steps=3, batch=12, epochs=1, hidden=(), width=8, likelihood_epochs=2, warm_up=8,
    held_out_rise=9.0,
    arguments={"vocabulary": 6, "length": 4, "rows": 40, "batch": 4, "replay": 16},
)  # fmt: skip
TRAININGS = {
    "ppo": (PROBE, Ppo(envs=4, steps=8, batch=16, epochs=2, hidden=(8,), arguments=ARGUMENTS)),
    "sac": (PROBE, Sac(**OFF)),
    "td3": (PROBE, Td3(**OFF)),
    "forger": (
        "genenv/Forger-v0",
        Ppo(envs=8, steps=2, batch=16, hidden=(8,), arguments={"batch": 16, "replay": 64}),
    ),
    "sequence-ppo": ("genenv/ForgerSequence-v0", SEQUENCE),
}
STEPS = 160
SMALL = {
    "genenv/Forger-v0": {"batch": 16, "replay": 64},
    "genenv/ForgerSequence-v0": SEQUENCE.arguments,
    "genenv/TrainingGame-v0": {
        "family": "ring",
        "width": 8,
        "batch": 8,
        "decisions": 4,
        "updates": 1,
    },
    "genenv/Curriculum-v0": {
        "family": "digits",
        "width": 8,
        "batch": 8,
        "decisions": 4,
        "updates": 1,
    },
}


def weights(agent):
    return {name: t.clone() for name, t in agent.model.policy.state_dict().items()}


def train(kind, out=None, **more):
    env_id, preset = TRAININGS[kind]
    given = {"arguments": {"probe": toys.probe(beta=2.0)} if env_id == PROBE else None}
    return agents.train(env_id, preset, total_steps=STEPS, out=out, **given, **more)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRAININGS)
def test_a_training_that_dies_twice_ends_with_the_same_weights(kind, tmp_path):
    whole = train(kind)
    taken = []

    def dies(after):
        def advance(steps):
            taken.append(steps)
            if len(taken) > after:
                raise MemoryError  # as good as a kill: nothing is written after it

        return advance

    with pytest.raises(MemoryError):
        train(kind, tmp_path, advance=dies(11), checkpoint_seconds=0)
    with pytest.raises(MemoryError):
        train(kind, tmp_path, advance=dies(16), checkpoint_seconds=0, resume=True)
    taken.clear()
    again = train(kind, tmp_path, resume=True, advance=taken.append)
    assert sum(taken) < whole.steps  # it did not begin anew
    assert again.steps == whole.steps
    other = weights(again)
    assert all(torch.equal(tensor, other[name]) for name, tensor in weights(whole).items())
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.slow
@pytest.mark.parametrize("env_id", PRESETS)
def test_an_environment_is_brought_to_where_it_was_left(env_id):
    given = PRESETS[env_id].arguments | SMALL.get(env_id, {})

    def fresh():
        mode = AutoresetMode.SAME_STEP
        return gymnasium.make_vec(env_id, 3, autoreset_mode=mode, **given)

    env = fresh()
    trace = Trace(env.unwrapped)
    env.action_space.seed(0)
    env.reset(seed=5)
    trace.began()
    for _ in range(9):
        action = env.action_space.sample()
        *_, terminated, truncated, _ = env.step(action)
        trace.stepped(action, terminated | truncated)
    again = fresh()
    Trace(again.unwrapped).retrace(trace.tensors())
    for _ in range(7):
        action = env.action_space.sample()
        one = env.step(action)
        two = again.step(action)
        assert all(np.array_equal(a, b) for a, b in zip(one[:4], two[:4], strict=True))


@pytest.mark.slow
def test_an_interrupt_waits_for_the_update_and_leaves_a_checkpoint_and_an_agent(tmp_path):
    import signal

    def stop(_):
        signal.raise_signal(signal.SIGINT)

    calls = iter([stop])
    with pytest.raises(KeyboardInterrupt):
        train("ppo", tmp_path, advance=lambda steps: next(calls, lambda _: None)(steps))
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-0000032"]
    assert agents.load(tmp_path).steps == 32
    assert train("ppo", tmp_path, resume=True).steps == STEPS
    assert not (tmp_path / "interrupted").exists()


@pytest.mark.slow
def test_curves_of_a_resumed_training_have_each_point_once(tmp_path):
    steps = iter([False] * 20 + [True])

    def dies(_):
        if next(steps):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("ppo", tmp_path, advance=dies, checkpoint_seconds=0)
    train("ppo", tmp_path, resume=True)
    at, _ = tracking.read(tmp_path)["rollout/ep_rew_mean"]
    assert at.tolist() == [32, 64, 96, 128, 160]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    def dies(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("ppo", tmp_path, checkpoint_seconds=0, advance=dies)
    with pytest.raises(Mistake, match=r"expected the settings of .*step-0000000"):
        train("ppo", tmp_path, resume=True, seed=1)
