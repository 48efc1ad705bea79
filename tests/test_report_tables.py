"""What the page of a table shows: columns that moved, and columns real against generated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from genenv import codecs, data
from genenv.counting import nearest
from genenv.data.loans import drawn
from genenv.report import apart, leaves, moved, spreads

ROWS = 200
FRAME = pd.DataFrame(
    {
        "wage<b>": np.tile([1000.0, 3000.0, np.nan, 2000.0], ROWS // 4),
        "job": np.tile(["clerk", "nurse"], ROWS // 2),
        "rank": pd.Categorical(np.tile(list("abca"), ROWS // 4), ordered=True),
        "y": np.tile(["no", "yes"], ROWS // 2),
    }
)
TABLE = data.from_frame(FRAME, data.TableOptions("y"))


def stored(frame):
    return TABLE.units.rows(frame)


def changed(**columns):
    return stored(FRAME[:4].assign(**columns))


def test_a_cell_moved_where_it_is_another_category_or_clearly_another_number():
    near = stored(FRAME[:4])
    wage = {"wage<b>": [1001.0, 2000.0, 2000.0, 2000.0]}
    x = changed(**wage, job=["clerk", "clerk", "clerk", "nurse"])
    cells = moved.cells(TABLE.units, x, near)
    expected = [[False, False], [True, True], [True, False], [False, False]]
    assert cells[:, :2].tolist() == expected
    assert not cells[:, 2].any()


def test_numbers_of_vectors_moved_where_they_are_not_equal():
    units = codecs.Vectors((2,), "float64", (0.0, 0.0), (1.0, 1.0))
    marks = moved.cells(units, np.array([[1.0, 2.0]]), np.array([[1.0, 2.001]]))
    assert marks.tolist() == [[False, True]]


def test_columns_are_told_by_how_often_they_are_the_farthest_beside_real_rows_and_which_way():
    near = pd.concat([FRAME[:4]] * 6, ignore_index=True)
    usual = replace(moved.Usual.of(TABLE.units, stored(near)), step=np.full(3, 0.1))
    pushed = near.assign(**{"wage<b>": near["wage<b>"].replace({1000.0: 1500.0, 2000.0: 2500.0})})
    rows = moved.columns(TABLE.units, stored(pushed), stored(near), usual)
    assert [(row["column"], row["share"], row["real"]) for row in rows] == [("wage<b>", 0.5, 0.0)]
    assert rows[0]["up"] == 1.0
    assert moved.words(rows) == "wage<b> (50%, mostly up; real rows 0%)"
    assert moved.words(moved.columns(TABLE.units, stored(near), stored(near), usual)) == ""


def test_what_is_usual_is_told_by_real_rows_and_their_nearest_others():
    x = np.array([[0.0], [0.0], [1.0], [10.0]])
    table = data.from_frame(
        pd.DataFrame({"a": x[:, 0], "b": 0.5, "y": list("nnyy")}), data.TableOptions("y")
    )
    usual = moved.Usual.of(table.units, table.x)
    marked = usual.around(table.x)
    assert marked.tolist() == [[False, False]] * 2 + [[True, False]] * 2  # the first two are alike
    assert usual.step[0] > 1


@pytest.fixture(scope="module")
def loans():
    """A frame, its units, and what `columns` tells of rows beside all but the first 300."""
    frame = drawn(1_500)
    table = data.from_frame(frame, data.TableOptions("repaid"))
    real = table.x[300:]
    usual = moved.Usual.of(table.units, real)

    def told(rows):
        points, others = (
            table.units.encode(table.units.tensor(x)).flatten(1) for x in (rows, real)
        )
        return moved.columns(table.units, rows, real[nearest(points, others)], usual)

    return frame, table, told


@pytest.mark.parametrize("planted", ["income", "savings"])
def test_the_column_that_was_moved_alone_is_told_first_and_no_other_number(planted, loans):
    frame, table, told = loans
    pushed = (frame[planted] + 2 * frame[planted].std()).clip(upper=frame[planted].max())
    rows = told(table.units.rows(frame.assign(**{planted: pushed})[:300]))
    assert rows[0]["column"] == planted
    assert rows[0]["up"] > 0.7
    assert not {"age", "since", "savings", "income", "debt"} & {row["column"] for row in rows[1:]}


def test_of_real_rows_and_of_a_few_failures_no_column_is_told(loans):
    frame, table, told = loans
    assert not told(table.x[:300])
    far = frame.assign(income=frame["income"].max())[:2]
    assert not told(table.units.rows(far))


def test_real_rows_of_a_tail_are_seldom_blamed_for_it(loans):
    frame, table, told = loans
    tails = [
        np.argsort(sign * frame[column].to_numpy()[:300])[-60:]
        for column in ("income", "debt", "savings", "age")
        for sign in (1, -1)
    ]
    assert sum(bool(told(table.x[rows])) for rows in tails) <= 2


def test_rows_of_equal_law_are_together_and_moved_ones_apart_by_total_variation():
    alike = spreads.spreads(TABLE.units, TABLE.x, TABLE.x)
    assert [(each.column, each.apart) for each in alike] == [
        ("wage<b>", 0),
        ("job", 0),
        ("rank", 0),
    ]
    other = stored(FRAME.assign(**{"wage<b>": FRAME["wage<b>"].fillna(9e9)}, job="nurse"))
    wage, job, rank = spreads.spreads(TABLE.units, TABLE.x, other)
    assert (wage.apart, job.apart, rank.apart) == pytest.approx((0.25, 0.5, 0))
    assert (wage.real[-1], wage.made[-1]) == (0.25, 0)
    assert job.names == ("clerk", "nurse")
    assert spreads.spreads(codecs.Vectors((1,), "float64", (0.0,), (1.0,)), TABLE.x, other) == ()


def test_the_figures_are_the_columns_furthest_apart_with_names_that_are_no_markup(monkeypatch):
    other = stored(FRAME.assign(**{"wage<b>": 1000.0}, job="nurse"))
    found = spreads.spreads(TABLE.units, TABLE.x, other)
    monkeypatch.setattr(spreads, "SHOWN", 2)
    drawn = spreads.figures(found)
    assert [">job" in each for each in drawn] == [False, True]
    assert "wage&lt;b&gt;" in drawn[0]
    assert "<b>" not in "".join(drawn)
    assert "missing" in drawn[0]


class Sure:
    """A judge that accepts the rows with much schooling, of one class alone."""

    def accepts(self, x, label):
        return (x[:, 1] > 12) & (label == 1)


def test_a_rule_tells_what_the_model_fails_on_and_not_what_the_judge_is_sure_of():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 80, 900), "school": rng.integers(0, 17, 900)})
    table = data.from_frame(frame.assign(y=rng.integers(0, 2, 900)), data.TableOptions("y"))
    made = rng.permuted(np.tile([[46.0, 13.0], [47, 14], [48, 15], [49, 16]], (8, 1)), axis=0)
    failing = made, np.ones(32, np.int64), np.zeros(32, np.int64)
    sure = leaves.told_from(Sure(), table.x, table.label)
    assert sure[table.label == 0].all()
    assert (table.x[sure & (table.label == 1), 1] > 12).all()
    told = [
        apart.rules(table.units, failing, (table.x[rows], table.label[rows]), [0])[0]["rule"]
        for rows in (sure, np.ones(900, np.bool_))
    ]
    assert ["school" in rule for rule in told] == [False, True]
    assert told[0].count("age") == 2


def test_a_step_between_two_parts_of_one_region_makes_no_mode_and_no_rule():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 80, 600), "gain": rng.integers(0, 100, 600)})
    table = data.from_frame(frame.assign(y=np.arange(600) % 2), data.TableOptions("y"))
    half = rng.integers(0, 50, 40).astype(float)
    gain = np.where(np.arange(40) < 30, 50 + half, half)  # a search may prefer a part of a region
    failing = np.stack([rng.integers(40, 50, 40).astype(float), gain], 1)
    label, group = np.ones(40, np.int64), np.zeros(40, np.int64)
    found = leaves.modes(table.units, (failing, label, group), (table.x, table.label))
    assert (found == 0).all()
    (rule,) = apart.rules(table.units, (failing, label, found), (table.x, table.label), [0])
    assert rule["mode"] == 1
    assert "gain" not in rule["rule"]
