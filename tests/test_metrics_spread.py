"""The variance that samples leave within a class, over that of real rows."""

from __future__ import annotations

import numpy as np
import pytest

from genenv.codecs import Vectors
from genenv.metrics.spread import Spread, by_class, spread

UNITS = Vectors((3,), "float64", (-1.0, -10.0, -1000.0), (1.0, 10.0, 1000.0))
SCALE = np.array([1.0, 10.0, 1000.0])


def drawn(rows, seed, width=1.0, classes=2):
    """Rows about a centre a class; `width` times the law's standard deviation."""
    rng = np.random.default_rng(seed)
    label = np.arange(rows) % classes
    return (50 * label[:, None] + width * rng.standard_normal((rows, 3))) * SCALE, label


def of(x, label, classes=2):
    made = Spread(UNITS, classes)
    made.add(x, label)
    return made


def test_it_is_the_share_of_the_variance_whatever_the_centre_and_the_unit():
    x, label = drawn(4000, 0)
    narrow = 7 + 0.9 * x
    assert spread(of(narrow, label), of(x, label))["spread"] == pytest.approx(0.81)


def test_no_column_outweighs_the_others_by_its_unit():
    x, label = drawn(4000, 0)
    flat = x.copy()
    flat[:, 2] = 0
    assert spread(of(flat, label), of(x, label))["spread"] == pytest.approx(2 / 3, abs=0.03)


@pytest.mark.slow
def test_fresh_rows_of_one_law_have_1_in_the_mean_whatever_their_number():
    few = [spread(of(*drawn(8, seed)), of(*drawn(9000, 99)))["spread"] for seed in range(300)]
    assert np.mean(few) == pytest.approx(1, abs=0.05)


def test_pieces_add_up_to_the_whole():
    x, label = drawn(900, 0)
    real = of(*drawn(500, 1))
    pieces = Spread(UNITS, 2)
    for at in range(0, 900, 70):
        pieces.add(x[at : at + 70], label[at : at + 70])
    assert spread(pieces, real)["spread"] == pytest.approx(spread(of(x, label), real)["spread"])


def test_the_class_with_the_least_is_told_and_named():
    real = of(*drawn(4000, 0))
    x, label = drawn(4000, 1)
    x[label == 1] *= 0.5
    figures = spread(of(x, label), real)
    named = by_class(of(x, label), real, ("a", "b"))
    assert figures["spread_least"] == named["b"] == pytest.approx(0.25, abs=0.03)
    assert figures["spread"] == pytest.approx((named["a"] + named["b"]) / 2)


def test_classes_without_two_rows_or_without_variance_are_left_out():
    x, label = drawn(400, 0, classes=3)
    alike = np.where(label[:, None] == 0, 0.0, x)
    lone = np.append(0, np.nonzero(label != 1)[0])
    rare = np.sort(np.append(lone, np.nonzero(label == 1)[0][0]))
    named = by_class(of(x[rare], label[rare], 3), of(alike, label, 3), ("a", "b", "c"))
    assert named.keys() == {"c"}
    assert spread(of(x[:1], label[:1], 3), of(x, label, 3)) == {}
