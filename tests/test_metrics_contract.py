"""What holds for every metric in METRICS."""

import math

import numpy as np
import pytest

from genenv import metrics
from genenv.checks import Mistake
from genenv.metrics import LARGER_IS_BETTER, METRICS, better, ranked


def law(seed, rows=400, columns=4):
    """Correlated columns of spread 1 to 2, float32."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((columns, columns))
    return (rng.standard_normal((rows, columns)) @ mixing).astype(np.float32)


@pytest.fixture(params=METRICS)
def metric(request):
    return METRICS[request.param]()


def test_it_returns_the_numbers_that_it_names(metric):
    figures = metric(law(0), law(1))
    assert tuple(figures) == metric.keys
    assert all(type(value) is float and math.isfinite(value) for value in figures.values())


def test_a_shifted_set_is_worse_than_a_fresh_draw(metric):
    fresh = metric(law(0), law(1))
    shifted = metric(law(0), law(1) + 2)
    assert all(better(key, fresh[key], shifted[key]) for key in metric.keys)


def test_half_of_the_law_is_worse_than_all_of_it_in_some_number(metric):
    real = law(0)
    fresh = law(1, 800)
    half = fresh[fresh[:, 0] > 0][:350]
    whole = metric(real, fresh[:350])
    part = metric(real, half)
    assert any(better(key, whole[key], part[key]) for key in metric.keys)


def test_nothing_is_better_than_the_set_itself(metric):
    own = metric(law(0), law(0))
    fresh = metric(law(0), law(1))
    assert not any(better(key, fresh[key], own[key]) for key in metric.keys)


def test_it_is_a_function_of_its_arguments(metric):
    state = np.random.get_state()[1].copy()
    real = law(0)
    fake = law(1, 300)
    before = real.copy(), fake.copy()
    assert metric(real, fake) == metric(real, fake)
    assert np.array_equal(real, before[0])
    assert np.array_equal(fake, before[1])
    assert np.array_equal(state, np.random.get_state()[1])


def test_the_order_of_rows_does_not_matter(metric):
    real = law(0)
    fake = law(1)
    again = metric(real[::-1], fake[np.random.default_rng(0).permutation(len(fake))])
    assert again == pytest.approx(metric(real, fake), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["frechet", "manifold", "sliced"])  # no polynomial kernel
def test_far_from_zero_the_figures_are_the_same(name):
    metric = METRICS[name]()
    real = law(0).astype(np.float64)
    fake = law(1).astype(np.float64)
    assert metric(real + 1e6, fake + 1e6) == pytest.approx(metric(real, fake), rel=1e-6, abs=1e-6)


def test_sets_of_one_column_and_of_different_size_are_taken(metric):
    figures = metric(law(0, 60, 1), law(1, 50, 1))
    assert all(math.isfinite(value) for value in figures.values())


def test_constant_features_are_taken(metric):
    same = np.ones((20, 3), np.float32)
    shifted = metric(same, same + 1)
    for key, value in metric(same, same).items():
        assert math.isfinite(value)
        assert better(key, value, shifted[key])


@pytest.mark.parametrize("name", ["frechet", "kernel", "sliced"])
def test_equal_constant_features_are_at_no_distance(name):
    same = np.ones((20, 3), np.float32)
    assert list(METRICS[name]()(same, same).values()) == pytest.approx([0], abs=1e-12)


@pytest.mark.parametrize(
    ("real", "fake", "sentence"),
    [
        (law(0), law(1, 40, 3), "generated features of 4 columns, as the real ones have, got 3"),
        (law(0), law(1)[:, 0], r"generated features of shape \(any, any\), got shape \(400,\)"),
        (law(0)[:1], law(1), "rows or more of real features for .*, got 1; give more"),
        (law(0), law(1)[:0], "rows or more of generated features for .*, got 0; give more"),
        (law(0), np.where(law(1) > 3, np.nan, law(1)), "generated features to be finite"),
        (np.where(law(1) > 3, np.inf, law(1)), law(1), "real features to be finite"),
    ],
)
def test_mistakes_are_told(metric, real, fake, sentence):
    with pytest.raises(Mistake, match=sentence):
        metric(real, fake)


def test_metrics_are_built_by_name():
    assert [type(m) for m in metrics.build()] == list(METRICS.values())
    assert [m.keys for m in metrics.build(["sliced"])] == [("sliced",)]
    with pytest.raises(Mistake, match="metric to be one of frechet, kernel, manifold, sliced"):
        metrics.build(["fid"])


def test_every_key_says_whether_more_is_better():
    assert {key for kind in METRICS.values() for key in kind.keys} <= set(LARGER_IS_BETTER)
    assert ranked("recall")
    assert not ranked("fid")
    with pytest.raises(Mistake, match=r"metric to be one of frechet, .*, got 'loss'"):
        ranked("loss")


@pytest.mark.parametrize(
    ("key", "new", "old", "is_better"),
    [
        ("frechet", 1.0, 2.0, True),
        ("frechet", 2.0, 2.0, False),
        ("recall", 0.6, 0.5, True),
        ("recall", 0.4, 0.5, False),
        ("fid", math.nan, 9.0, False),
        ("fid", 9.0, math.nan, True),
        ("fid", math.nan, math.nan, False),
        ("reverse_kl", 3.0, math.inf, True),
    ],
)
def test_better_knows_the_direction_and_never_prefers_nan(key, new, old, is_better):
    assert better(key, new, old) is is_better
