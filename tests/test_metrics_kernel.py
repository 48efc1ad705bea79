import numpy as np
import pytest

from genenv.metrics import Kernel, kernel


def distance(real, fake):
    return Kernel()(real, fake)["kernel"]


def test_two_points_by_hand():
    # (x·y/d + 1)³: 1 where a factor is 0, else 8
    assert distance(np.zeros((2, 1)), np.ones((2, 1))) == pytest.approx(1 + 8 - 2 * 1)


def test_it_is_the_formula_of_the_paper():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((30, 3))
    y = rng.standard_normal((20, 3)) + 1
    xx, yy, xy = ((a @ b.T / 3 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    known = (xx.sum() - np.trace(xx)) / 870 + (yy.sum() - np.trace(yy)) / 380 - 2 * xy.mean()
    assert distance(x, y) == pytest.approx(known)


@pytest.mark.parametrize("rows", [3, 10, 40])
def test_it_is_unbiased_at_any_number_of_rows(rows):
    rng = np.random.default_rng(rows)
    many = [distance(*rng.standard_normal((2, rows, 3))) for _ in range(600)]
    error = np.std(many) / np.sqrt(len(many))
    assert abs(np.mean(many)) < 3 * error
    biased = 2 * (12.9 - 2) / rows  # E k(x, x) - E k(x, y): were rows compared with themselves
    assert error < biased / 4


def test_any_size_of_the_blocks_gives_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3))
    y = rng.standard_normal((40, 3)) + 1
    whole = distance(x, y)
    monkeypatch.setattr(kernel, "BLOCK", 90)
    assert distance(x, y) == pytest.approx(whole, rel=1e-12)
