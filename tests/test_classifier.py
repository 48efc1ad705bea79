from __future__ import annotations

import numpy as np
import pytest
import torch
import toys

from genenv.checks import Mistake
from genenv.classifier import BODIES, FEATURES, Classifier, fit_classifier, steps_to_fit
from genenv.codecs import Pictures

SHAPES = [(8, 8), (8, 8, 3), (28, 28), (9, 12, 1), (3, 5), (7,)]


def units(shape):
    return toys.codec(shape, "float32", (0.0,), (1.0,))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", BODIES)
def test_every_kind_answers_every_shape_it_takes(kind, shape):
    if kind == "cnn" and len(shape) == 1:
        with pytest.raises(Mistake, match="expected images for a cnn, got samples of shape"):
            Classifier(kind, units(shape), 4)
        return
    network = Classifier(kind, units(shape), 4).eval()
    u = torch.rand(3, *shape) * 2 - 1
    assert network(u).shape == (3, 4)
    assert network.features(u).shape == (3, FEATURES)
    assert torch.allclose(network(u), network.head(network.features(u)))


def test_an_unknown_kind_is_a_mistake():
    with pytest.raises(Mistake, match="kind to be one of cnn, mlp, rbf, got 'vit'"):
        Classifier("vit", units((7,)), 4)


@pytest.fixture(scope="module")
def rings():
    return toys.rings(600)


def fitted(dataset, kind, seed, **kw):
    return fit_classifier(kind, dataset.x, dataset.label, dataset.units, 3, seed, **kw)


@pytest.mark.slow
@pytest.mark.usefixtures("able_parts")
@pytest.mark.parametrize("kind", ["mlp", "rbf"])
def test_classes_that_no_line_separates_are_learned(rings, kind):
    network = fitted(rings, kind, 0, smoothing=0.03, jitter=0.02)
    test = toys.rings(300, seed=1)
    guess = network(rings.units.encode(test.units.tensor(test.x))).argmax(1)
    assert (guess.numpy() == test.label).mean() > 0.95
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.slow
def test_images_are_learned_by_where_their_light_is(monkeypatch):
    monkeypatch.setattr("genenv.classifier.LEAST_STEPS", 100)
    rng = np.random.default_rng(0)
    label = np.arange(128) % 2
    x = rng.integers(0, 60, (128, 8, 8)).astype(np.uint8)
    x[label == 1, 2:5, 2:5] += 150
    grey = Pictures((8, 8), "uint8", (0.0,), (255.0,))
    network = fit_classifier("cnn", x, label, grey, 2, 0)
    assert (network(grey.encode(grey.tensor(x))).argmax(1).numpy() == label).all()


def test_a_fit_is_a_function_of_its_seed_and_leaves_the_global_state_alone(rings, monkeypatch):
    monkeypatch.setattr("genenv.classifier.LEAST_STEPS", 20)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, other = (fitted(rings, "mlp", seed, jitter=0.1) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.head.weight, two.head.weight)
    assert not torch.equal(one.head.weight, other.head.weight)


@pytest.mark.usefixtures("whole_classifiers")
def test_progress_adds_up_to_the_announced_steps(rings, monkeypatch):
    monkeypatch.setattr("genenv.classifier.LEAST_STEPS", 20)
    steps = []
    fitted(rings, "mlp", 0, advance=steps.append)
    assert sum(steps) == steps_to_fit(600) == 45  # five epochs of nine batches


def test_fewer_rows_than_a_batch_are_enough(monkeypatch):
    monkeypatch.setattr("genenv.classifier.LEAST_STEPS", 5)
    fitted(toys.rings(9), "mlp", 0)


@pytest.mark.parametrize("kind", BODIES)
def test_what_is_read_back_answers_the_same_and_is_frozen(kind, tmp_path):
    network = Classifier(kind, units((8, 8)), 4).eval()
    u = torch.rand(5, 8, 8)
    network.save(tmp_path / "c.safetensors")
    again = Classifier.load(tmp_path / "c.safetensors")
    assert torch.equal(again(u), network(u))
    assert (again.kind, again.units) == (kind, network.units)
    assert not again(u).requires_grad
