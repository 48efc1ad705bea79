import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from genenv.metrics import Sliced, sliced


def distance(real, fake):
    return Sliced()(np.asarray(real, np.float64), np.asarray(fake, np.float64))["sliced"]


def test_on_the_line_it_is_the_distance_of_sorted_rows():
    assert distance([[3.0], [0.0]], [[1.0], [6.0]]) == pytest.approx(np.sqrt((1 + 9) / 2))


def test_sets_of_different_size_are_compared_by_their_quantiles():
    # half of one set at 0 and half at 1, against 0, 0, 1: they differ in one sixth
    assert distance([[0.0], [1.0]], [[0.0], [0.0], [1.0]]) == pytest.approx(np.sqrt(1 / 6))
    x = np.random.default_rng(0).standard_normal((30, 3))
    assert distance(x, np.repeat(x, 7, axis=0)) == pytest.approx(0, abs=1e-12)


def test_a_shift_is_measured_along_every_direction():
    x = np.random.default_rng(0).standard_normal((60, 9))
    assert distance(x, x + 2) == pytest.approx(2, rel=0.1)  # ‖v‖/√d, in the mean of directions
    assert distance(x, x + 4) == pytest.approx(2 * distance(x, x + 2))


def test_it_bounds_the_mean_distance_of_one_direction():
    a, b = (np.random.default_rng(s).gamma(2, size=(50, 1)) * (s + 1) for s in (0, 1))
    assert distance(a, b) >= wasserstein_distance(a[:, 0], b[:, 0])


def test_it_sees_what_mean_and_covariance_do_not():
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], (500, 2))
    gauss = rng.standard_normal((2, 500, 2))
    assert distance(signs, gauss[0]) > 3 * distance(*gauss)


def test_any_number_of_directions_at_once_gives_the_same(monkeypatch):
    a, b = (np.random.default_rng(s).standard_normal((50, 4)) for s in (0, 1))
    whole = distance(a, b)
    monkeypatch.setattr(sliced, "AT_ONCE", 100)
    assert distance(a, b) == pytest.approx(whole, rel=1e-12)
