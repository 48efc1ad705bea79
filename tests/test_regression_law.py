"""The law of rows without labels: a copula where rows are few and columns hang together."""

from __future__ import annotations

import numpy as np
import pytest

from genenv.data import from_arrays
from genenv.regression import copula, law
from genenv.tables import Column, Schema

ROWS = 240


def together(seed=0, rows=ROWS):
    """Six columns that nearly follow two."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2)) @ rng.normal(size=(2, 6))
    return np.exp(0.5 * x + 0.05 * rng.normal(size=x.shape))


def learned(x):
    return law.learn(from_arrays(x, None), None, 0, lambda _: None)


@pytest.mark.slow
def test_few_rows_whose_columns_hang_together_get_a_copula_and_independent_ones_a_mixture():
    assert learned(together()).facts()["network"] == "copula"
    alone = np.random.default_rng(1).normal(size=(ROWS, 3))
    assert learned(alone).facts()["network"] == "mixture"


def test_a_copula_keeps_marginals_and_how_columns_rise_together():
    x = together()
    made = learned(x).sample(4_000, seed=1)[0]
    own, other = (np.corrcoef(np.log(rows).T) for rows in (x, made))
    assert np.abs(own - other).max() < 0.1
    inner = np.linspace(0.05, 0.95, 10)
    apart = np.quantile(np.log(made), inner, axis=0) - np.quantile(np.log(x), inner, axis=0)
    assert np.abs(apart).max() < 0.35 * np.log(x).std()
    assert made.min(0) == pytest.approx(x.min(0), rel=0.5)


@pytest.mark.slow
def test_a_copula_comes_back_from_disk_to_the_bit_and_knows_itself(tmp_path):
    first, other = learned(together()), learned(together(seed=5))
    first.save(tmp_path)
    again = law.load(tmp_path)
    assert again.digest() == first.digest() != other.digest()
    np.testing.assert_array_equal(again.sample(50, seed=3)[0], first.sample(50, seed=3)[0])


def test_listed_values_stay_in_the_list_and_missing_ones_leave_it_to_the_mixture():
    codes = np.column_stack([np.tile([0.0, 1.0, 1.0, 4.0], 25), np.linspace(0, 1, 100)])
    columns = (
        Column("n", "integer", "int64", low=0, high=4, decimals=0),
        Column("x", "continuous", "float64", low=0, high=1),
    )
    made = copula.fit(codes, Schema(columns))
    drawn = made.from_base(np.random.default_rng(0).normal(size=(500, 2)))
    assert set(drawn[:, 0]) == {0.0, 1.0, 4.0}
    codes[3, 1] = np.nan
    assert copula.fit(codes, Schema(columns)) is None
