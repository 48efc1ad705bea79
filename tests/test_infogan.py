"""Codes that are learned without labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import toys
from torch import nn

from genenv import networks, objectives
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.metrics import purity
from genenv.networks import Recognition
from genenv.noise import Categorical, Gaussian, Product, Uniform
from genenv.objectives import OBJECTIVES, Gan, InfoGan, Wgan, views
from genenv.training import Trainer
from genenv.training.presets import configured

GREY = Pictures((8, 8), "uint8", (0.0,), (255.0,))
PLANE = Vectors((2,), "float32", (-1.0,), (1.0,))
CODES = Product([Categorical(3), Categorical(2), Uniform(2), Gaussian(4)])


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def played(game, units, categorical=(3, 2), continuous=2):
    """Terms of a generator's update, with the objective and the networks."""
    objective = InfoGan(game, categorical, continuous, seed=1)
    generator, critic = networks.build("mlp", CODES, units, (), 8, 8)
    auxiliary = objective.auxiliary(generator)
    latent = CODES.sample(12, 0)
    real = torch.rand(12, *units.shape, generator=rng(3)) * 2 - 1
    fake = generator(latent)
    return objective, auxiliary, objective.generator_terms(critic, real, fake, latent, rng(4))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_any_game_can_be_wrapped_and_keeps_its_own_terms_and_rules(name):
    game = objectives.build(name)
    objective, _, terms = played(game, GREY)
    assert {"adversarial", "information", "clusters", "shift"} == set(terms)
    for rule in ("penalised", "clips", "normalise"):
        assert getattr(objective, rule) == getattr(game, rule)
    real = torch.randn(4, 3)
    fake = torch.randn(4, 3)
    critic = lambda x: x.sum(1)  # noqa: E731
    mine = objective.critic_terms(critic, real, fake, rng())
    own = game.critic_terms(critic, real, fake, rng())
    assert mine.keys() == own.keys()
    assert all(torch.equal(mine[k], own[k]) for k in own)


def test_the_game_s_constraint_is_kept():
    layer = nn.Linear(3, 1)
    InfoGan(Wgan(clip=0.01), (2,), 0).constrain(layer)
    assert layer.weight.abs().max() <= 0.01


def test_the_terms_follow_the_codes_that_there_are():
    assert "shift" not in played(Gan(), PLANE)[2]
    objective = InfoGan(Gan(), (), 1)
    generator, critic = networks.build("mlp", Uniform(1), GREY, (), 8, 8)
    objective.auxiliary(generator)
    latent = Uniform(1).sample(6, 0)
    fake = generator(latent)
    terms = objective.generator_terms(critic, fake.detach(), fake, latent, rng())
    assert set(terms) == {"adversarial", "information"}


def test_information_is_cross_entropy_and_squared_error():
    objective, recognition, _ = played(Gan(), PLANE)
    with torch.no_grad():
        for weight in recognition.parameters():
            weight.zero_()
    latent = CODES.sample(50, 2)
    lost = objective._information(torch.zeros(50, 2), latent, rng())
    exact = np.log(3) + np.log(2) + latent[:, 5:7].square().sum(1).mean().item()
    assert lost.mean().item() == pytest.approx(exact, rel=1e-5)


def test_the_terms_teach_recognition_and_generator_and_repeat_by_address():
    _, auxiliary, terms = played(Gan(), GREY)
    _, _, again = played(Gan(), GREY)
    for name, term in terms.items():
        assert term.shape == (12,)
        assert term.isfinite().all()
        torch.testing.assert_close(term, again[name])
    sum(term.mean() for term in terms.values()).backward()
    assert all(weight.grad.abs().sum() > 0 for weight in auxiliary.parameters())


