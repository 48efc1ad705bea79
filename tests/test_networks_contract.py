"""Every kind of network, with and without labels, under every normalisation, alone and in packs."""

import itertools
import json

import numpy as np
import pytest
import torch

from genenv import networks, objectives
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.networks import NETWORKS, normalisation
from genenv.noise import Gaussian
from genenv.objectives import OBJECTIVES

VECTOR = Vectors((3,), "float64", (0.0, -1.0, 5.0), (1.0, 1.0, 9.0))
GREY = Pictures((16, 8), "float32", (0.0,), (16.0,))
COLOUR = Pictures((9, 10, 3), "uint8", (0.0,), (255.0,))
CASES = [
    (network, units, classes, norm, pack)
    for network, units, classes, norm, pack in itertools.product(
        NETWORKS, (VECTOR, GREY, COLOUR), ((), ("a", "b", "c")), normalisation.NORMS, (1, 2)
    )
    if network in units.networks and (network != "mlp" or norm != "batch")
]
LAYOUTS = {VECTOR: "vector", GREY: "grey", COLOUR: "colour"}


def by_network(cases):
    """One test for each network, layout and with or without classes: all norms and packs."""
    groups = {}
    for case in cases:
        named = case[0], LAYOUTS[case[1]], "labelled" if case[2] else "unlabelled"
        groups.setdefault("-".join(named), []).append(case)
    return pytest.mark.parametrize("cases", groups.values(), ids=groups)


EVERY = by_network(CASES)


def pair(network, units, classes, norm, pack):
    generator, critic = networks.build(
        network, Gaussian(5), units, classes, 8, 8, critic_norm=norm, pack=pack, seed=3
    )
    generator.keep(critic)
    return generator, critic


def labels(classes, rows=8):
    return torch.arange(rows) % 3 if classes else None


@EVERY
def test_a_critic_gives_one_score_a_pack(cases):
    for network, units, classes, norm, pack in cases:
        generator, critic = pair(network, units, classes, norm, pack)
        label = labels(classes)
        x = generator(torch.randn(8, 5), label)
        assert x.shape == (8, *units.shape)
        scores = critic(x, label)
        assert scores.shape == (8 // pack,)
        assert scores.isfinite().all()
        assert critic.pack == pack


@pytest.mark.slow
@EVERY
def test_what_is_saved_is_loaded(tmp_path, cases):
    for network, units, classes, norm, pack in cases:
        generator, critic = pair(network, units, classes, norm, pack)
        label = labels(classes)
        with torch.no_grad():
            critic(generator(torch.randn(8, 5), label), label)  # moves statistics and vectors
        folder = tmp_path / f"{norm}-{pack}"
        generator.save(folder)
        again = networks.load(folder)
        x, drawn = generator.sample(6, seed=2)
        np.testing.assert_array_equal(again.sample(6, seed=2)[0], x)
        stored = critic.state_dict()
        loaded = again.kept_critic.state_dict()
        assert stored.keys() == loaded.keys()
        assert all(torch.equal(stored[name], loaded[name]) for name in stored)
        u = torch.randn(8, *units.shape)
        assert torch.equal(critic.eval()(u, label), again.kept_critic(u, label))
        if pack == 1:
            np.testing.assert_array_equal(again.score(x, drawn), generator.score(x, drawn))
        spec = json.loads((folder / "spec.json").read_text())["critic"]
        assert (spec.get("pack", 1), spec.get("spectral", False)) == (pack, norm == "spectral")


@EVERY
def test_samples_have_an_address(cases):
    for network, units, classes, norm, pack in cases:
        generator, _ = pair(network, units, classes, norm, pack)
        x, label = generator.sample(9, seed=3)
        later, later_label = generator.sample(4, seed=3, start=5)
        np.testing.assert_allclose(later.astype(float), x[5:].astype(float), rtol=1e-5, atol=1e-5)
        if classes:
            np.testing.assert_array_equal(later_label, label[5:])


def sound(objective, network, norm):
    kind = OBJECTIVES[objective]
    try:
        normalisation.check(norm, network, penalised=kind.penalised, clips=kind.clips)
    except Mistake:
        return False
    return True


def in_pairs(games):
    """Choose games so that every two things that can meet in one do meet in one."""
    chosen = []
    met = set()
    for game in games:
        pairs = set(itertools.combinations(enumerate(game), 2))
        if not pairs <= met:
            chosen.append(game)
            met |= pairs
    return chosen


GAMES = in_pairs((o, *case) for case in CASES for o in OBJECTIVES if sound(o, case[0], case[3]))


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "network", "units", "classes", "norm", "pack"), GAMES)
def test_every_sound_game_moves_both_players(objective, network, units, classes, norm, pack):
    game = objectives.build(objective)
    generator, critic = pair(network, units, classes, norm, pack)
    label = labels(classes)
    rng = torch.Generator().manual_seed(0)
    real = torch.rand(8, *units.shape) * 2 - 1
    z = torch.randn(8, 5)

    def score(x):
        return critic(x, None if label is None else label.repeat(len(x) // 8))

    def descend(module, terms):
        before = [p.detach().clone() for p in module.parameters()]
        optimizer = torch.optim.Adam(module.parameters(), 0.01)
        sum(term.mean() for term in terms.values()).backward()
        optimizer.step()
        after = list(module.parameters())
        assert all(p.isfinite().all() for p in after)
        assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))

    descend(critic, game.critic_terms(score, real, generator(z, label).detach(), rng))
    game.constrain(critic)
    critic.requires_grad_(False)
    descend(generator, game.generator_terms(score, real, generator(z, label), z, rng))


@by_network(case for case in CASES if case[2])
def test_weights_of_the_classes_are_labels_too(cases):
    for network, units, classes, norm, pack in cases:
        generator, _ = pair(network, units, classes, norm, pack)
        generator.eval()
        e = torch.randn(8, generator.noise.base_dim)
        label = labels(classes)
        whole = torch.nn.functional.one_hot(label, len(classes)).float()
        with torch.no_grad():
            assert torch.allclose(generator.from_base(e, whole), generator.from_base(e, label))
            other = generator.from_base(e, whole.roll(1, 1))
            between = generator.from_base(e, 0.5 * whole + 0.5 * whole.roll(1, 1))
        assert not torch.allclose(between, generator.from_base(e, label))
        assert not torch.allclose(between, other)
