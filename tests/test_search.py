"""The contract that every row of SEARCHES keeps; a new row is covered unasked."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
import torch
import toys

from genenv import noise
from genenv.agents import SEARCHES, surrogate
from genenv.agents.algorithms import Ppo
from genenv.agents.off_policy import Sac
from genenv.agents.policy import ID, Played, Player, Policy
from genenv.agents.random import starts
from genenv.agents.recent import Recent
from genenv.agents.stored import Stored
from genenv.agents.surrogate import Surrogate
from genenv.checks import Mistake
from genenv.codecs import Vectors
from genenv.envs.latent_probe import LIMIT
from genenv.noise import Bernoulli, Categorical, Gaussian, Product, Sphere
from genenv.probe import Findings
from genenv.search import Space

LAWS = {
    "gaussian": Gaussian(5),
    "sphere": Sphere(4),
    "product": Product([Gaussian(3), Categorical(4), Sphere(3), Bernoulli(2)]),
    "categorical": Categorical(6),
}
CLASSES = 3
SMALL = Ppo(envs=8, steps=8, batch=64, hidden=(8,), arguments={"horizon": 6, "stride": 1.2})
SOFT = Sac(envs=8, hidden=(8,), arguments={"horizon": 6, "stride": 1.2})


class Plain:
    """x = z, whatever the label."""

    differentiable = False
    classes = tuple(range(CLASSES))

    def __init__(self, law):
        self.noise = law
        self.units = Vectors((law.dim,), "float32", (-10.0,), (10.0,))

    def from_base(self, e, _label=None):
        return self.noise.from_base(e) / 10


def space_of(law, classes=CLASSES):
    return Space(law, classes, Plain(law))


def make(name, space, seed=0):
    """A search of its default kind; the policy's player is an untrained one."""
    if SEARCHES[name] is Stored:
        e, _ = starts(space, 77, np.arange(10))
        return Stored(space, seed, (space.noise.project(e), torch.arange(10) % CLASSES))
    if SEARCHES[name] is Surrogate:
        return Surrogate(space, seed, first=64, lessons=48, updates=8, chains=32, steps=4)
    if not issubclass(SEARCHES[name], Played):
        return SEARCHES[name](space, seed)
    from gymnasium.spaces import Box

    dim = space.noise.base_dim
    columns = dim + 2 * space.classes + 4
    seen = Box(-LIMIT, LIMIT, (columns,), np.float32)
    small = SMALL if SEARCHES[name] is Policy else SOFT
    model = small.blank(seen, Box(-1.0, 1.0, (dim,), np.float32))
    return SEARCHES[name](space, seed, Player(ID, small, model, 0))


def told(space, e, label, turn):
    """Findings by address: a fixed function of the question, with some successes."""
    rng = np.random.default_rng(turn)
    n, e = len(e), e.numpy()
    severity = (e[:, 0] - 0.5).astype(np.float32)
    return Findings(
        e=e.copy(),
        label=label.numpy().copy(),
        output=np.log(np.full((n, space.classes), 1 / space.classes, np.float32)),
        severity=severity,
        energy=space.noise.energy(torch.from_numpy(e)).numpy(),
        guide_log_p=np.full(n, -0.1, np.float32),
        guide_distance=np.full(n, -0.1, np.float32),
        accepted=rng.random(n) < 0.2,
        score=severity - 0.1,
        error=np.zeros(n, np.bool_),
        gradient=rng.standard_normal(e.shape).astype(np.float32),
        guide_gradient=np.zeros_like(e),
    )


def play(search, budget, limit=None):
    """All questions of a game to the end of the budget."""
    asked = []
    left = budget
    turn = 0
    while left:
        e, label = search.ask(min(left, limit or left))
        asked.append((e.clone(), label.clone()))
        search.tell(told(search.space, e, label, turn))
        left, turn = left - len(e), turn + 1
        assert len(e), "a search that asks nothing never ends"
        assert left >= 0
    return torch.cat([e for e, _ in asked]), torch.cat([label for _, label in asked])


CASES = [
    (name, law)
    for name in SEARCHES
    for law in LAWS
    if LAWS[law].differentiable or not SEARCHES[name].wants_gradient
]


@pytest.fixture(params=CASES, ids="-".join)
def case(request):
    name, law = request.param
    return name, space_of(LAWS[law])


@pytest.mark.slow
def test_questions_have_their_shapes_and_never_exceed_the_limit(case):
    name, space = case
    search = make(name, space)
    for limit in (1, 3, 1000, 7, 64):
        e, label = search.ask(limit)
        assert 0 < len(e) <= limit
        assert e.shape == (len(label), space.noise.base_dim)
        assert e.dtype == torch.float32
        assert label.dtype == torch.int64
        assert e.isfinite().all()
        assert ((label >= 0) & (label < CLASSES)).all()
        search.tell(told(space, e, label, limit))


@pytest.fixture(scope="module")
def long_play():
    """Play a long game of a search on a law, once."""
    return functools.cache(lambda name, law: play(make(name, space_of(LAWS[law])), 1200))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "law"), CASES)
def test_every_class_is_asked_for(name, law, long_play):
    assert set(long_play(name, law)[1].tolist()) == set(range(CLASSES))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "law"), CASES)
def test_all_but_random_stay_in_the_plausible_set(name, law, long_play):
    e, _ = long_play(name, law)
    space = space_of(LAWS[law])
    inside = torch.allclose(space.noise.project(e), e, atol=1e-5)
    assert inside or name == "random"


def test_random_leaves_it_as_often_as_its_law_does():
    e, _ = play(make("random", Space(Gaussian(5), CLASSES)), 8000)
    share = (e.norm(dim=1) > noise.ball_radius(5)).float().mean()
    assert abs(share - 0.05) < 0.01
    assert e.mean().abs() < 0.03
    assert abs(e.std() - 1) < 0.03


