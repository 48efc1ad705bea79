"""Intervals and tests against published and closed-form values."""

from __future__ import annotations

import numpy as np
import pytest

from genenv import intervals
from genenv.checks import Mistake


def rng(seed=0):
    return np.random.default_rng(seed)


def test_intervals_of_a_share_are_the_published_ones():  # Newcombe 1998, Table I
    assert intervals.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert intervals.exact(15, 148) == pytest.approx((0.0578, 0.1617), abs=1e-4)
    assert intervals.wilson(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)
    assert intervals.exact(0, 20) == pytest.approx((0, 0.1684), abs=1e-4)


@pytest.mark.parametrize("n", [1, 5, 10, 1000])
def test_the_bound_of_none_in_n_is_exact_where_three_over_n_is_not(n):
    assert intervals.at_most(0, n) == pytest.approx(1 - 0.05 ** (1 / n))
    assert intervals.at_least(n, n) == pytest.approx(0.05 ** (1 / n))
    assert intervals.at_most(0, n) < 3 / n


def test_the_exact_bound_holds_a_share_at_least_as_often_as_it_says():
    counts = rng().binomial(20, 0.1, 2000)
    bounds = {k: intervals.at_most(k, 20) for k in set(counts.tolist())}
    assert np.mean([bounds[k] >= 0.1 for k in counts.tolist()]) >= 0.95
    assert np.mean([k / 20 >= 0.1 for k in counts.tolist()]) < 0.75  # a bound that is none


def test_of_no_rows_nothing_is_known():
    assert intervals.wilson(0, 0) == intervals.exact(0, 0) == (0, 1)
    assert (intervals.at_least(0, 0), intervals.at_most(0, 0)) == (0, 1)


def test_the_interval_of_a_mean_holds_it_and_shrinks_with_the_values():
    low, high = intervals.of_mean(rng().normal(1.0, 1.0, 400), rng(1))
    assert low < 1.0 < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    half = intervals.of_mean(rng().normal(1.0, 1.0, 400), rng(1), level=0.5)
    assert low < half[0] < half[1] < high


def test_the_same_draws_give_the_same_interval():
    values = rng().normal(size=30)
    assert intervals.of_mean(values, rng(1)) == intervals.of_mean(values, rng(1))
    assert intervals.of_mean(values, rng(1)) != intervals.of_mean(values, rng(2))


def test_a_bootstrap_draws_whole_rows_and_leaves_out_draws_without_a_figure():
    x = rng().normal(size=12)

    def gap(a, b):
        return float(np.abs(a - b).max()) if a.min() == x.min() else float("nan")

    assert intervals.bootstrap(gap, (x, x + 1), rng()) == pytest.approx((1, 1))


def test_pairs_that_differ_alike_are_told_from_pairs_that_do_not():
    first = rng().normal(size=8)
    assert intervals.paired(first + 1, first, rng()) == pytest.approx(2 / 2**8)
    assert intervals.paired(first, first, rng()) == 1
    signs = np.where(np.arange(8) % 2, 1.0, -1.0)
    assert intervals.paired(first + signs, first, rng()) > 0.5


def test_q_values_are_those_of_benjamini_and_hochberg():
    q = intervals.q_values([0.01, 0.02, 0.03, 0.5])
    np.testing.assert_allclose(q, [0.04, 0.04, 0.04, 0.5])
    assert intervals.q_values([]).shape == (0,)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: intervals.wilson(3, 2), "expected a count from 0 to 2, got 3"),
        (lambda: intervals.at_most(-1, 2), "expected a count from 0 to 2, got -1"),
        (lambda: intervals.of_mean([1.0], rng()), "expected two values or more, got 1"),
        (lambda: intervals.paired([1.0], [2.0], rng()), "expected two pairs or more, got 1"),
        (lambda: intervals.paired([1, 2], [1], rng()), r"expected second of shape \(2\)"),
        (lambda: intervals.bootstrap(np.dot, ([1, 2], [1]), rng()), r"a column of shape \(2\)"),
        (lambda: intervals.q_values([0.5, 1.5]), "expected p-values from 0 to 1, got 0.5 to 1.5"),
        (lambda: intervals.q_values([0.5, np.nan]), "expected p-values from 0 to 1"),
    ],
)
def test_mistakes_are_told(call, sentence):
    with pytest.raises(Mistake, match=sentence):
        call()
