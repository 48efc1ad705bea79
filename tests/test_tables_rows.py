"""Rows of a table as samples: the codec, the data set, and the mixture as a generator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from people import people

from genenv import api, codecs, data, factors, networks
from genenv.checks import Mistake
from genenv.codecs import Rows
from genenv.data.loans import drawn
from genenv.generators import MixtureRows, adopt
from genenv.generators.rows import learn
from genenv.report import apart, leaves
from genenv.tables import infer
from genenv.tables.conditions import holds, parse

FRAME = people(600)


@pytest.fixture(scope="module")
def table():
    return data.from_frame(FRAME, data.TableOptions("loan"))


@pytest.fixture(scope="module")
def generator(table):
    return learn(table.units, table.x, table.label, 0)


def test_a_table_is_a_data_set_without_its_target_and_the_frame_comes_back(table):
    assert table.classes == ("no", "yes")
    assert np.isfinite(table.x).all()
    assert "loan" not in table.units.names()
    pd.testing.assert_frame_equal(data.frame_of(table), FRAME)
    seen = table.units.raw_view(table.x)
    pd.testing.assert_frame_equal(seen, FRAME.drop(columns="loan"))


def test_the_map_of_real_rows_loses_no_digit(table):
    units = table.units
    x = table.units.tensor(table.x)
    assert torch.equal(units.decode(units.exact(x)), x)
    assert units.encode(x).shape == (600, *units.layout)


numbers = st.floats(-1e9, 1e9, allow_nan=False, width=64)
columns = st.fixed_dictionaries({
    "wild": st.lists(st.none() | numbers, min_size=8, max_size=8),
    "cents": st.lists(st.none() | st.integers(-(10**8), 10**8), min_size=8, max_size=8),
    "word": st.lists(st.none() | st.sampled_from(["a", "b", "c"]), min_size=8, max_size=8),
    "truth": st.lists(st.booleans(), min_size=8, max_size=8),
})  # fmt: skip


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(columns)
@example(
    {
        "wild": [None] * 6 + [0.0, 2.2e-313],
        "cents": [1, 2, 3, 4, 5, 6, 7, 8],
        "word": list("abcabcab"),
        "truth": [True, False] * 4,
    }
)
def test_any_frame_survives_the_way_to_networks_and_back(drawn_columns):
    cents = [None if c is None else c / 100 for c in drawn_columns["cents"]]
    frame = pd.DataFrame({**drawn_columns, "cents": cents, "kind": list("xyxyxyxy")})
    frame["wild"], frame["cents"] = frame["wild"].astype(float), frame["cents"].astype(float)
    if frame.isna().all().any():
        return
    schema = infer(frame, "kind")
    made = data.from_frame(frame, data.TableOptions(schema=schema))
    u = made.units.exact(made.units.tensor(made.x))
    back = made.units.raw_view(made.units.store(made.units.decode(u)))
    pd.testing.assert_frame_equal(back, frame.drop(columns="kind"))


def test_a_missing_number_is_told_apart_from_its_columns_middle():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, None], "y": [0, 1, 0, 1]})
    made = data.from_frame(frame, data.TableOptions("y"))
    assert made.x.tolist() == [[1, 0], [2, 0], [3, 0], [2, 1]]
    assert made.units.words(made.x)[3] == ["missing"]


def test_rows_without_a_target_are_left_out_and_told():
    frame = FRAME.copy()
    frame.loc[:4, "loan"] = None
    made = data.from_frame(frame, data.TableOptions("loan"))
    assert (len(made), made.notes[0]) == (595, "5 rows without 'loan' were left out")


@pytest.mark.parametrize(
    ("frame", "options", "told"),
    [
        (FRAME, data.TableOptions(), "--target COLUMN"),
        (FRAME, data.TableOptions("wealth"), "a column to be one of"),
        (FRAME.assign(loan=None), data.TableOptions("loan"), "labels in column 'loan', got none"),
        (FRAME.assign(loan="no"), data.TableOptions("loan"), "two classes or more"),
        (FRAME[["loan"]], data.TableOptions("loan"), "a column beside the target"),
        (FRAME.iloc[:1], data.TableOptions("loan"), "two rows or more"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(frame, options, told):
    with pytest.raises(Mistake, match=told):
        data.from_frame(frame, options)


def test_more_rows_of_a_table_have_its_units_and_a_new_category_is_named(table, tmp_path):
    FRAME[:50].to_csv(tmp_path / "more.csv", index=False)
    more = data.more_rows(tmp_path / "more.csv", table)
    assert more.units is table.units
    assert np.array_equal(more.x, table.x[:50])
    FRAME[:50].assign(job="astronaut").to_csv(tmp_path / "odd.csv", index=False)
    with pytest.raises(Mistake, match=r"category of column 'job'.*astronaut"):
        data.more_rows(tmp_path / "odd.csv", table)


def test_the_mixture_makes_rows_of_the_class_that_is_asked(table, generator):
    e = generator.noise.base(400, 0)
    no, yes = (generator.from_base(e, torch.full((400,), c)) for c in (0, 1))
    assert no.shape == (400, *table.units.layout)
    offices = [
        (table.units.raw_view(table.units.store(table.units.decode(u)))["job"] == "office").mean()
        for u in (no, yes)
    ]
    real = FRAME.groupby("loan")["job"].agg(lambda job: (job == "office").mean())
    assert offices == pytest.approx([real["no"], real["yes"]], abs=0.12)


def test_a_row_is_a_function_of_its_address_and_any_batch_agrees(generator):
    whole, label = generator.sample(40, seed=2)
    part, own = generator.sample(15, seed=2, start=20)
    assert np.array_equal(part, whole[20:35])
    assert np.array_equal(own, label[20:35])
    with pytest.raises(Mistake, match="labels of a conditional generator"):
        generator.from_base(generator.noise.base(1, 0))


def test_it_is_stored_and_read_back_with_its_units(generator, tmp_path):
    generator.save(tmp_path)
    again = networks.stored(tmp_path)
    assert isinstance(again, MixtureRows)
    assert again.digest() == generator.digest()
    assert np.array_equal(again.sample(9)[0], generator.sample(9)[0])
    assert networks.described(tmp_path) == (generator.units, ("no", "yes"))


def test_what_has_learned_nothing_draws_every_cell_alike(generator):
    x = generator.untrained(0).sample(2_000)[0]
    married = generator.units.raw_view(x)["job"].value_counts(normalize=True, dropna=False)
    assert married.max() - married.min() < 0.06


def test_a_mixture_without_units_of_its_own_is_adopted(generator):
    made = adopt(generator.mixture)
    assert made.units.schema == generator.units.schema
    assert np.array_equal(made.sample(20)[0], generator.sample(20)[0])


def test_codecs_of_tables_are_read_back_whole(table):
    plain = table.units.to_json()
    assert codecs.from_json(plain) == table.units
    with pytest.raises(Mistake, match="centres and scales"):
        codecs.from_json(plain | {"centres": [0.0]})
    assert isinstance(table.units, Rows)


def test_the_loans_follow_the_relations_that_they_are_made_by():
    frame = drawn(4_000)
    assert (frame["debt"] <= 0.8 * frame["income"] + 5).all()
    assert (frame["debt"] == 0).mean() == pytest.approx(0.4, abs=0.05)
    owing = frame["debt"] > 0.3 * frame["income"]
    assert frame["savings"][owing].isna().mean() > 3 * frame["savings"][~owing].isna().mean()
    assert frame.equals(drawn(4_000))
    assert not frame.equals(drawn(4_000, seed=1))
    made = data.load("loans")
    assert (len(made), made.classes) == (3_000, ("no", "yes"))


def test_the_generator_of_a_tables_run_is_loaded(generator, tmp_path):
    generator.save(tmp_path / "generator")
    assert api.load(tmp_path).digest() == generator.digest()


def test_a_step_of_a_rule_is_said_in_the_users_values(table):
    units = table.units
    names = factors.names(table.units)
    shown = factors.factors(units.tensor(table.x), units)
    assert shown.shape == (600, len(names)) == (600, units.width)
    job = names.index("job is office")
    missing = names.index("score is missing")
    assert (shown[:, job].numpy() == (FRAME["job"] == "office")).all()
    assert (shown[:, missing].numpy() == FRAME["score"].isna()).all()
    said = {name: factors.step(units, names.index(name), True, 0.5) for name in names}
    assert said["job is office"] == "job = office"
    assert factors.step(units, job, False, 0.5) == "job != office"
    assert factors.step(units, missing, False, 0.5) == "score is not missing"
    assert factors.step(units, names.index("age"), False, 44.5) == "age <= 44.5"


def test_every_step_is_a_condition_that_holds_of_the_same_rows(table):
    units = table.units
    shown = factors.factors(units.tensor(table.x), units).numpy()
    codes = units.features.encode(FRAME)
    for trait, column in enumerate(shown.T):
        at = 0.5 if set(column) <= {0, 1} else float(np.median(column)) + 0.5
        for above in (False, True):
            said = factors.step(units, trait, above, at)
            mask = holds(parse(said, units.features), units.features, codes)
            known = mask | ~np.isnan(codes).any(1)
            assert (mask == (column > at if above else column <= at))[known].mean() > 0.99, said


def test_a_mode_is_told_by_a_rule_in_words_with_the_models_accuracy_there(table):
    x = table.x
    label = table.label
    frame = table.units.raw_view(x)
    inside = ((frame["age"] > 50) & (label == 1)).to_numpy()
    failing = x[inside], label[inside], np.zeros(inside.sum(), np.int64)
    right = ~inside
    (rule,) = apart.rules(table.units, failing, (x, label), [0], (x, label, right))
    assert rule["rule"].startswith("age > 50")
    assert rule["mode"] > 0.7
    assert rule["slice"]["share"] == 0.0
    assert "right on 0% of" in apart.words(rule)
    (other,) = apart.rules(table.units, failing, (x, label), [0], (x, label, right | inside))
    assert other["slice"]["share"] == 1.0


def test_modes_of_a_table_are_regions_of_its_columns(table):
    x = table.x
    label = table.label
    frame = table.units.raw_view(table.x)
    yes = label == 1
    old = ((frame["age"] > 60) & yes).to_numpy()
    young = ((frame["age"] < 25) & yes).to_numpy()
    rows = np.flatnonzero(old | young)
    failing = x[rows], label[rows], np.zeros(len(rows), np.int64)
    found = leaves.modes(table.units, failing, (x, label))
    both = [set(found[old[rows]]), set(found[young[rows]])]
    assert not both[0] & both[1]
    assert leaves.modes(table.units, tuple(a[:0] for a in failing), (x, label)).shape == (0,)
    few = leaves.modes(table.units, tuple(a[:4] for a in failing), (x, label))
    assert few.tolist() == [0, 0, 0, 0]