@pytest.mark.slow
def test_what_is_asked_is_a_function_of_the_seed_and_of_what_was_told(case):
    name, space = case
    one, two, other = (play(make(name, space, seed), 400) for seed in (4, 4, 5))
    assert torch.equal(one[0], two[0])
    assert torch.equal(one[1], two[1])
    assert not torch.equal(one[0], other[0])


def test_a_question_stays_as_it_was_when_the_search_goes_on(case):
    name, space = case
    search = make(name, space)
    e, label = question = search.ask(200)
    before = e.clone(), label.clone()
    for turn in range(3):
        search.tell(told(space, *question, turn))
        question = search.ask(200)
    assert torch.equal(e, before[0])
    assert torch.equal(label, before[1])


@pytest.mark.parametrize("limit", [1, 5])
def test_a_limit_below_the_batch_works_to_the_end(case, limit):
    name, space = case
    assert len(play(make(name, space), 40, limit)[0]) == 40


@pytest.mark.parametrize("name", [name for name in SEARCHES if SEARCHES[name].wants_gradient])
@pytest.mark.parametrize("law", [Categorical(4), Bernoulli(3)])
def test_a_search_by_gradient_refuses_a_noise_without_one(name, law):
    with pytest.raises(Mistake, match=r"expected a noise with a gradient, got .*; take evolution"):
        make(name, Space(law, CLASSES))


def successes(name, beta, budget=4000):
    space = Space(Gaussian(toys.DIM), toys.CLASSES)
    search = make(name, space)
    probe = toys.probe(beta, radius=4.0)
    found = 0
    while budget:
        findings = probe(*search.ask(budget), gradient=search.wants_gradient)
        search.tell(findings)
        found, budget = found + int(findings.success.sum()), budget - len(findings)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "factor"), [("evolution", 8), ("cma-es", 8), ("gradient", 25)])
def test_players_that_learn_beat_chance_by_a_lot_on_a_half_space(name, factor):
    assert successes(name, 2.8) > factor * max(successes("random", 2.8), 1)


@pytest.mark.slow
def test_a_surrogate_finds_what_chance_hardly_does_and_each_time_elsewhere():
    assert successes("surrogate", 2.8, 600) > 15 * max(successes("random", 2.8, 600), 1)


def test_a_ring_of_rows_keeps_the_newest_in_their_order_however_they_come():
    ring, rows = Recent(5, torch.zeros(0, 2)), torch.arange(46.0).reshape(23, 2)
    start = 0
    for count in (2, 1, 4, 0, 9, 1, 6):
        ring.add(rows[start : start + count])
        start += count
        kept = rows[max(start - 5, 0) : start]
        assert torch.equal(ring.at(torch.arange(len(ring))), kept)
        assert sorted(ring.all()[:, 0].tolist()) == kept[:, 0].tolist()


def test_a_surrogate_promises_nothing_where_it_succeeded(monkeypatch):
    search = make("surrogate", space_of(LAWS["gaussian"]))
    play(search, 300)
    search.ask(1)  # what was told last is kept
    found, count = search.found.all(), len(search.found)
    assert 0 < count <= len(search.e)
    monkeypatch.setattr(search, "_score", lambda x: torch.ones(len(x)))
    search.e[:count], search.label[:count] = found[:, :5], search.label_found.all()
    assert not search._step()[2][:count].any()
    search.e[:count] += 100.0
    assert search._step()[2][:count].all()


def test_a_surrogate_goes_on_learning():
    search = make("surrogate", space_of(LAWS["gaussian"]))
    play(search, 200)
    before = [each.clone() for each in search.net.parameters()]
    search.ask(1)
    assert all(not torch.equal(a, b) for a, b in zip(before, search.net.parameters(), strict=True))


def test_a_surrogate_forgets_answers_beyond_its_memory_and_still_finds(monkeypatch):
    monkeypatch.setattr(surrogate, "LEARNED", 150)
    monkeypatch.setattr(surrogate, "KEPT", 10)
    search = make("surrogate", Space(Gaussian(toys.DIM), toys.CLASSES))
    probe, found = toys.probe(2.8, radius=4.0), []
    for _ in range(40):
        findings = probe(*search.ask(40))
        search.tell(findings)
        found.append(int(findings.success.sum()))
    assert (len(search.seen), len(search.told), len(search.found)) == (150, 150, 10)
    assert sum(found[-10:]) > 20  # of 300 queries or so; chance has one in 390


def test_a_chain_of_the_gradient_search_takes_the_steps_of_adam():
    space = Space(Gaussian(5), CLASSES)
    search = make("gradient", space)
    e, label = search.ask(64)
    inner = int(e.norm(dim=1).argmin())  # far from the ball's edge, where steps are cut
    follow = e[inner].clone().requires_grad_()
    adam = torch.optim.Adam([follow], 0.3, maximize=True)
    rng = np.random.default_rng(0)
    for turn in range(4):
        slopes = 0.1 * rng.standard_normal((2, 64, 5)).astype(np.float32)
        findings = told(space, e, label, turn)
        severity = np.full(64, 2.0 if turn == 2 else 0.5, np.float32)  # beyond 1 it counts no more
        search.tell(
            dataclasses.replace(
                findings, severity=severity, accepted=np.zeros(64, np.bool_),
                gradient=slopes[0], guide_gradient=slopes[1],
            )
        )  # fmt: skip
        follow.grad = torch.from_numpy((slopes[0] if turn != 2 else 0) + slopes[1])[inner]
        adam.step()
        e, label = search.ask(64)
        assert follow.norm() < noise.ball_radius(5)
        assert torch.allclose(e[inner], follow, atol=1e-5)
