"""Chains of Gaussians follow the known law: what the arms of `react --generations` rest on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from genenv import seeding
from genenv.reactions.generations import ARMS, pool, shrinkage

ROWS, CHAINS, LAST = 100, 2_000, 100


def chains(name: str, last: int = LAST, rows: int = ROWS, count: int = CHAINS):
    """Fit mean and variance by maximum likelihood, generation after generation, `count` at once.

    Returns
    -------
    Means and variances of generations 1 to `last`: (last, count) each.
    """
    draws = seeding.numpy_generator(0, name)
    label = np.zeros(rows, np.int64)
    real = draws.standard_normal((rows, count)), label
    made, fits = [], []
    for generation in range(1, last + 1):
        x, _ = (
            real
            if generation == 1
            else pool(ARMS[name], real, lambda t: made[t - 1], generation, 0)
        )
        mean, variance = x.mean(0), x.var(0)
        fits.append((mean, variance))
        made.append((mean + np.sqrt(variance) * draws.standard_normal((rows, count)), label))
    means, variances = zip(*fits, strict=True)
    return np.array(means), np.array(variances)


@pytest.mark.parametrize(("generation", "mean", "median"), [
    (10, 0.904, 0.82), (50, 0.605, 0.37), (100, 0.366, 0.135),
])  # fmt: skip
def test_under_replace_the_variance_falls_as_the_law_says(generation, mean, median):
    assert mean == pytest.approx((1 - 1 / ROWS) ** generation, abs=1e-3)
    found = chains("replace")[1][generation - 1]
    error = found.std() / math.sqrt(CHAINS)
    assert abs(found.mean() - mean) < 4 * error
    assert np.median(found) == pytest.approx(median, abs=0.03)


def test_under_accumulate_it_stays_and_the_mean_strays_by_a_sixth_of_pi_squared():
    means, variances = chains("accumulate", last=40)
    assert variances[-1].mean() == pytest.approx(0.99, abs=0.01)
    wanted = sum(1 / t**2 for t in range(1, 41)) / ROWS  # pi^2 / 6n without end
    assert (means[-1] ** 2).mean() == pytest.approx(wanted, rel=0.1)
    assert wanted == pytest.approx(math.pi**2 / 6 / ROWS, rel=0.02)


def test_a_subsample_of_all_falls_less_than_replace_and_more_than_all():
    last = {
        name: chains(name, last=40)[1][-1].mean()
        for name in ("replace", "accumulate-subsample", "accumulate")
    }
    assert last["replace"] + 0.1 < last["accumulate-subsample"] < last["accumulate"]


def test_an_arm_learns_from_what_it_says():
    real = np.zeros((5, 1)), np.zeros(5, np.int64)
    asked = []

    def made(generation):
        asked.append(generation)
        return np.full((5, 1), generation), np.full(5, generation)

    assert set(pool(ARMS["replace"], real, made, 4, 0)[1]) == {3}
    assert asked == [3]
    assert pool(ARMS["accumulate"], real, made, 3, 0)[1].tolist() == [0] * 5 + [1] * 5 + [2] * 5
    some = pool(ARMS["accumulate-subsample"], real, made, 3, 0)
    assert len(some[0]) == 5
    assert some[0][:, 0].tolist() == some[1].tolist()
    again = pool(ARMS["accumulate-subsample"], real, made, 3, 0)
    assert np.array_equal(some[0], again[0])
    assert {ARMS[name].kept for name in ("verified", "critic")} == {"judge", "critic"}


def test_shrinkage_is_the_factor_of_a_geometric_fall():
    c, explained = shrinkage([0.8 * 0.85**t for t in range(6)])
    assert c == pytest.approx(0.85)
    assert explained == pytest.approx(1)
    c, explained = shrinkage([0.8, 0.5, 0.8, 0.5, 0.8])
    assert explained < 0.5
    assert shrinkage([0.8, 0.7]) is None
    assert shrinkage([0.8, 0.0, 0.0]) is None
    assert shrinkage([0.8, 0.8, 0.8])[0] == 1
