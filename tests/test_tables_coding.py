from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import people
from scipy import stats

from genenv import tables
from genenv.tables import Column, Schema, determined
from genenv.tables.coding import Coding
from genenv.tables.scores import KNOTS, Scores

NUMBER = Column("n", "continuous", "float64", True, low=-1e6, high=1e6)
FRAME = people(900)
SCHEMA = tables.infer(FRAME, "loan")
CODES = SCHEMA.encode(FRAME)
LABEL = CODES[:, SCHEMA.names.index("loan")].astype(np.int64)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([-3.5, 0.0, 0.25, 1.0, 7.0, 1e5, np.nan]), min_size=16, max_size=80),
    st.floats(0.001, 0.999),
)
def test_a_score_is_an_exact_inverse_on_values_that_repeat(codes, share):
    codes = np.array(codes)
    scores = Scores.fit(NUMBER, codes)
    z = scores.encode(codes, np.full(len(codes), share))
    assert np.isfinite(z).all()
    known = ~np.isnan(codes)
    np.testing.assert_array_equal(scores.decode(z)[known], codes[known])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 0, 2]), st.integers(1, 400))
def test_of_distinct_values_a_score_is_an_inverse_between_its_quantiles(seed, decimals, rows):
    codes = np.random.default_rng(seed).normal(0, 1e4, rows)
    codes = codes if decimals is None else np.round(codes, decimals)
    column = Column("n", "continuous", "float64", low=-1e6, high=1e6, decimals=decimals)
    scores = Scores.fit(column, codes)
    again = scores.decode(scores.encode(codes, np.full(rows, 0.5)))
    step = 0.5 if decimals == 0 else 0.005 if decimals else 0.0
    np.testing.assert_allclose(again, codes, atol=step + 1e-6)


def test_dithered_scores_are_normal_whatever_the_law():
    codes = np.repeat([0.0, 1.0, 5.0], [900, 60, 40])
    z = Scores.fit(NUMBER, codes).encode(codes, np.random.default_rng(0).random(1_000))
    assert stats.kstest(z, "norm").pvalue > 0.01
    plain = Scores.fit(NUMBER, codes).encode(codes, np.full(1_000, 0.5))
    assert stats.kstest(plain, "norm").pvalue < 1e-6  # the control: without dither


def test_no_rows_own_value_is_kept_where_most_are_distinct():
    codes = np.random.default_rng(0).normal(size=40_000)
    scores = Scores.fit(NUMBER, codes)
    assert len(scores.values) == KNOTS + 1
    drawn = scores.decode(np.random.default_rng(1).normal(size=40_000))
    assert not np.isin(drawn, codes).any()
    assert stats.ks_2samp(drawn, codes).pvalue > 0.01


def test_an_atom_among_distinct_values_keeps_its_share():
    rng = np.random.default_rng(0)
    codes = np.where(rng.random(20_000) < 0.3, 0.0, rng.normal(10, 1, 20_000))
    scores = Scores.fit(NUMBER, codes)
    drawn = scores.decode(rng.normal(size=20_000))
    assert (drawn == 0).mean() == pytest.approx(0.3, abs=0.02)


def test_rows_are_found_again_from_what_a_network_sees():
    coding = Coding.fit(CODES, SCHEMA)
    rows = coding.encode(CODES, seed=3)
    assert rows.shape == (900, coding.width)
    again = coding.decode(coding.mixed(rows), LABEL)
    for name, was, now in zip(SCHEMA.names, CODES.T, again.T, strict=True):
        distinct = name in ("gross.income", "since", "score")  # most values are
        np.testing.assert_allclose(now, was, atol=1e-5 * np.nanmax(was) if distinct else 0)


def test_the_target_is_no_part_of_what_a_network_sees():
    coding = Coding.fit(CODES, SCHEMA)
    flipped = CODES.copy()
    flipped[:, SCHEMA.names.index("loan")] = 1 - LABEL
    np.testing.assert_array_equal(coding.encode(CODES), coding.encode(flipped))


def test_dithers_are_addressed_and_differ_from_time_to_time():
    coding = Coding.fit(CODES, SCHEMA)
    rows, times = coding.dithered(CODES, seed=5)
    np.testing.assert_array_equal(rows, coding.dithered(CODES, seed=5)[0])
    assert times == 16
    one, two = rows[:900, 0], rows[900:1800, 0]
    assert (one != two).mean() > 0.99
    np.testing.assert_array_equal(
        *(coding.decode(coding.mixed(r), LABEL)[:, 0] for r in (rows[:900], rows[900:1800]))
    )


