from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from genenv import bundled, data, networks, sampling
from genenv.checks import Mistake
from genenv.networks import Generator
from genenv.noise import Categorical, Gaussian, Product, StudentT, Uniform


@pytest.fixture(scope="module")
def generator() -> Generator:
    return networks.load(bundled.FOLDER / "generator")


def test_another_law_drives_the_same_networks_and_leaves_the_generator_alone(
    generator: Generator,
) -> None:
    law = sampling.noise_named(generator, "student-t", 1.5)
    driven = sampling.driven_by(generator, law)
    x, _ = driven.sample(4, seed=0)
    z = 1.5 * StudentT(generator.noise.dim).sample(4, 0)
    label = generator.labels(4, 0)

    with torch.no_grad():
        expected = generator.units.decode(generator(z, torch.from_numpy(label)))
    np.testing.assert_allclose(x, expected.numpy(), atol=1e-4)
    assert isinstance(generator.noise, Gaussian)


def test_strength_one_and_no_name_is_the_generators_own_law(generator: Generator) -> None:
    assert sampling.noise_named(generator, None, 1.0) is generator.noise


def test_keep_returns_the_best_scored_of_each_class(generator: Generator) -> None:
    x, label = sampling.best(generator, 200, seed=3, label=None, keep=0.5)
    everything, index = generator.sample(400, seed=3)
    assert label is not None
    assert index is not None
    score = generator.score(everything, index)
    for c in np.unique(index):
        ranked = np.sort(score[index == c])[::-1]
        kept = np.sort(generator.score(x[label == c], label[label == c]))[::-1]
        np.testing.assert_allclose(kept, ranked[: len(kept)], atol=1e-4)
    assert len(x) == 200


@pytest.mark.parametrize("count", [1, 5, 10, 33])
def test_keep_gives_as_many_as_were_asked_for(generator: Generator, count: int) -> None:
    x, label = sampling.best(generator, count, seed=0, label=None, keep=0.5)
    assert label is not None
    assert len(x) == len(label) == count


def test_shares_are_rounded_up_where_most_was_lost() -> None:
    assert sampling._shares(np.array([1.9, 2.2, 0.9]), 5).tolist() == [2, 2, 1]
    assert sampling._shares(np.array([0.4, 0.3, 0.3]), 1).tolist() == [1, 0, 0]
    assert sampling._shares(np.array([2.5, 2.5]), 5).tolist() == [3, 2]  # of equals the first


def test_another_law_leaves_codes_as_they_are() -> None:
    law = Product([Categorical(3), Uniform(2), Gaussian(4)])
    coded, _ = networks.build("mlp", law, data.load("ring").units, (), 8, 8)
    changed = sampling.noise_named(coded, "student-t", 1.5)
    before = law.sample(50, 0)
    after = changed.sample(50, 0)
    assert torch.equal(before[:, :5], after[:, :5])
    assert (before[:, 5:] != after[:, 5:]).all()
    codes, _ = networks.build("mlp", Product([Uniform(2)]), data.load("ring").units, (), 8, 8)
    assert sampling.noise_named(codes, None, 1.0) is codes.noise
    with pytest.raises(Mistake, match="expected Gaussian noise beside the codes"):
        sampling.noise_named(codes, None, 2.0)


def test_keep_one_is_plain_sampling(generator: Generator) -> None:
    x, label = sampling.best(generator, 7, seed=1, label=3, keep=1.0)
    expected, _ = generator.sample(7, 1, 3)
    np.testing.assert_array_equal(x, expected)
    assert label is not None
    assert (label == 3).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda g: sampling.driven_by(g, Gaussian(3)), "expected noise of 32 dimensions, got 3"),
        (lambda g: sampling.noise_named(g, "pink", 1.0), "expected noise to be one of gaussian"),
        (lambda g: sampling.noise_named(g, None, 0.0), "expected strength above 0"),
        (lambda g: sampling.class_index(g, "10"), "expected label to be one of 0, 1"),
        (lambda g: sampling.best(g, 5, 0, None, 0.0), "expected keep above 0 and up to 1"),
        (lambda g: sampling.best(g, 0, 0, None, 1.0), "expected count to be a whole number"),
    ],
)
def test_every_mistake_is_one_sentence(generator: Generator, call, sentence: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Mistake, match=sentence):
        call(generator)


@pytest.mark.parametrize("place", ["", "/", "."])
def test_samples_that_have_no_name_to_go_by_are_not_written(place: str) -> None:
    with pytest.raises(Mistake, match="expected the name of a file to write"):
        sampling.write(Path(place), np.zeros((2, 2)), None)
