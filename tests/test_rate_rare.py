"""Rare events of known probability: subset simulation, strata, importance sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import toys
from scipy.stats import norm

from genenv.checks import Mistake
from genenv.rate import importance_sampling, stratified, subset_simulation
from genenv.rate.subset import climb

WALK = 3.6592e-4  # P(|x| >= 20) of Walk1D in 30 steps, by quadrature


def plane(beta):
    return lambda e: e.sum(1) / e.shape[1] ** 0.5 - beta


@pytest.mark.slow
def test_repeated_runs_on_the_walk_are_unbiased_and_their_intervals_hold_the_truth():
    rates = [subset_simulation(toys.walk_severity(20.0), 30, 1000, seed) for seed in range(60)]
    estimates = np.array([rate.estimate for rate in rates])
    assert abs(estimates.mean() / WALK - 1) < 0.1
    held = sum(rate.low <= WALK <= rate.high for rate in rates)
    assert 53 <= held <= 60
    assert max(rate.samples for rate in rates) < 5000  # Monte Carlo would need 34,000 for as much


@pytest.mark.parametrize(("beta", "dim"), [(1.0, 1), (3.0, 2), (5.0, 40)])
def test_a_half_space_has_its_known_probability(beta, dim):
    rate = subset_simulation(plane(beta), dim, 1000, 3, runs=10)
    assert rate.low < norm.cdf(-beta) < rate.high
    assert rate.high / rate.low < 4


def test_a_likely_event_needs_no_level():
    rate = subset_simulation(plane(0.0), 3, 400, 0)
    assert rate.samples == 400
    assert abs(rate.estimate - 0.5) < 0.08  # 3 standard deviations


def test_an_event_that_always_happens_has_probability_one():
    assert subset_simulation(lambda e: torch.ones(len(e)), 2, 100, 0).estimate == 1


def test_an_event_that_never_happens_ends_with_a_bound_and_not_with_a_hang():
    flat = subset_simulation(lambda e: -torch.ones(len(e)), 2, 100, 0)
    assert (flat.estimate, flat.high, flat.samples) == (0, 1, 100)
    falling = subset_simulation(lambda e: -e.square().sum(1) - 1, 2, 100, 0)
    assert falling.estimate == 0
    assert falling.high < 1e-6


def test_a_step_in_a_discrete_coordinate_is_crossed_by_drawing_it_anew():
    def severity(e):
        return torch.where(e[:, 0] > 2.5, 1.0, 0.0) + e[:, 1] - 3.0

    high = norm.sf(2.5)
    truth = high * norm.sf(2.0) + (1 - high) * norm.sf(3.0)
    rate = subset_simulation(severity, 2, 1000, 1, runs=10, discrete=[True, False])
    assert abs(rate.estimate / truth - 1) < 0.23  # 3 standard deviations of ten runs


def test_one_rare_class_is_found_beside_nine_that_nearly_fail():
    def severity(e, label):
        if label == 7:
            return e[:, 0] - 3.5
        return -0.01 - e[:, 0].square()  # closer to failing than class 7 mostly is, and never does

    rate, runs = stratified(severity, 4, [0.1] * 10, 400, 0, least=1e-4)
    truth = 0.1 * norm.sf(3.5)
    assert rate.low < truth < rate.high
    assert [run.estimate > 0 for run in runs] == [label == 7 for label in range(10)]


def test_importance_sampling_around_the_design_point_agrees():
    centre = torch.full((1, 4), 4 / 2.0)
    rate = importance_sampling(plane(4.0), centre, 4000, 0)
    assert rate.low < norm.cdf(-4) < rate.high
    assert rate.high / rate.low < 1.5


def test_a_mode_that_no_centre_knows_is_still_seen_by_the_prior_s_share():
    def severity(e):
        return torch.maximum(e[:, 0] - 1.5, -e[:, 0] - 1.5)

    rate = importance_sampling(severity, torch.tensor([[2.0, 0.0]]), 20_000, 0)
    assert rate.low < 2 * norm.sf(1.5) < rate.high


def test_without_a_failure_importance_sampling_gives_the_prior_draws_exact_bound():
    rate = importance_sampling(lambda e: -torch.ones(len(e)), torch.zeros(1, 2), 1000, 0)
    assert rate.estimate == 0
    assert 0.02 < rate.high < 0.04  # 1 - 0.05 ** (1 / 100)


def test_a_run_repeats_itself_and_returns_the_failures_it_ended_on():
    one, two = (climb(plane(3.0), 3, 200, 5) for _ in range(2))
    assert one.estimate == two.estimate
    assert torch.equal(one.e, two.e)
    assert (plane(3.0)(one.e) > 0).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: subset_simulation(plane(1), 3, 19, 0), "expected per_level of at least 20"),
        (lambda: subset_simulation(plane(1), 3, 100, 0, runs=0), "expected runs to be a whole"),
        (
            lambda: subset_simulation(plane(1), 3, 100, 0, discrete=[True]),
            r"expected discrete of shape \(3\)",
        ),
        (
            lambda: subset_simulation(lambda e: e[:, 0] * math.nan, 3, 100, 0),
            r"expected severity\(e\) to be finite",
        ),
        (lambda: stratified(lambda e, _: e[:, 0], 2, [0.5, 0.4], 100, 0), "sum to 1"),
        (lambda: importance_sampling(plane(1), torch.zeros(0, 3), 10, 0), "expected centres"),
        (lambda: importance_sampling(plane(1), torch.zeros(1, 3), 10, 0, -1.0), "expected width"),
    ],
)
def test_mistakes_are_told(call, sentence):
    with pytest.raises(Mistake, match=sentence):
        call()


def test_an_event_that_all_failures_show_alike_is_climbed_to_once():
    def flat(e):
        return torch.where(e[:, 0] > 2.5, 1.0, e[:, 0] - 2.5)

    run = climb(flat, 2, 400, seed=0)
    assert run.queries < 2_500
    assert run.rate.low < norm.sf(2.5) < run.rate.high