def table(**columns):
    kinds = {name: "categorical" for name in columns}
    names = [
        Column(name, kinds[name], "object", bool(np.isnan(own).any()), tuple("abcdefgh"))
        for name, own in columns.items()
    ]
    return np.stack([np.array(own, float) for own in columns.values()], 1), Schema(tuple(names))


def test_a_column_that_another_determines_is_left_out_and_derived():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 6, 400)
    code, schema = table(half=a // 2, a=a, free=rng.integers(0, 3, 400))
    coding = Coding.fit(code, schema)
    assert [(each.column, each.by) for each in coding.gone] == [(0, 1)]
    assert coding.heads == (8, 8)
    np.testing.assert_array_equal(coding.decode(coding.mixed(coding.encode(code)), None), code)


def test_of_two_columns_that_determine_each_other_the_first_stays():
    a = np.random.default_rng(0).integers(0, 6, 400)
    code, schema = table(a=a, same=5 - a)
    assert [(each.column, each.by) for each in determined.find(code, schema)] == [(1, 0)]


def test_a_chain_is_derived_from_its_end_and_missing_values_with_it():
    a = np.random.default_rng(0).integers(0, 8, 400)
    half = np.where(a < 2, np.nan, a // 2)
    code, schema = table(low=np.where(a < 4, np.nan, 1.0), half=half, a=a)
    gone = determined.find(code, schema)
    assert {each.column for each in gone} == {0, 1}
    blank = code.copy()
    blank[:, :2] = -1
    np.testing.assert_array_equal(determined.derived(blank, gone), code)


def test_a_law_with_one_exception_or_one_of_few_rows_is_none():
    a = np.random.default_rng(0).integers(0, 6, 400)
    half = a // 2
    half[0] = 3 - half[0]
    assert determined.find(*table(half=half, a=a)) == ()
    few = np.arange(8).repeat(2)
    assert determined.find(*table(half=few // 2, a=few)) == ()


def test_columns_that_the_target_determines_are_learned_where_there_are_no_others():
    a = np.random.default_rng(0).integers(0, 6, 400)
    code, plain = table(a=a, same=5 - a)
    coding = Coding.fit(code, Schema(plain.columns, "a"))
    assert (coding.gone, coding.heads) == ((), (8,))
    np.testing.assert_array_equal(coding.decode(coding.mixed(coding.encode(code)), a), code)


def lengths(rows=4_000):
    """A length and the weight that it determines, in tenths."""
    rng = np.random.default_rng(0)
    length = rng.normal(5, 1, rows)
    codes = np.stack([length.round(1), (0.04 * length**3).round(1).clip(0, 12)], axis=1)
    columns = [
        Column(name, "continuous", "float64", low=0.0, high=15.0, decimals=1)
        for name in ("length", "weight")
    ]
    return codes, Schema(tuple(columns))


def test_a_repeated_value_lies_within_its_step_where_the_rest_of_the_row_says():
    codes, schema = lengths()
    coding = Coding.fit(codes, schema)
    even = replace(coding, within=(None, None))
    bound, loose = (np.corrcoef(c.mixed(c.encode(codes)).T)[0, 1] for c in (coding, even))
    assert bound > 1 - 0.3 * (1 - loose)
    rows = coding.mixed(coding.encode(codes))
    assert stats.kstest(rows[:, 0], "norm").statistic < 0.03
    np.testing.assert_array_equal(coding.decode(rows, None), codes)


def test_scores_are_uncorrelated_for_the_network_and_mixed_after_it():
    codes, schema = lengths()
    coding = Coding.fit(codes, schema)
    rows = coding.encode(codes)
    assert abs(np.corrcoef(rows.T)[0, 1]) < 0.2
    assert np.corrcoef(coding.mixed(rows).T)[0, 1] > 0.99


def test_laws_of_another_number_of_scores_are_refused():
    codes, schema = lengths(100)
    held = Coding.fit(codes, schema).to_arrays()
    again = Coding.from_arrays(schema, held)
    np.testing.assert_array_equal(again.encode(codes), Coding.fit(codes, schema).encode(codes))
    with pytest.raises(ValueError, match="mixing"):
        Coding.from_arrays(schema, held | {"mixing": np.eye(3)})
    with pytest.raises(ValueError, match="places of"):
        Coding.from_arrays(schema, held | {"within_middle_0": np.zeros(2)})


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_laws_of_a_few_rows_and_of_a_column_that_is_missing_in_all_of_them_are_finite(rows):
    codes, schema = lengths(rows)
    missing = replace(schema.columns[1], name="gone", missing=True)
    schema = Schema((*schema.columns, missing))
    codes = np.concatenate([codes, np.full((rows, 1), np.nan)], axis=1)
    coding = Coding.fit(codes, schema)
    again = coding.decode(coding.mixed(coding.encode(codes)), None)
    np.testing.assert_array_equal(again, codes)
