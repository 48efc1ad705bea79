from __future__ import annotations

import numpy as np
import pytest
import torch
import toys
from scipy.stats import norm

from genenv.checks import Mistake
from genenv.rate import from_counts, monte_carlo, plain


def plane(beta):
    return lambda e: e.sum(1) / e.shape[1] ** 0.5 - beta


@pytest.mark.parametrize("beta", [0.0, 1.0, 2.0])
def test_the_interval_holds_the_probability_of_a_half_space(beta):
    rate = monte_carlo(plane(beta), 6, 20_000, seed=1)
    assert rate.low < norm.cdf(-beta) < rate.high
    assert rate.high - rate.low < 0.015
    assert rate.samples == 20_000


def test_the_interval_holds_the_probability_in_about_95_of_100_repeats():
    held = sum(
        rate.low <= norm.cdf(-1) <= rate.high
        for rate in (monte_carlo(plane(1.0), 2, 400, seed) for seed in range(200))
    )
    assert 180 <= held <= 198


def test_the_walk_leaves_its_bounds_as_often_as_two_million_runs_did():
    rate = monte_carlo(toys.walk_severity(10.0), 30, 40_000, seed=0)
    assert rate.low < 0.1087 < rate.high
    assert abs(rate.estimate - 0.1087) < 0.005


def test_without_a_failure_the_bound_is_exact():
    rate = from_counts(0, 1000)
    assert (rate.estimate, rate.low, rate.high) == (0.0, 0.0, pytest.approx(0.0029912, abs=1e-7))
    assert from_counts(0, 2).high == pytest.approx(1 - 0.05**0.5)  # three over n says 1.5


def test_wilsons_interval_is_the_published_one():
    rate = from_counts(15, 148)  # Newcombe 1998, Table I
    assert (rate.low, rate.high) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert from_counts(5, 5).high == 1.0


def test_a_tie_is_no_failure():
    found = monte_carlo(lambda e: (e[:, 0] > 0).float(), 1, 200, seed=0)
    assert 0.3 < found.estimate < 0.7


def test_draws_are_addressed_whatever_the_chunk(monkeypatch):
    whole = monte_carlo(plane(1.0), 3, 1000, seed=2)
    monkeypatch.setattr(plain, "CHUNK", 7)
    assert monte_carlo(plane(1.0), 3, 1000, seed=2) == whole


def test_plain_values_say_where_the_figure_comes_from():
    plain = from_counts(1, 10, "random search").to_json()
    assert plain["method"] == "random search"
    assert set(plain) == {"method", "estimate", "low", "high", "samples"}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: monte_carlo(plane(1), 3, 0, 0), "expected samples to be a whole number above 0"),
        (lambda: monte_carlo(plane(1), 0, 5, 0), "expected dim to be a whole number above 0"),
        (lambda: monte_carlo(lambda e: e, 3, 5, 0), r"expected severity\(e\) of shape \(5\)"),
        (
            lambda: monte_carlo(lambda e: torch.full((len(e),), np.nan), 3, 5, 0),
            r"expected severity\(e\) to be finite, got NaN or infinity in 5 of 5 rows",
        ),
        (lambda: from_counts(1, 0), "expected samples to be a whole number above 0, got 0"),
        (lambda: from_counts(3, 2), "expected 0 to 2 failures, got 3"),
    ],
)
def test_mistakes_are_told(call, sentence):
    with pytest.raises(Mistake, match=sentence):
        call()
