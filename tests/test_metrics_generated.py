"""GAN-train accuracy and agreement of a generator, on columns of very different size."""

from __future__ import annotations

import numpy as np
import pytest

from genenv import networks
from genenv.data import from_arrays
from genenv.metrics import generated, k_means_purity
from genenv.noise import Gaussian


def table(rows, seed):
    """The class lies in a small column, beside a large one that tells nothing."""
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return np.stack([rng.normal(0, 1e4, rows), y + rng.normal(0, 0.1, rows)], 1), y


@pytest.fixture
def figures():
    data = from_arrays(*table(400, 0))
    generator, _ = networks.build("mlp", Gaussian(2), data.units, data.classes, 8, 8)
    test = table(200, 1)
    return generated.generator_metrics(generator.eval(), (data.x, data.label), test, test)


def test_the_svm_does_not_judge_a_table_by_its_largest_column(figures):
    assert figures["real_train_svm"] > 0.95


def test_the_judge_of_agreement_is_asked_about_real_rows_too_and_all_is_counted(figures):
    assert figures["agreement_real"] > 0.95
    for name in ("agreement", "gan_train_svm", "gan_train_network"):
        assert figures[f"{name}_samples"] == generated.GENERATED


def test_k_means_stands_in_the_place_of_a_code():
    x, y = table(300, 0)
    both = x[:, 1:] * [1, 1e6]
    assert k_means_purity(both, both, y, 2) > 0.95
