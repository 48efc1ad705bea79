"""When chains and populations begin afresh, with what, and what a player sees of its horizon."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import toys
from gymnasium.spaces import Box

from genenv.agents.algorithms import Ppo
from genenv.agents.evolution import Evolution
from genenv.agents.gradient import Gradient
from genenv.agents.policy import Player, Policy
from genenv.agents.random import Random, starts
from genenv.envs.latent_probe import LatentProbe
from genenv.noise import Gaussian
from genenv.search import Space

SPACE = Space(Gaussian(toys.DIM), toys.CLASSES, toys.LinearGenerator())
HORIZON = 3


def told(findings, success, score=-5.0, slope=0.1):
    """Findings of which these rows succeed, all of one score and slope."""
    n, success = len(findings), np.isin(np.arange(len(findings)), success)
    return dataclasses.replace(
        findings,
        severity=np.where(success, 1.0, -1.0).astype(np.float32),
        accepted=success,
        score=np.full(n, score, np.float32),
        gradient=np.full(findings.e.shape, slope, np.float32),
        guide_gradient=np.zeros(findings.e.shape, np.float32),
    )


def turn(search, success=(), limit=1000, **more):
    """Ask and tell once; returns the base vectors that were asked."""
    e, label = search.ask(limit)
    search.tell(told(toys.probe()(e, label), success, **more))
    return e


@pytest.mark.parametrize("name", ["evolution", "gradient"])
def test_without_a_success_all_begin_afresh_after_so_many_turns_and_not_before(name):
    if name == "evolution":
        search = Evolution(SPACE, 0, populations=2, offspring=4, generations=3)
    else:
        search = Gradient(SPACE, 0, chains=2, steps=3)
    begun = []
    for _ in range(7):
        turn(search)
        begun.append(search.begun)
    assert begun == [2, 2, 4, 4, 4, 6, 6]


def test_the_usual_population_lives_for_25_generations():
    search = Evolution(SPACE, 0)
    for _ in range(24):
        turn(search)
    assert search.begun == 16
    turn(search)
    assert search.begun == 32


@pytest.mark.parametrize("rows", [1, 4])
def test_only_the_population_that_succeeded_begins_afresh(rows):
    search = Evolution(SPACE, 0, populations=3, offspring=4)
    turn(search)
    turn(search, success=range(4, 4 + rows))  # of the second population
    assert search.age.tolist() == [2, 0, 2]
    assert search.begun == 4


def test_offspring_that_the_budget_cut_off_are_never_parents():
    search = Evolution(SPACE, 0, populations=1, offspring=6, parents=2)
    e = turn(search, limit=2, score=-5.0)
    assert torch.allclose(search.mean[0], SPACE.noise.project(e.mean(0, keepdim=True))[0])


def test_a_chain_that_begins_afresh_takes_adams_first_step():
    search = Gradient(SPACE, 3, chains=8, rate=0.01)
    turn(search, slope=50.0)
    turn(search, slope=50.0)
    turn(search, success=range(8), slope=50.0)
    before = search.e.clone()
    inner = before.norm(dim=1) < 2.5  # away from the ball's edge, where steps are cut
    assert inner.any()
    turn(search, slope=-0.1)
    step = (search.e - before)[inner]
    assert torch.allclose(step, torch.full_like(step, -0.01), atol=1e-5)


def test_the_player_sees_the_share_of_the_horizon_that_training_showed_it():
    columns = toys.DIM + 2 * toys.CLASSES + 4
    preset = Ppo(
        envs=2, steps=2, batch=4, hidden=(4,), arguments={"horizon": HORIZON, "stride": 1.0}
    )
    model = preset.blank(Box(-10, 10, (columns,), np.float32), Box(-1, 1, (toys.DIM,), np.float32))
    search = Policy(SPACE, 0, Player("genenv/LatentProbe-v0", preset, model, 0), chains=4)
    probe = toys.probe(beta=50.0)  # nothing fails
    env = LatentProbe(4, probe=probe, horizon=HORIZON)
    seen, _ = env.reset(seed=0)
    shown = [seen[0, -1]]
    for _ in range(HORIZON - 1):
        seen, *_ = env.step(np.zeros((4, toys.DIM), np.float32))
        shown.append(seen[0, -1])
    played = []
    for _ in range(HORIZON):
        search.tell(probe(*search.ask(4)))
        played.append(search.seen[0, -1])
    assert np.allclose(shown, [1, 2 / 3, 1 / 3])
    assert np.allclose(played, shown)


def test_random_draws_every_address_once():
    search = Random(SPACE, 5, batch=7)
    asked = torch.cat([turn(search, limit=limit) for limit in (100, 3, 7)])
    e, _ = starts(SPACE, 5, np.arange(17))
    assert torch.equal(asked, e)
