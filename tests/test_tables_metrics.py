from __future__ import annotations

import json

import numpy as np
import pytest
from people import people

from genenv import tables
from genenv.tables import likeness, measuring
from genenv.tables.closeness import closest, copies
from genenv.tables.conditional import apart, variation
from genenv.tables.measuring import c2st, measured, shuffled
from genenv.tables.usefulness import usefulness

FRAME = people(900)
SCHEMA = tables.infer(FRAME, "loan")
CODES = SCHEMA.encode(FRAME)
LEARNED, HELD_OUT = CODES[:600], CODES[600:]


@pytest.fixture(scope="module")
def found():
    again = SCHEMA.encode(people(600, seed=3))
    return measured({"again": again, "copied": LEARNED}, SCHEMA, LEARNED, HELD_OUT, 0)


@pytest.mark.slow
def test_real_rows_are_liked_by_every_metric_and_independent_columns_by_the_marginals_alone(found):
    for name in ("c2st", "auc", "f1"):
        figures = found[name]
        assert figures["again"] > figures["independent columns"] + 0.2, name
        assert figures["again"] == pytest.approx(figures["learned rows"], abs=0.1), name
    assert found["association"]["independent columns"] > 2 * found["association"]["again"]
    assert found["marginals"]["independent columns"] == pytest.approx(
        found["marginals"]["learned rows"], abs=0.02
    )


@pytest.mark.slow
def test_copied_rows_are_copies_and_closest_of_all(found):
    assert found["copies"]["copied"] == 1
    assert found["closest"]["copied"] == 0
    assert found["copies"]["held-out rows"] == 0
    assert found["closest"]["again"] == pytest.approx(found["closest"]["held-out rows"], rel=0.2)


def test_figures_are_json_and_a_line_a_maker(found):
    lines = measuring.table(json.loads(json.dumps({"learned_rows": 600, **found})))
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "again", "copied", "independent columns", "learned rows", "held-out rows",
    ]  # fmt: skip
    assert "c2st" in lines[0]
    assert "learned_rows" not in lines[0]


@pytest.mark.slow
def test_a_table_without_a_target_has_no_efficacy():
    schema = tables.infer(FRAME)
    assert "f1" not in measured({"again": CODES}, schema, LEARNED, HELD_OUT, 0)


def test_nothing_is_learned_from_rows_of_one_class_and_nothing_told_on_them():
    at = SCHEMA.names.index("loan")
    one = LEARNED[LEARNED[:, at] == 0]
    assert usefulness(one, HELD_OUT, SCHEMA, 0) == (0.5, 0.0)
    assert usefulness(LEARNED, one, SCHEMA, 0) is None


def test_the_distance_of_marginals_has_known_answers():
    age, job = SCHEMA.column("age"), SCHEMA.column("job")
    numbers = np.array([1.0, 2.0, 3.0, np.nan])
    assert likeness.marginal(age, numbers, numbers) == 0
    assert likeness.marginal(age, numbers, numbers + 10) == 0.75  # both miss one in four
    assert likeness.marginal(job, np.array([0.0, 0, 1, np.nan]), np.array([0.0, 1, 1, 1])) == 0.5


def test_cramers_v_is_one_of_bound_columns_and_about_zero_of_independent_ones():
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 4, (2, 4_000))
    assert likeness.cramer(one, (one + 1) % 4) == pytest.approx(1)
    assert likeness.cramer(one, two) < 0.03
    assert likeness.cramer(one, np.zeros(4_000, int)) == 0


def test_the_closest_row_is_gowers():
    schema = tables.infer(FRAME[["age", "job"]])
    age = schema.column("age")
    span = age.high - age.low
    learned = np.array([[20.0, 0.0], [50.0, 1.0]])
    assert closest(learned, learned, schema, 0) == 0
    assert closest(np.array([[20.0 + span / 10, 0.0]]), learned, schema, 0) == pytest.approx(0.05)
    assert closest(np.array([[20.0, 1.0]]), learned, schema, 0) <= 0.5
    assert closest(np.array([[20.0, np.nan]]), learned, schema, 0) == pytest.approx(0.5)


@pytest.mark.slow
def test_c2st_tells_shifted_rows_and_not_equal_laws():
    assert c2st(CODES[:450], CODES[450:], 0) > 0.8
    shifted = CODES[450:].copy()
    shifted[:, 0] += 1_000
    assert c2st(CODES[:450], shifted, 0) < 0.05


def test_copies_are_rows_that_equal_a_learned_one():
    assert copies(CODES[:100], CODES) == 1
    moved = CODES[:100].copy()
    moved[::2, 0] += 0.5
    assert copies(moved, CODES) == 0.5


def test_independent_columns_keep_the_values_and_no_row():
    alone = shuffled(CODES, 0)
    assert np.array_equal(np.sort(alone, axis=0), np.sort(CODES, axis=0), equal_nan=True)
    assert copies(alone, CODES) < 0.02


def test_rows_under_a_condition_are_as_far_as_real_ones_or_further_where_their_law_is_another():
    at = SCHEMA.names.index("job")
    learned, held = (rows[rows[:, at] == 1] for rows in (LEARNED, HELD_OUT))
    same = SCHEMA.encode(people(600, seed=3))
    drawn = same[same[:, at] == 1]
    right = apart(drawn, learned, held, SCHEMA, {"job"}, 0)
    wrong = apart(same, learned, held, SCHEMA, {"job"}, 0)
    assert right.low < right.made / right.real < right.high
    assert wrong.made > 2 * right.made
    assert wrong.low > 1


def test_variation_is_half_the_difference_of_shares():
    one, two = np.array([[0, 0], [0, 1]]), np.array([[1, 0], [1, 0]])
    assert variation(one, two) == pytest.approx((1.0 + 0.5) / 2)
