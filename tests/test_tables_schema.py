from __future__ import annotations

import builtins

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import people

from genenv.checks import Mistake
from genenv.tables import Schema, frames, infer


def test_kinds_are_told_from_the_values():
    schema = infer(people(), "loan")
    assert [c.kind for c in schema.columns] == [
        "integer", "categorical", "integer", "continuous", "integer", "date", "continuous",
        "ordered", "boolean", "constant", "categorical",
    ]  # fmt: skip
    assert schema.column("gross.income").decimals == 2
    assert schema.column("score").decimals is None
    assert [c.name for c in schema.columns if c.missing] == ["job", "score"]
    assert schema.label.values == ("no", "yes")


def test_decoding_encoded_rows_gives_the_rows_back():
    frame = people()
    schema = infer(frame, "loan")
    pd.testing.assert_frame_equal(schema.decode(schema.encode(frame)), frame)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.none() | st.integers(-(10**9), 10**9), min_size=2, max_size=15),
    st.integers(0, 4),
)
def test_decimals_survive_exactly(cents, decimals):
    column = pd.Series([None if c is None else c / 10**decimals for c in cents], dtype=float)
    if column.notna().any():
        frame = pd.DataFrame({"a": column})
        schema = infer(frame)
        pd.testing.assert_frame_equal(schema.decode(schema.encode(frame)), frame)


def test_a_schema_is_the_same_from_json_and_can_be_edited(tmp_path):
    schema = infer(people(), "loan")
    schema.save(tmp_path / "schema.json")
    assert Schema.load(tmp_path / "schema.json") == schema
    plain = schema.to_json()
    plain["columns"][0]["colour"] = "red"
    with pytest.raises(Mistake, match="colour"):
        Schema.from_json(plain)


def test_many_categories_share_a_rest_that_is_told():
    names = [f"v{i // 3}" for i in range(600)]
    schema = infer(pd.DataFrame({"a": names, "b": [0, 1] * 300}))
    assert len(schema.column("a").values) == 100
    assert "99 most frequent" in schema.notes[0]


def with_column(values):
    return pd.DataFrame({"a": values, "b": [1, 2] * (len(values) // 2)})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([np.inf, 1.5] * 20, "infinity at row 0"),
        ([None, None] * 20, "none but missing"),
        (list(range(40)), r"identifier.*--drop a"),
        ([f"x{i}" for i in range(40)], r"identifier.*--kinds a=categorical"),
        ([1, 2] * 19 + [3, "oops"], "'oops' at row 39"),
        (["1", "2"] * 19 + ["3", "oops"], "'oops' at row 39"),
        (["2020-01-01", "01.02.2020"] * 20, "dates in one format"),
        (["01/02/2020", "02/02/2020"] * 20, "day or month first"),
        ([[1], [2]] * 20, "numbers, texts, truth values or dates"),
        (pd.period_range("2020", periods=40, freq="M"), "numbers, texts, truth values or dates"),
        ([1j, 2j] * 20, "numbers, texts, truth values or dates"),
        (pd.to_timedelta([1, 2] * 20, "s"), "numbers, texts, truth values or dates"),
        (pd.to_datetime(["2020-01-01"] * 39 + ["2021-01-01"], utc=True), "without a time zone"),
        ([2**60, 1] * 20, "2\\^53"),
    ],
)
def test_a_column_at_fault_is_named_in_one_sentence(values, words):
    with pytest.raises(Mistake, match=words) as caught:
        infer(with_column(values))
    assert "'a'" in str(caught.value)
    assert infer(with_column(values), drop=["a"]).names == ("b",)


def test_an_identifier_can_be_kept_by_saying_what_it_is():
    assert infer(with_column(list(range(40))), kinds={"a": "integer"}).names == ("a", "b")


def test_a_table_needs_rows_columns_and_its_target():
    with pytest.raises(Mistake, match="two rows"):
        infer(people(1))
    with pytest.raises(Mistake, match=r"expected a column.*'debt'"):
        infer(people(), "debt")
    with pytest.raises(Mistake, match="target of classes"):
        infer(people(), "score")
    with pytest.raises(Mistake, match="names that are texts, got 0"):
        infer(pd.DataFrame(np.ones((3, 2))))
    twice = people()[["age", "age"]]
    with pytest.raises(Mistake, match="'age' twice"):
        infer(twice)


def test_a_category_unseen_when_it_was_inferred_is_named():
    schema = infer(people(), "loan")
    frame = people()
    frame.loc[3, "job"] = "astronaut"
    with pytest.raises(Mistake, match=r"'job'.*'astronaut' at row 3"):
        schema.encode(frame)


def test_an_infinity_that_comes_later_is_named():
    schema = infer(people(), "loan")
    frame = people()
    name = schema.columns[2].name
    frame[name] = frame[name].astype(float)
    frame.loc[4, name] = np.inf
    with pytest.raises(Mistake, match=rf"finite numbers in column '{name}'.*row 4"):
        schema.encode(frame)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_gives_the_frame_that_was_written(tmp_path, suffix):
    path = tmp_path / f"people{suffix}"
    frame = people()
    assert frames.write(path, [frame[:250], frame[250:]]) == len(frame)
    read, notes = frames.read(path)
    assert notes == []
    if suffix == ".parquet":
        pd.testing.assert_frame_equal(read, frame)
    schema = infer(read, "loan")
    assert schema.column("since").kind == "date"
    pd.testing.assert_frame_equal(schema.decode(schema.encode(read)), read)


@pytest.mark.parametrize(
    ("content", "value", "note"),
    [
        ("\ufeffa,b\n1,é\n".encode(), 1, ""),
        ("a,b\n1,é\n".encode("latin-1"), 1, "Latin-1"),
        (b"a;b\n3,25;x\n4,5;y\n", 3.25, "decimal points"),
        (b"a;b\n1.234,5;x\n2.000,1;y\n", 1_234.5, "decimal points"),
        (b'a,b\n"1,234,567.5",x\n"12",y\n', 1_234_567.5, "thousands"),
    ],
)
def test_files_from_elsewhere_are_read_and_told(tmp_path, content, value, note):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    frame, notes = frames.read(path)
    assert list(frame.columns) == ["a", "b"]
    assert frame["a"][0] == value
    assert note in " ".join(notes)
    assert bool(notes) == bool(note)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"\n\n", "empty file"),
        (b"a,b,a\n1,2,3\n", "'a' twice"),
        (b"a,b\n1,2\n1,2,3\n", "Expected 2 fields"),
        (b"a,b\n0,1,2\n1,3,4\n", "rows of more than 2 cells"),
        (b"PK\0\0", "no text"),
        (b"a,b\n\x031,\x02\n", "no text"),
        (b"a,b\n", "a header without rows"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(tmp_path, content, words):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(Mistake, match=words):
        frames.read(path)


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"no")
    with pytest.raises(Mistake, match="a table"):
        frames.read(tmp_path / "t.parquet")


def test_without_pandas_a_table_says_what_to_install(tmp_path, monkeypatch):
    usual = builtins.__import__

    def absent(name, *rest):
        if name == "pandas":
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(Mistake, match=r"expected pandas .*pip install 'genenv\[table\]'"):
        frames.read(tmp_path / "t.csv")
