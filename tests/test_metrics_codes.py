import numpy as np
import pytest

from genenv.checks import Mistake
from genenv.metrics import purity


def test_groups_that_are_classes_are_pure_under_any_name():
    label = np.array(["cat", "dog", "cat", "owl"])
    assert purity([7, -2, 7, 0], label) == 1


def test_the_majority_of_each_group_counts():
    group = [0, 0, 0, 1, 1, 1, 1, 2]
    label = [5, 5, 9, 9, 9, 5, 4, 4]
    assert purity(group, label) == pytest.approx((2 + 2 + 1) / 8)


def test_one_group_has_the_share_of_the_largest_class_and_single_rows_are_pure():
    label = np.repeat([0, 1, 2], [5, 3, 2])
    assert purity(np.zeros(10), label) == 0.5
    assert purity(np.arange(10), label) == 1


def test_independent_codes_are_near_the_share_of_a_class():
    rng = np.random.default_rng(0)
    group, label = rng.integers(0, 10, (2, 20_000))
    assert purity(group, label) == pytest.approx(0.1, abs=0.02)


def test_mistakes_are_told():
    with pytest.raises(Mistake, match=r"labels of shape \(3\), got shape \(2,\)"):
        purity([0, 1, 1], [0, 1])
    with pytest.raises(Mistake, match="at least one row, got 0; give groups and labels"):
        purity([], [])
