"""How many modes are left to find, and what sets a mode apart from its class."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from genenv.codecs import Pictures, Vectors
from genenv.report import apart
from genenv.report.variety import rarefied, variety, words


def test_rarefaction_is_the_mean_over_all_draws():
    sizes = np.array([3, 1, 1])
    members = np.repeat(np.arange(3), sizes)
    curve = {int(n): modes for n, modes in rarefied(sizes)}
    for n, expected in curve.items():
        drawn = [len({members[i] for i in rows}) for rows in combinations(range(5), n)]
        assert expected == pytest.approx(np.mean(drawn))
    assert curve[0] == 0
    assert curve[5] == pytest.approx(3)


def test_chao1_counts_what_singletons_foretell():
    found = variety(np.array([0, 0, 0, 1, 1, 2, 3, 4]), np.array([7, 7, 7, 7, 7, 9, 9, 9]))
    assert (found["modes"], found["pairs"], found["once"]) == (5, 2, 3)
    assert found["chao1"] == 5 + 3 * 2 / (2 * 2)
    assert "At least about 2 more are left to find (Chao1)" in words(found)
    assert "2 pairs" in words(found)


def test_without_a_failure_there_is_no_mode_and_no_word():
    found = variety(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert (found["modes"], found["chao1"]) == (0, 0)
    assert words(found) == ""


def test_a_mode_is_told_from_its_class_by_the_columns_that_make_it():
    rng = np.random.default_rng(0)
    real = rng.normal(0, 1, (300, 4)).astype(np.float32)
    label = np.arange(300) % 2
    own = rng.normal(0, 1, (40, 4)).astype(np.float32)
    own[:, 2] = rng.uniform(1.5, 2.5, 40)
    units = Vectors((4,), "float32", (-3.0,) * 4, (3.0,) * 4)
    failing = own, np.zeros(40, np.int64), np.r_[np.zeros(38, np.int64), 5, 5]
    told, too_few = apart.rules(units, failing, (real, label), [0, 5])
    assert "x[2] above 1." in told["rule"]
    assert told["mode"] > 0.75 > 0.15 > told["class"]
    assert apart.words(told).startswith(told["rule"])
    assert too_few is None
    assert apart.words(too_few) == ""


def test_a_mode_like_its_class_has_no_rule():
    rng = np.random.default_rng(1)
    real = rng.normal(0, 1, (400, 1)).astype(np.float32)
    label = np.zeros(400, np.int64)
    units = Vectors((1,), "float32", (-3.0,), (3.0,))
    same = np.sort(real[::4], axis=0)
    failing = same, np.zeros(100, np.int64), np.zeros(100, np.int64)
    assert apart.rules(units, failing, (real, label), [0]) == [None]


def test_pictures_are_told_apart_by_ink():
    rng = np.random.default_rng(2)
    real = rng.uniform(0, 0.2, (60, 8, 8)).astype(np.float32)
    thick = rng.uniform(0.2, 0.4, (10, 8, 8)).astype(np.float32)
    units = Pictures((8, 8), "float32", (0.0,), (1.0,))
    failing = thick, np.zeros(10, np.int64), np.zeros(10, np.int64)
    (told,) = apart.rules(units, failing, (real, np.zeros(60, np.int64)), [0])
    assert told["rule"].startswith("ink above 0.")
    assert (told["mode"], told["class"]) == (1.0, 0.0)
