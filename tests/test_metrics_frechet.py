import numpy as np
import pytest

from genenv.metrics import Frechet, frechet


def exactly(mean, cov, rows=50, seed=0):
    """Rows whose mean and covariance are these, to rounding."""
    x = np.random.default_rng(seed).standard_normal((rows, len(mean)))
    x -= x.mean(0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return white @ np.linalg.cholesky(np.array(cov)).T + mean


def distance(real, fake):
    return Frechet()(real, fake)["frechet"]


def test_axis_aligned_gaussians_are_as_far_as_their_means_and_deviations():
    real = exactly([0, 0, 0], np.diag([1.0, 4.0, 9.0]))
    fake = exactly([3, 4, 0], np.diag([4.0, 4.0, 1.0]), rows=70, seed=1)
    assert distance(real, fake) == pytest.approx(25 + 1 + 0 + 4)


def test_covariances_that_do_not_commute():
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    b = np.array([[5.0, -1.0], [-1.0, 1.0]])
    product = a @ b  # of two columns: tr √M = √(tr M + 2 √det M)
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    known = np.trace(a) + np.trace(b) - 2 * root
    assert distance(exactly([1, 1], a), exactly([1, 1], b, seed=2)) == pytest.approx(known)


def test_equal_sets_are_at_zero_and_a_shift_by_v_at_its_squared_length():
    x = np.random.default_rng(0).standard_normal((200, 5))
    assert distance(x, x) == pytest.approx(0, abs=1e-12)
    assert distance(x, x + np.array([1, 2, 0, 0, 2])) == pytest.approx(9)


def test_fewer_rows_than_columns_are_exact_too():
    x = 1000 + 50 * np.random.default_rng(0).standard_normal((30, 100)).astype(np.float32)
    scale = float(x.var(0).sum())
    assert distance(x, x) == pytest.approx(0, abs=1e-12 * scale)
    assert distance(x, x.astype(np.float64) + 3) == pytest.approx(900)


def test_it_is_symmetric():
    a, b = (np.random.default_rng(s).gamma(2, size=(90, 6)) for s in (0, 1))
    assert distance(a, b) == pytest.approx(distance(b, a))


def test_any_size_of_the_pieces_gives_the_same(monkeypatch):
    a, b = (np.random.default_rng(s).standard_normal((90, 6)) for s in (0, 1))
    whole = distance(a, b)
    monkeypatch.setattr(frechet, "ROWS", 7)
    assert distance(a, b) == pytest.approx(whole, rel=1e-12)
