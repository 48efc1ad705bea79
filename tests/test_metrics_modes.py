import numpy as np
import pytest

from genenv.checks import Mistake
from genenv.data import Modes
from genenv.data.toys import GRID, RING
from genenv.metrics import mode_metrics


def drawn(modes, share=None, rows=2500, seed=0):
    rng = np.random.default_rng(seed)
    centre = rng.choice(len(modes.centres), rows, p=share)
    return modes.centres[centre] + modes.sigma * rng.standard_normal((rows, 2))


@pytest.mark.parametrize(("modes", "count"), [(RING, 8), (GRID, 25)])
def test_a_perfect_sampler_scores_what_theory_says(modes, count):
    many = [mode_metrics(drawn(modes, seed=s), modes) for s in range(30)]
    assert {m["modes"] for m in many} == {count}
    assert np.mean([m["high_quality"] for m in many]) == pytest.approx(1 - np.exp(-4.5), abs=0.002)
    expected = (count - 1) / (2 * 2500)
    assert np.mean([m["reverse_kl"] for m in many]) == pytest.approx(expected, rel=0.2)


def test_the_ring_has_eight_different_centres_on_the_unit_circle():
    assert len(np.unique(RING.centres.round(6), axis=0)) == 8
    assert np.linalg.norm(RING.centres, axis=1) == pytest.approx(1)
    assert (len(GRID.centres), GRID.sigma, RING.sigma) == (25, 0.05, 0.01)


def test_collapse_to_one_mode_is_the_logarithm_of_their_number():
    share = np.eye(8)[3]
    figures = mode_metrics(drawn(RING, share), RING)
    assert figures["modes"] == 1
    assert figures["reverse_kl"] == pytest.approx(np.log(8))


def test_unequal_shares_by_hand():
    two = Modes(np.array([[0.0, 0.0], [9.0, 0.0]]), 1.0)
    figures = mode_metrics(np.repeat([[0.5, 0.0], [9.0, 1.0]], [3, 1], axis=0), two)
    assert figures["modes"] == 2
    assert figures["high_quality"] == 1
    assert figures["reverse_kl"] == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))


def test_three_deviations_are_still_of_high_quality_and_more_are_not_counted_at_all():
    one = Modes(np.array([[0.0, 0.0], [50.0, 0.0]]), 1.0)
    figures = mode_metrics(np.array([[3.0, 0.0], [3.001, 0.0], [25.0, 0.0], [50.0, 3.1]]), one)
    assert figures == {"modes": 1, "high_quality": 0.25, "reverse_kl": pytest.approx(np.log(2))}


def test_samples_that_hit_nothing_are_infinitely_far():
    figures = mode_metrics(np.full((10, 2), 99.0, np.float32), RING)
    assert figures == {"modes": 0, "high_quality": 0, "reverse_kl": np.inf}


def test_samples_of_another_length_are_a_mistake():
    with pytest.raises(Mistake, match=r"samples of shape \(any, 2\), got shape \(5, 3\)"):
        mode_metrics(np.zeros((5, 3)), RING)
