"""The cut at the edge of what it promises: one wrong row more, and it does not stand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import binom

from genenv.judge.promise import KEPT, set_cut
from genenv.judge.temper import tempered


def rows(*blocks):
    """(count, top, wrong of them) each, strictest first: top and right, (n,)."""
    top = np.concatenate([np.full(count, value) for count, value, _ in blocks])
    right = np.concatenate([np.arange(count) >= wrong for count, _, wrong in blocks])
    return top, right


@pytest.mark.parametrize(("wrong", "rule"), [(2, "contradictions"), (3, "accepted")])
def test_of_25_contradictions_two_may_be_wrong_and_not_three(wrong, rule):
    assert (binom.cdf(wrong, 25, 0.2) <= 0.1) is np.bool_(rule == "contradictions")
    top, right = rows((25, 0.99, wrong), (475, 0.98, 0))
    contradicts = np.arange(500) < 25
    if wrong == 3:  # the other rule then needs all rows right but these
        right[3:] = True
        top, right = np.r_[top, np.full(600, 0.98)], np.r_[right, np.full(600, True)]
        contradicts = np.r_[contradicts, np.zeros(600, bool)]
    assert set_cut(top, right, np.full(len(top), True), contradicts).rule == rule


@pytest.mark.parametrize(("wrong", "rule"), [(1, "accepted"), (2, "fallback")])
def test_of_400_accepted_rows_one_may_be_wrong_and_not_two(wrong, rule):
    top, right = rows((400, 0.99, wrong))
    assert set_cut(top, right, np.full(400, True)).rule == rule


def test_the_cut_is_the_last_that_passed_and_not_the_first_that_failed():
    top, right = rows((400, 0.99, 1), (20, 0.95, 0), (20, 0.93, 9), (20, 0.91, 0))
    found = set_cut(top, right, np.full(460, True))
    assert (found.rule, found.cut, found.rows, found.wrong) == ("accepted", 0.95, 420, 1)


def test_the_fallback_takes_the_least_error_of_the_cuts_that_keep_three_quarters():
    top, right = rows((70, 0.99, 0), (10, 0.97, 8), (10, 0.95, 0), (10, 0.93, 10))
    found = set_cut(top, right, np.full(100, True))
    assert KEPT == 0.75
    assert (found.rule, found.cut, found.rows, found.wrong) == ("fallback", 0.95, 90, 8)


def test_of_noisy_labels_three_quarters_of_the_rows_that_can_be_sure_are_enough():
    top, right = rows((400, 0.99, 0), (130, 0.92, 40), (500, 0.6, 200))
    found = set_cut(top, right, np.full(len(top), True))
    assert (found.rule, found.cut) == ("accepted", 0.99)
    unsure = rows((400, 0.99, 0), (140, 0.92, 40), (500, 0.6, 200))
    assert set_cut(*unsure, np.full(len(unsure[0]), True)).rule == "fallback"


def test_a_temperature_above_one_makes_less_sure():
    p = torch.tensor([[0.8, 0.2]])
    assert tempered(p, 2.0)[0].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert tempered(p, 0.5)[0].tolist() == pytest.approx([16 / 17, 1 / 17])