def test_a_shift_that_moves_the_first_two_codes_in_proportion_costs_nothing():
    objective, _, _ = played(Gan(), GREY)

    class Centre(nn.Module):
        """Reads where the ink is, across and down."""

        def forward(self, x):
            ink = (x + 1).flatten(1)
            ink = ink / ink.sum(1, keepdim=True)
            places = torch.linspace(-1, 1, 8)
            down, across = torch.meshgrid(places, places, indexing="ij")
            means = [(ink * side.flatten()).sum(1) for side in (across, down)]
            return (), torch.stack(means, 1)

    objective.recognition = Centre()
    x = torch.full((10, 8, 8), -1.0)
    x[:, 3:5, 3:5] = 1.0
    assert objective._shift(x, x, rng()).mean().item() < 1e-3

    class Swapped(Centre):
        def forward(self, x):
            return (), super().forward(x)[1].flip(1)

    objective.recognition = Swapped()
    assert objective._shift(x, x, rng()).mean().item() > 1.0


@pytest.mark.parametrize("shape", [(8, 8), (9, 12, 3)])
def test_small_moves_keep_layout_and_range_and_change_the_picture(shape):
    x = torch.rand(5, *shape) * 2 - 1
    for view in (views.moved(x, rng()), views.shifted(x, rng())[0]):
        assert view.shape == x.shape
        assert view.abs().max() <= 1 + 1e-5
        assert not torch.equal(view, x)
    torch.testing.assert_close(views.moved(x, rng(1)), views.moved(x, rng(1)))


def test_a_shift_is_told_in_half_sides():
    x = torch.zeros(40, 16, 16)
    x[:, 8, 8] = 1.0
    shifted, by = views.shifted(x, rng())
    assert by.abs().max() <= 2 * views.FARTHEST
    places = torch.arange(16.0)
    centre = (shifted.sum(1) * places).sum(1) / shifted.sum((1, 2))
    torch.testing.assert_close(centre, 8 - 8 * by[:, 0], atol=0.02, rtol=0)


def test_neighbours_are_the_nearest_other_rows():
    x = torch.tensor([[0.0], [0.1], [5.0], [5.3]])
    assert views.neighbours(x).tolist() == [1, 0, 3, 2]


def test_the_recognition_network_is_kept_with_the_generator_and_reads_stored_rows(tmp_path):
    generator, _ = networks.build("mlp", CODES, GREY, (), 8, 8)
    generator.keep_recognition(Recognition(GREY, (3, 2), 2).eval())
    generator.save(tmp_path)
    again = networks.load(tmp_path)
    x, _ = generator.sample(7, seed=0)
    classes, values = again.recognition.recognise(x)
    assert classes.shape == (7, 2)
    assert values.shape == (7, 2)
    np.testing.assert_array_equal(classes, generator.recognition.recognise(x)[0])
    with pytest.raises(Mistake, match="samples of shape"):
        again.recognition.recognise(x[:, :4])
    assert Recognition(GREY, (), 2).recognise(x)[0].shape == (7, 0)


@pytest.mark.slow
def test_a_code_finds_the_classes_of_separate_clusters():
    rows = np.random.default_rng(0)
    label = np.arange(600) % 3
    x = (rows.normal(0, 0.1, (600, 2)) + 3 * np.eye(3, 2)[label]).astype(np.float32)
    units = Vectors((2,), "float32", (-1.0, -1.0), (3.0, 3.0))
    changes = {
        "categorical": (3,), "latent": 2, "steps": 300, "width": 32, "critic_width": 32,
        "batch": 64, "device": "cpu", "threads": 1,
    }  # fmt: skip
    run = Trainer(toys.rows(x, None, units, ()), configured("relativistic", units, changes))
    run.fit()
    code = run.result().recognition.recognise(x)[0][:, 0]
    assert purity(code, label) > 0.95


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: InfoGan(Gan(), (), 0), "at least one code"),
        (lambda: InfoGan(Gan(), (2,), 0, 0.0), "information above 0"),
    ],
)
def test_mistakes_are_told(make, sentence):
    with pytest.raises(Mistake, match=sentence):
        make()
