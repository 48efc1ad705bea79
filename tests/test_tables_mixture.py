from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from people import people

from genenv import seeding, tables
from genenv.checks import Mistake
from genenv.tables import components, em
from genenv.tables.cells import Cells
from genenv.tables.conditions import holds, parse

FRAME = people(1_500)


@pytest.fixture(scope="module")
def mixture():
    return tables.fit(FRAME, "loan")


@pytest.mark.slow
def test_samples_are_frames_like_the_data(mixture):
    rows = mixture.sample(1_000)
    assert list(rows.columns) == list(FRAME.columns)
    assert rows.dtypes.equals(FRAME.dtypes)
    assert rows["score"].isna().mean() == pytest.approx(1 / 7, abs=0.04)
    assert (rows["capital gain"] == 0).mean() == pytest.approx(0.9, abs=0.04)
    for name in ("age", "gross.income", "since"):
        assert rows[name].between(FRAME[name].min(), FRAME[name].max()).all()
    assert np.array_equal(rows["gross.income"].round(2), rows["gross.income"])


def test_relations_of_the_data_are_kept_and_one_component_keeps_none(mixture):
    def association(rows):
        return np.corrcoef(rows["job"] == "office", rows["loan"] == "yes")[0, 1]

    codes = mixture.schema.encode(FRAME)
    alone = em.em(mixture.rows(codes), mixture.parameters.width, 1, 0)
    independent = replace(mixture, parameters=alone)
    assert association(mixture.sample(4_000)) == pytest.approx(association(FRAME), abs=0.1)
    assert abs(association(independent.sample(4_000))) < 0.05
    assert len(mixture.parameters.weights) > 1


def test_rows_are_a_function_of_their_address(mixture):
    whole = mixture.sample(50, seed=3)
    pd.testing.assert_frame_equal(
        mixture.sample(20, seed=3, start=30), whole[30:].reset_index(drop=True)
    )
    assert not mixture.sample(50, seed=4).equals(whole)
    parts = list(mixture.stream(50, 3))
    pd.testing.assert_frame_equal(pd.concat(parts), whole)


@pytest.mark.parametrize(
    "where",
    [
        "age in 60..70 and hours-per-week <= 25",
        "job = office and score is not missing",
        "capital gain > 0",
        "score > 1.5 and gross.income < 3000",
        "since in 2020-02-01..2020-03-01 and job not in {craft}",
        "score is missing",
        "size <= m and member = True",
        "gross.income in 1000.25..1500.5",
    ],
)
def test_conditions_are_met_by_every_row_and_have_the_mass_that_is_told(mixture, where):
    schema = mixture.schema
    condition = parse(where, schema)
    assert holds(condition, schema, schema.encode(mixture.sample(1_000, where=where))).all()
    free = holds(condition, schema, schema.encode(mixture.sample(8_000, seed=1)))
    mass = mixture.mass(where)
    assert abs(free.mean() - mass) < 4 * np.sqrt(mass * (1 - mass) / 8_000)


def test_a_condition_changes_the_law_of_the_other_columns_as_rejection_does(mixture):
    drawn = mixture.sample(4_000, where="loan = yes")
    free = mixture.sample(8_000, seed=5)
    kept = free[free["loan"] == "yes"]
    assert drawn["gross.income"].mean() == pytest.approx(kept["gross.income"].mean(), rel=0.05)
    assert abs(drawn["gross.income"].mean() / free["gross.income"].mean() - 1) > 0.1


def test_a_label_is_made_on_request(mixture):
    keys = seeding.fold_rows(0, "noise", np.arange(200))
    e = seeding.normals(keys, mixture.base_dim)
    label = np.arange(200) % 2
    rows = mixture.schema.decode(mixture.from_base(e, label))
    assert list(rows["loan"]) == [mixture.classes[i] for i in label]


def test_what_no_row_fulfils_is_refused(mixture):
    for where in ("age > 200", "age is missing", "job = office and job = craft"):
        with pytest.raises(Mistake, match="a condition that rows fulfil"):
            mixture.sample(3, where=where)


def test_a_saved_mixture_gives_the_same_rows(mixture, tmp_path):
    mixture.save(tmp_path)
    again = tables.Mixture.load(tmp_path)
    pd.testing.assert_frame_equal(again.sample(30), mixture.sample(30))
    (tmp_path / "mixture.npz").write_bytes(b"no")
    with pytest.raises(Mistake, match=r"mixture\.npz"):
        tables.Mixture.load(tmp_path)


def test_rounds_of_em_never_make_it_less_likely(mixture):
    rows = mixture.rows(mixture.schema.encode(FRAME))
    one = em.em(rows, mixture.parameters.width, 1, 0)
    many = em.em(rows, mixture.parameters.width, 20, 0)
    assert many.log_likelihood(rows).mean() > one.log_likelihood(rows).mean()


def test_two_rows_are_enough():
    assert len(tables.fit(FRAME[:2]).sample(5)) == 5


@pytest.fixture(scope="module")
def ranked():
    """A mixture of a table in which every job has its number."""
    rank = FRAME["job"].map({"office": 2.0, "craft": 1.0})
    return tables.fit(FRAME[["age", "job", "loan"]].assign(rank=rank), "loan")


def test_a_column_that_another_one_determines_follows_it_in_every_row(ranked, tmp_path):
    assert ranked.base_dim == 1 + 3
    ranked.save(tmp_path)
    rows = tables.Mixture.load(tmp_path).sample(500)
    told = rows["job"].map({"office": 2.0, "craft": 1.0})
    pd.testing.assert_series_equal(rows["rank"], told, check_names=False)
    assert rows["rank"].isna().any()


@pytest.mark.parametrize(
    ("where", "same"),
    [
        ("rank >= 2 and age > 40", "job = office and age > 40"),
        ("rank is missing", "job is missing"),
        ("rank is not missing and job in {office}", "job = office"),
    ],
)
def test_a_condition_on_what_follows_is_one_on_what_it_follows_from(ranked, where, same):
    assert ranked.mass(where) == pytest.approx(ranked.mass(same))
    condition = parse(where, ranked.schema)
    codes = ranked.schema.encode(ranked.sample(300, where=where))
    assert holds(condition, ranked.schema, codes).all()
    with pytest.raises(Mistake, match="a condition that rows fulfil"):
        ranked.sample(3, where="rank = 1 and job = office")


def test_few_values_have_cells_of_their_own_where_many_rows_share_each():
    column = tables.infer(pd.DataFrame({"n": np.arange(50) / 2})).columns[0]
    shared = Cells.fit(column, np.repeat(np.arange(50) / 2, 20))
    assert len(shared.atoms) == 50
    assert not len(Cells.fit(column, np.arange(50) / 2).atoms)


def test_components_that_copy_rows_are_not_taken_however_likely_they_are():
    tried = np.array([[1, -9.0, -0.05], [20, -6.0, 0.0], [60, -5.0, 0.001], [140, -4.0, 0.02]])
    assert components.best(tried) == 60
    assert components.best(tried[:2]) == 20
    tried[2, 1] = -8.0  # less likely than fewer of them
    assert components.best(tried) == 20
