import numpy as np
import pytest
import torch

from genenv.metrics import Manifold, manifold


def measured(real, fake):
    return Manifold()(np.asarray(real, np.float64), np.asarray(fake, np.float64))


def line(*points):
    return np.array(points, float)[:, None]


def blobs(seed, centres, rows=300):
    rng = np.random.default_rng(seed)
    return np.array(centres)[rng.integers(len(centres), size=rows)] + rng.normal(0, 1, (rows, 2))


def test_a_line_of_points_by_hand():
    real = line(0, 1, 2, 3, 4, 5, 6)  # third nearest: 3 2 2 2 2 2 3; fifth: 5 4 3 3 3 4 5
    fake = line(-3, -4, 20, 21, 22, 23)  # third nearest: 24 25 3 2 2 3
    figures = measured(real, fake)
    # -3 is in the ball of 0 alone; -4 and the far ones are in none
    assert figures["precision"] == pytest.approx(1 / 6)
    # the balls of -3 and -4 reach to 20 and 21: every real row lies in them
    assert figures["recall"] == 1
    # wide balls: 0 reaches -5, 1 reaches -3, 6 reaches 1: -3 is in two of them and -4 in one
    assert figures["density"] == pytest.approx(3 / (5 * 6))
    assert figures["coverage"] == pytest.approx(2 / 7)


def test_a_set_against_itself():
    x = blobs(0, [(0, 0)])
    figures = measured(x, x)
    assert {k: figures[k] for k in ("precision", "recall", "coverage")} == {
        "precision": 1,
        "recall": 1,
        "coverage": 1,
    }
    assert figures["density"] == pytest.approx(6 / 5)  # each ball holds its row and five others


def test_fresh_draws_of_one_law_have_density_one_and_the_coverage_of_the_paper():
    figures = measured(blobs(0, [(0, 0)], 3000), blobs(1, [(0, 0)], 3000))
    assert figures["density"] == pytest.approx(1, abs=0.05)
    assert figures["coverage"] == pytest.approx(1 - 2**-5, abs=0.01)


def test_sets_that_are_far_apart_share_nothing():
    assert set(measured(blobs(0, [(0, 0)]), blobs(1, [(90, 0)])).values()) == {0}


def test_a_dropped_mode_costs_recall_and_an_invented_one_precision():
    both = blobs(0, [(0, 0), (90, 0)])
    one = blobs(1, [(0, 0)])
    share = (both[:, 0] < 45).mean()
    dropped = measured(both, one)
    invented = measured(one, both)
    assert dropped["precision"] > 0.97
    assert dropped["recall"] == pytest.approx(share, abs=0.02)
    assert dropped["coverage"] == pytest.approx(share, abs=0.02)
    assert invented["precision"] == pytest.approx(share, abs=0.02)
    assert invented["recall"] > 0.95


def test_a_row_is_no_neighbour_of_itself_but_its_double_is():
    real = np.repeat(line(0, 10, 20, 30, 40, 50), 6, axis=0)  # every ball has radius 0
    assert measured(real, real) == {"precision": 1, "recall": 1, "density": 6 / 5, "coverage": 1}
    assert set(measured(real, real + 0.001).values()) == {0}


def test_equal_distances_count_as_inside_in_spite_of_rounding():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (200, 12)).astype(float)
    exact = measured(bits, 1 - bits)
    assert measured(bits / 3 + 1e4, (1 - bits) / 3 + 1e4) == exact


def test_no_block_is_larger_than_allowed_and_any_size_gives_the_same(monkeypatch):
    real = blobs(0, [(0, 0)], 200)
    fake = blobs(1, [(1, 0)], 150)
    whole = measured(real, fake)
    monkeypatch.setattr(manifold, "BLOCK", 900)
    assert measured(real, fake) == whole
    x = torch.from_numpy(real)
    y = torch.from_numpy(fake)
    sizes, places = zip(
        *((squares.numel(), squares.data_ptr()) for _, squares in manifold._blocks(x, y)),
        strict=True,
    )
    assert len(set(places)) == 1  # or a process grows by all pairs, block by block
    assert max(sizes) <= 900
    assert sum(sizes) == 200 * 150


def test_constant_rows_lie_in_every_ball():
    same = np.ones((20, 3), np.float32)
    assert measured(same, same) == {"precision": 1, "recall": 1, "density": 20 / 5, "coverage": 1}
