from __future__ import annotations

import numpy as np
import pytest
import torch

from genenv.report.document import NEAR_KEYS
from genenv.report.near_rows import Untouched, near_rows

PLACES = torch.arange(200.0)[:, None]  # of 200 real rows, in one feature


def untouched(wrong):
    right = np.ones(200, np.bool_)
    right[list(wrong)] = False
    return Untouched(np.arange(200) + 1000, PLACES, right)


def test_the_nearest_rows_of_a_mode_are_named_with_the_accuracy_on_them_and_elsewhere():
    features = torch.tensor([[0.0], [150.0], [152.0]])
    first, second = near_rows(untouched([1, 3, 190]), features, np.array([4, 7, 7]), [4, 7])
    assert tuple(first) == NEAR_KEYS
    assert sorted(first["rows"]) == list(range(1000, 1010))
    assert (first["accuracy"]["share"], first["accuracy"]["rows"]) == (0.8, 10)
    assert first["elsewhere"]["share"] == pytest.approx(189 / 190)
    assert set(second["rows"]) <= set(range(1145, 1158))
    assert second["accuracy"]["share"] == 1.0
    assert first["rows"][0] == 1000  # nearest first


@pytest.mark.slow
def test_a_mode_is_borne_out_where_real_rows_fail_more_often_than_chance_makes_of_so_many_modes():
    features = PLACES[::10].clone()
    modes = np.arange(20)
    planted = near_rows(untouched(range(6)), features, modes, modes.tolist())
    assert [row["borne_out"] for row in planted] == [True] + [False] * 19
    rng = np.random.default_rng(0)
    by_chance = [
        near_rows(untouched(rng.permutation(200)[:12]), features, modes, modes.tolist())
        for _ in range(30)
    ]
    assert sum(any(row["borne_out"] for row in found) for found in by_chance) <= 5


def test_few_rows_are_all_near_and_bear_nothing_out():
    few = Untouched(np.arange(4), PLACES[:4], np.array([True, False, True, True]))
    (row,) = near_rows(few, PLACES[:1], np.zeros(1, np.int64), [0])
    assert len(row["rows"]) == 4
    assert row["elsewhere"] == {"share": 0.0, "low": 0.0, "high": 1.0, "rows": 0}
    assert not row["borne_out"]
    assert near_rows(few, PLACES[:0], np.zeros(0, np.int64), []) == []
