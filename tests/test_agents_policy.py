from __future__ import annotations

import zipfile

import numpy as np
import pytest
import torch
import toys

from genenv.agents.algorithms import Ppo
from genenv.agents.off_policy import Sac
from genenv.agents.policy import Player, Policy, SoftPolicy, train_player
from genenv.agents.random import Random
from genenv.checks import Mistake
from genenv.noise import Gaussian
from genenv.probe import Findings
from genenv.search import Space

SMALL = Ppo(
    envs=16,
    steps=16,
    batch=64,
    epochs=4,
    hidden=(32,),
    learning_rate=3e-3,
    arguments={"horizon": 6, "stride": 1.2},
)
SPACE = Space(Gaussian(toys.DIM), toys.CLASSES)
QUERIES = 8_001


@pytest.fixture(scope="module")
def trained():
    probe = toys.probe(beta=2.0)
    seen = []
    counts = []
    player = train_player(probe, SMALL, QUERIES, 0, advance=counts.append, on_findings=seen.append)
    return player, probe, Findings.concatenate(seen), counts


def run(search, probe, budget):
    parts = []
    while budget:
        parts.append(probe(*search.ask(budget)))
        search.tell(parts[-1])
        budget -= len(parts[-1])
    return Findings.concatenate(parts)


@pytest.mark.slow
def test_training_spends_exactly_the_queries_and_shows_them_all(trained):
    player, probe, seen, counts = trained
    assert player.steps == probe.model.queries == len(seen) == sum(counts) == QUERIES
    assert seen.success.sum() > 0


@pytest.mark.slow
def test_findings_handed_over_are_not_written_to_later(trained):
    _, _, seen, _ = trained
    again = toys.probe(beta=2.0)(torch.from_numpy(seen.e), torch.from_numpy(seen.label))
    assert np.allclose(again.severity, seen.severity, atol=1e-5)


def test_the_trained_player_beats_chance_by_far(trained):
    player = trained[0]
    found = run(Policy(SPACE, 1, player), toys.probe(beta=2.0), 3000).success.sum()
    chance = run(Random(SPACE, 1), toys.probe(beta=2.0), 3000).success.sum()
    assert found > 5 * chance


@pytest.mark.slow
def test_training_is_a_function_of_its_seed_and_leaves_global_state_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    threads = torch.get_num_threads()
    weights = [
        train_player(toys.probe(), SMALL, 1200, seed).model.policy.action_net.weight
        for seed in (3, 3, 4)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert torch.equal(before, torch.get_rng_state())
    assert threads == torch.get_num_threads()


@pytest.mark.slow
def test_rollouts_are_logged_under_policy():
    told = []
    train_player(toys.probe(), SMALL, 1200, 0, log=lambda values, step: told.append((step, values)))
    assert told[0][0] == SMALL.envs * SMALL.steps
    assert {"policy/rollout/ep_rew_mean", "policy/rollout/ep_len_mean"} <= told[0][1].keys()


def test_a_saved_player_plays_the_same_and_its_files_hold_no_pickled_settings(trained, tmp_path):
    player = trained[0]
    player.save(tmp_path / "agents")
    again = Player.load(tmp_path / "agents")
    assert (again.preset, again.steps) == (SMALL, QUERIES)
    one, two = (run(Policy(SPACE, 2, p), toys.probe(), 500) for p in (player, again))
    assert np.array_equal(one.e, two.e)
    with zipfile.ZipFile(tmp_path / "agents" / "parameters.zip") as archive:
        assert "data" not in archive.namelist()


@pytest.mark.slow
def test_training_saves_into_its_folder(tmp_path):
    player = train_player(toys.probe(), SMALL, 1200, 0, folder=tmp_path / "a")
    loaded = Player.load(tmp_path / "a").model.policy.state_dict()
    assert all(torch.equal(v, loaded[k]) for k, v in player.model.policy.state_dict().items())


def test_the_search_is_a_function_of_its_seed_and_what_it_was_told(trained):
    probe = toys.probe(beta=2.0)
    one, two, other = (run(Policy(SPACE, s, trained[0]), probe, 700) for s in (1, 1, 2))
    assert np.array_equal(one.e, two.e)
    assert not np.array_equal(one.e, other.e)


def test_chains_start_afresh_after_success_or_at_the_horizon(trained):
    search = Policy(SPACE, 0, trained[0])
    probe = toys.probe(beta=2.0)
    since = np.zeros(search.chains, int)
    fresh = np.ones(search.chains, bool)
    labels = None
    for _ in range(40):
        assert np.array_equal(search.fresh, fresh)
        found = probe(*search.ask(10**6))
        labels = found.label if labels is None else labels
        assert np.array_equal(found.label[~fresh], labels[~fresh])
        assert (found.energy <= 9.49 / 2 + 1e-4).all()  # the 95 % ball of four coordinates
        since = np.where(fresh, 0, since + 1)
        labels = found.label
        fresh = found.success | (since >= trained[0].horizon)
        search.tell(found)
    assert since.max() <= trained[0].horizon


def test_a_small_limit_is_kept(trained):
    e, label = Policy(SPACE, 0, trained[0]).ask(3)
    assert e.shape == (3, toys.DIM)
    assert label.shape == (3,)


def test_a_player_of_another_space_is_a_mistake(trained):
    with pytest.raises(Mistake, match="a player of 5 base coordinates and 2 classes, got 4 and 3"):
        Policy(Space(Gaussian(5), 2), 0, trained[0])


def test_too_few_training_queries_are_a_mistake():
    with pytest.raises(Mistake, match="expected at least 528 training queries, got 527; give more"):
        train_player(toys.probe(), SMALL, 527, 0)


@pytest.mark.slow
def test_a_player_that_sac_trained_spends_its_queries_plays_in_the_box_and_is_read_back(tmp_path):
    soft = Sac(
        envs=16, batch=64, hidden=(16,), learning_starts=200, gradient_steps=2,
        arguments={"horizon": 6, "stride": 1.2},
    )  # fmt: skip
    probe = toys.probe(beta=2.0)
    player = train_player(probe, soft, 1500, 0)
    assert player.steps == probe.model.queries == 1500
    seen = np.zeros((5, player.columns), np.float32)
    keys = np.arange(5).astype(np.uint64)
    action = player.draw(seen, keys)
    assert (action.abs() <= 1).all()
    assert not torch.equal(action[0], action[1])
    player.save(tmp_path)
    assert torch.equal(Player.load(tmp_path).draw(seen, keys), action)
    found = run(SoftPolicy(SPACE, 1, player), toys.probe(beta=2.0), 200)
    assert len(found) == 200
    with pytest.raises(Mistake, match="expected at least 232 training queries, got 231"):
        train_player(toys.probe(), soft, 231, 0)
