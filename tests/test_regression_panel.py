"""The interval of a panel of regressors against known answers."""

from __future__ import annotations

import numpy as np
import pytest

from genenv.regression import panel


@pytest.mark.parametrize(("level", "taken"), [(0.98, 98), (0.981, 99), (0.9, 90), (0.99, 99)])
def test_an_interval_takes_the_conformal_quantile_of_its_scores(level, taken):
    scores = np.arange(1.0, 100.0)  # of n = 99 the ⌈(n + 1)·level⌉-th
    assert panel.quantile(scores, level) == taken


def test_of_few_scores_the_largest_is_taken():
    assert panel.quantile(np.array([1.0, 2.0, 5.0]), 0.98) == 5.0
