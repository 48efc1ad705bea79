"""Rates of a model: counted, climbed, checked; truths by quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import toys
from scipy.integrate import quad
from scipy.stats import chi2, norm

from genenv.asked import Asked
from genenv.checks import Mistake
from genenv.noise import Bernoulli, Gaussian, Product
from genenv.rate.descent import descend
from genenv.rate.plain import Rate
from genenv.rate.spread import log_interval, together
from genenv.rating import CONFIRMED, FAILURE, Seen, rated
from genenv.report import rates
from genenv.rules import Rules

BETA = 4.0
RADIUS = 5.0
TRUTH = {
    FAILURE: norm.sf(BETA),
    # the audit confirms inside the ball alone: one coordinate beyond β, three share what is left
    CONFIRMED: quad(
        lambda a: norm.pdf(a) * chi2.cdf(RADIUS**2 - a * a, toys.DIM - 1), BETA, RADIUS
    )[0],
}
FEW = Seen(20_000, 0, 0)
METHOD = "random search"


class ClassAlone:
    """Confirms flips of one label."""

    def __init__(self, label):
        self.label = label

    def judged(self, x, label, severity, answer, fold):
        found = toys.BallJudge(100.0).judged(x, label, severity, answer, fold)
        found.verdict[label != self.label] = 0
        return found

    def of_query(self, _search, _seed, index):
        return index


def asked(beta=BETA, radius=RADIUS, judge=None):
    return Asked(toys.probe(beta, radius), judge or toys.BallJudge(radius), lambda _: None)


@pytest.fixture(scope="module")
def found():
    return [rated(asked(), FEW, METHOD, 40_000, seed) for seed in range(3)]


def rows(made, event):
    return [row for row in made.rows if row["event"] == event]


@pytest.mark.slow
@pytest.mark.parametrize("event", [FAILURE, CONFIRMED])
def test_a_rare_event_is_counted_checked_and_climbed_in_this_order(found, event):
    for made in found:
        counted, check, climbed = rows(made, event)
        assert (counted["method"], counted["samples"], counted["estimate"]) == (METHOD, 20_000, 0)
        assert "importance sampling" in check["method"]
        assert climbed["method"].startswith("subset simulation")
    held = [row["low"] < TRUTH[event] < row["high"] for m in found for row in rows(m, event)[2:]]
    near = np.mean([rows(made, event)[2]["estimate"] for made in found]) / TRUTH[event]
    assert sum(held) >= 2
    assert 0.7 < near < 1.4
    check = np.mean([rows(made, event)[1]["estimate"] for made in found]) / TRUTH[event]
    assert 0.7 < check < 1.4


@pytest.mark.slow
def test_the_budget_holds_and_the_likeliest_failure_has_the_known_energy(found):
    for made in found:
        assert made.queries <= 40_000
        assert math.sqrt(2 * made.energy) == pytest.approx(BETA, rel=0.03)
        assert made.notes == ()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rates(found):
    one = rated(asked(), FEW, METHOD, 40_000, 0)
    assert one == found[0] != found[1]


@pytest.mark.slow
def test_what_the_audit_refuses_is_no_confirmed_failure_and_cannot_be_climbed():
    made = rated(asked(judge=ClassAlone(1)), Seen(20_000, 900, 0), METHOD, 40_000, 0)
    (counted,) = rows(made, FAILURE)
    assert counted["estimate"] == 0.045  # seen often enough: nothing is climbed
    climbed = rows(made, CONFIRMED)[-1]
    inside = TRUTH[CONFIRMED] / toys.CLASSES
    assert 0.5 * inside < climbed["estimate"] < 2 * inside
    nothing = rated(asked(judge=ClassAlone(7)), Seen(20_000, 900, 0), METHOD, 40_000, 0)
    assert [row["method"] for row in rows(nothing, CONFIRMED)] == [METHOD]
    assert "(0 reached it); the bound by counting stands" in nothing.notes[0]


def test_what_breaks_a_rule_fails_and_is_never_confirmed():
    made = asked(beta=1.0)
    before = made.drawn(400, 0)
    made.probe.rules = Rules((("never", lambda x: np.zeros(len(x), np.bool_)),))
    assert made.drawn(400, 0) == (400, before[1], 0)
    assert before[2] > 0
    e = 3 * torch.ones(5, toys.DIM)
    assert (made.margin(e, 0) < 0).all()
    assert (made.shows(CONFIRMED, 0)(e) == -1).all()


def test_an_event_that_was_seen_often_enough_is_only_counted():
    made = rated(asked(2.0), Seen(20_000, 455, 400), METHOD, 5_000, 0)
    assert [row["method"] for row in made.rows] == [METHOD] * 2
    assert made.energy == pytest.approx(2.0, rel=0.1)


def test_without_a_control_a_share_of_the_budget_is_drawn():
    made = rated(asked(1.0), None, METHOD, 5_000, 0)
    assert [row["samples"] for row in made.rows] == [1500, 1500]
    assert {row["method"] for row in made.rows} == {"monte carlo"}
    assert made.rows[0]["low"] < norm.sf(1.0) < made.rows[0]["high"]


def test_too_small_a_budget_is_told_and_the_bound_stands():
    made = rated(asked(), FEW, METHOD, 6_000, 0)
    assert [row["method"] for row in made.rows] == [METHOD] * 2
    assert "takes about 4,500 queries or more for it, and had 2,400" in made.notes[0]


@pytest.mark.slow
def test_an_estimate_that_counting_contradicts_is_left_out():
    made = rated(asked(), Seen(100, 9, 9), METHOD, 40_000, 0)
    assert [row["samples"] for row in made.rows] == [100, 100]
    assert all("which counting contradicts" in sentence for sentence in made.notes)


def test_coordinates_that_pick_are_redrawn():
    one = asked()
    one.probe.generator.noise = Product([Gaussian(2), Bernoulli(3)])
    assert one.discrete == [False, False, True, True, True]


def test_the_likeliest_failures_lie_at_the_design_point():
    e = torch.tensor([[3.0, 3, 3, 3], [9, 0, 0, 0], [5, 5, -2, 0]])
    label = torch.zeros(3, dtype=torch.int64)
    points, energy = descend(lambda e, _: e.sum(1) / 2 - 3.0, e, label, 300, 0)
    assert energy.tolist() == pytest.approx([4.5] * 3, rel=0.02)
    assert (points.sum(1) / 2 > 3.0).all()
    with pytest.raises(Mistake, match="failures to start from"):
        descend(lambda e, _: e.sum(1), e[:0], label[:0], 3, 0)


def test_estimates_of_labels_add_up_with_their_spreads():
    one = Rate("a", 0.01, *log_interval(0.01, 0.2), 100)
    two = Rate("b", 0.0, 0.0, 0.001, 50)
    made = together("both", [one, two], [0.5, 0.5])
    low, high = log_interval(0.005, 0.2)
    assert (made.estimate, made.low, made.samples) == (0.005, pytest.approx(low), 150)
    assert made.high == pytest.approx(high + 0.0005)
    assert together("none", [two], [1.0]).high == 0.001


def test_rates_are_entered_with_the_one_to_go_by_last():
    def row(event, method, estimate):
        return {
            "event": event, "method": method, "estimate": estimate, "low": 0.0, "high": 1.0,
            "samples": 9,
        }  # fmt: skip

    control = [row(FAILURE, "random", 0.5), row(CONFIRMED, "random", 0.0)]
    made = {
        "rows": [row(FAILURE, "m", 0.4), row(CONFIRMED, "m", 0.0), row(CONFIRMED, "subset", 1e-6)],
        "queries": 7, "least_energy": 8.0, "beta": 4.0, "told": [],
    }  # fmt: skip
    whole = rates.entered({"generator": {}}, control, made)
    assert [r["method"] for r in whole["failure_probabilities"]] == ["random", "random", "subset"]
    assert whole["failure_probability"]["estimate"] == 1e-6
    assert "event" not in whole["failure_probability"]
    assert "rows" not in whole["rate"]
    assert "4.00 standard deviations" in rates.sentences(whole)[0]
    assert "certifies nothing" in rates.sentences(whole)[-1]
    drawn = rates.entered({}, [], made)
    assert [r["method"] for r in drawn["failure_probabilities"]] == ["m", "m", "subset"]
    plain = rates.entered({}, control, None)
    assert plain["rate"] is None
    assert rates.lines(plain) == []
