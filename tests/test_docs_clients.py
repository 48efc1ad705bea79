"""The lines of docs/clients.md run, each where its client is installed."""

from __future__ import annotations

import re
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from genenv import seeding
from genenv.agents.sb3_bridge import VectorEnvBridge
from genenv.checks import Mistake

PAGE = (Path(__file__).parents[1] / "docs" / "clients.md").read_text()
BLOCKS = dict(re.findall(r"## (\S+)\n\n```python\n(.*?)```", PAGE, re.DOTALL))


def run(client):
    scope = {}
    with seeding.global_seed(0):
        exec(BLOCKS[client], scope)
    return scope


def test_the_page_has_lines_for_every_client():
    assert list(BLOCKS) == ["Stable-Baselines3", "CleanRL", "TorchRL", "Tianshou", "RLlib"]


def test_stable_baselines_trains_on_the_batch():
    assert run("Stable-Baselines3")["agent"].num_timesteps == 512


def test_a_loop_leaves_out_the_steps_that_begin_an_episode():
    kept = run("CleanRL")["kept"]
    steps = sum(len(reward) for _, reward in kept)
    assert 0 < 8 * 64 - steps < 8 * 8
    assert all((reward < 0).all() for _, reward in kept)  # a step that begins pays 0


@pytest.mark.slow
def test_torchrl_steps_the_batch():
    pytest.importorskip("torchrl")
    scope = run("TorchRL")
    assert scope["data"].batch_size == (8, 64)
    assert scope["ends"] > 0


@pytest.mark.slow
def test_tianshou_collects_from_single_environments():
    pytest.importorskip("tianshou")
    assert run("Tianshou")["result"].n_collected_episodes > 0


@pytest.mark.slow
def test_rllib_trains_on_the_id():
    pytest.importorskip("ray.rllib")
    import ray

    try:
        assert run("RLlib")["result"]["env_runners"]["num_episodes"] > 0
    finally:
        ray.shutdown()


@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
def test_the_bridge_refuses_what_the_page_says_it_refuses(mode):
    with pytest.raises(Mistake, match="that resets in the same step"):
        VectorEnvBridge(gymnasium.make_vec("genenv/Walk1D-v0", 2, autoreset_mode=mode))


def test_gymnasiums_normalisation_refuses_the_same_step():
    mode = AutoresetMode.SAME_STEP
    env = gymnasium.make_vec("genenv/Walk1D-v0", 2, autoreset_mode=mode)
    with pytest.raises(ValueError, match="NEXT_STEP"):
        gymnasium.wrappers.vector.NormalizeObservation(env)
    wrapped = gymnasium.wrappers.vector.NormalizeObservation(
        gymnasium.make_vec("genenv/Walk1D-v0", 2)
    )
    assert np.isfinite(wrapped.reset(seed=0)[0]).all()
