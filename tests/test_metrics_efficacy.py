import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from genenv.checks import Mistake
from genenv.metrics import agreement, estimator, gan_train

NEAREST = estimator(lambda: KNeighborsClassifier(1))


def rows(count, seed, collapse=0.0):
    """Two classes along a line of length 10, told apart by the second number."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, count)
    along = rng.uniform(0, 10, count) * (1 - collapse)
    tilted = (2 * label - 1) * 1.0 + 0.9 * along
    return np.stack([along, tilted], 1).reshape(count, 1, 2), label


def test_good_samples_train_as_well_as_real_ones():
    result = gan_train(NEAREST, rows(500, 0), rows(500, 1), rows(300, 2))
    assert result.generated > 0.98
    assert result.real > 0.98
    assert abs(result.gap) < 0.02


def test_collapsed_samples_agree_but_train_badly():
    collapsed = rows(500, 0, collapse=1.0)
    assert agreement(NEAREST, rows(500, 1), collapsed) > 0.98
    result = gan_train(NEAREST, collapsed, rows(500, 1), rows(300, 2))
    assert result.generated < 0.75
    assert result.gap > 0.2


def test_swapped_conditions_lose_agreement():
    x, label = rows(400, 3)
    swapped = np.where(np.arange(400) < 100, 1 - label, label)
    assert agreement(NEAREST, rows(500, 1), (x, swapped)) == pytest.approx(0.75, abs=0.02)


def test_any_fit_that_returns_a_predictor_will_do():
    def fit(x, label):
        assert len(x) == len(label)
        return lambda new: np.full(len(new), np.bincount(label).argmax())

    assert agreement(fit, rows(9, 0), rows(50, 1)) == pytest.approx(0.5, abs=0.25)


def test_mistakes_are_told():
    x, label = rows(5, 0)
    with pytest.raises(Mistake, match="generated samples with a label each, got 5 samples and 4"):
        gan_train(NEAREST, (x, label[:4]), (x, label), (x, label))
    with pytest.raises(Mistake, match="reference samples with a label each, got 0 samples"):
        agreement(NEAREST, (x[:0], label[:0]), (x, label))
    with pytest.raises(Mistake, match=r"predictions of shape \(5\)"):
        agreement(lambda *_: lambda _: label[:2], (x, label), (x, label))
