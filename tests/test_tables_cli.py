from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from people import people

import genenv
from genenv import checks, cli, loading, networks, table_fitting, tables, tracking
from genenv.tables.choosing import chosen
from genenv.tables.measuring import shuffled

MIXTURE = "--target", "loan", "--network", "mixture"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    people(400).to_csv(folder / "people.csv", index=False)
    people(400).to_parquet(folder / "people.parquet", index=False)
    return folder


@pytest.fixture
def run(place, monkeypatch, capsys):
    monkeypatch.chdir(place)

    def call(*words):
        with pytest.raises(SystemExit) as left:
            cli.main(list(words))
        told = capsys.readouterr()
        return left.value.code, told.out, told.err

    return call


@pytest.fixture
def fitted(run, place):
    if not (place / "T").exists():
        code, out, _ = run(
            "fit", "people.csv", "--target", "loan", "--network", "mixture", "--out", "T"
        )
        assert code == 0
        assert "age: integer, 18 to 79" in out
        assert "since: date, 2020-01-01" in out
        assert "80 of 400 rows were held out" in out
        assert "independent columns" in out
    return place / "T"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_on_a_condition_are_written_as_the_data_are(run, fitted, place, suffix):
    out = f"rows{suffix}"
    where = "age in 60..70 and hours-per-week <= 25"
    code, told, _ = run("sample", str(fitted), "--count", "50", "--where", where, "--out", out)
    assert code == 0
    assert f"P({where}) = " in told
    assert "--data FILE" in told
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    rows = read(place / out)
    data = pd.read_csv(place / "people.csv")
    assert list(rows.columns) == list(data.columns)
    assert rows["age"].between(60, 70).all()
    assert (rows["hours-per-week"] <= 25).all()
    assert len(rows) == 50


@pytest.mark.slow
def test_a_parquet_keeps_its_dtypes_through_fit_and_sample(run, place):
    words = "--target", "loan", "--no-metrics", "--out", "P"
    assert run("fit", "people.parquet", *words)[0] == 0
    assert run("sample", "P", "--count", "30", "--out", "again.parquet")[0] == 0
    data = pd.read_parquet(place / "people.parquet")
    assert pd.read_parquet(place / "again.parquet").dtypes.equals(data.dtypes)
    assert not (place / "P" / "metrics.json").exists()


@pytest.mark.slow
def test_the_table_that_ships_is_fitted_as_a_table(run):
    code, out, _ = run("fit", "loans", "--no-metrics", "--out", "L")
    assert code == 0
    assert "repaid: categorical, 2 values" in out
    where = "age in 60..70 and savings is missing"
    assert run("sample", "L", "--count", "20", "--where", where, "--out", "loans.csv")[0] == 0


@pytest.mark.slow
def test_metrics_stand_beside_real_rows_and_independent_columns(fitted):
    metrics = json.loads((fitted / "metrics.json").read_text())
    assert set(metrics["c2st"]) == {"mixture", "independent columns", "learned rows"}
    assert metrics["held_out_rows"] == 80
    assert metrics["copies"]["held-out rows"] <= 0.05
    wanted = {"c2st", "auc", "f1", "marginals", "association", "copies", "closest"}
    assert wanted <= set(metrics)


@pytest.mark.parametrize(("made", "told"), [(0.05, True), (0.005, False)])
def test_a_generator_that_copies_rows_is_told(tmp_path, monkeypatch, made, told):
    found = {"copies": {"mixture": made, "held-out rows": 0.0}}
    monkeypatch.setattr(table_fitting, "measured", lambda *_: found)
    frame = people(120)
    asked = table_fitting.TableSettings("mixture")
    fit = table_fitting.TableFitting(frame, tables.infer(frame), tmp_path / "run", asked)
    fit.run()
    assert ("remembers people" in " ".join(fit.notes)) == told


@pytest.fixture
def both(run, place):
    if not (place / "B").exists():
        words = "--target", "loan", "--steps", "40", "--threads", "1", "--out", "B"
        code, out, _ = run("fit", "people.csv", *words)
        assert code == 0
        assert "Taken: the " in out
        assert "table   " in out
    return place / "B"


@pytest.mark.slow
def test_of_two_generators_the_better_is_kept_and_both_are_measured(both):
    metrics = json.loads((both / "metrics.json").read_text())
    assert {"mixture", "table"} <= set(metrics["c2st"])
    taken, _ = chosen(metrics["choice"], ("mixture", "table"))
    assert metrics["choice"]["copies"].keys() == {"mixture", "table", "held-out rows"}
    kept = loading.table(both / "generator")
    pd.testing.assert_frame_equal(
        next(iter(kept.stream(20))), next(iter(loading.table(both / taken).stream(20)))
    )


@pytest.mark.slow
def test_a_generator_that_gives_learned_rows_back_is_not_taken_however_like_the_data(
    tmp_path, monkeypatch
):
    frame = people(1_500)
    asked = table_fitting.TableSettings(steps=5, threads=1)
    fit = table_fitting.TableFitting(frame, tables.infer(frame, "loan"), tmp_path / "run", asked)
    honest = table_fitting._rows

    def lying(made, schema, count, seed):
        if isinstance(made, tables.Mixture):
            return np.resize(fit.learned, (count, fit.learned.shape[1]))
        return shuffled(honest(made, schema, count, seed), seed)

    monkeypatch.setattr(table_fitting, "_rows", lying)
    made = fit.run()
    figures = fit.get(fit._metrics)
    assert isinstance(made, networks.TableRows)
    assert figures["choice"]["c2st"]["mixture"] > figures["choice"]["c2st"]["table"] + 0.2
    assert "left out, for it copies rows: mixture" in " ".join(fit.notes)


@pytest.mark.slow
def test_the_network_shows_its_training_and_both_their_metrics_in_tensorboard(both):
    curves = tracking.read(both)
    assert {"loss/critic/pairing", "critic/held_out", "metrics/c2st/mixture"} <= set(curves)
    assert "metrics/c2st/independent-columns" in curves


def test_the_real_share_of_a_condition_stands_beside_the_generators(run, fitted, place):
    where = "age >= 50"
    words = "sample", str(fitted), "--count", "5", "--out", "shares.csv"
    code, told, _ = run(*words, "--where", where, "--data", "people.csv")
    assert code == 0
    data = pd.read_csv(place / "people.csv")
    assert f"of the 400 real rows {(data['age'] >= 50).mean():.3g}" in told
    code, _, told = run(*words, "--data", "people.csv")
    assert code == 2
    assert "--where beside --data" in told


@pytest.mark.slow
def test_a_network_makes_rows_on_a_condition_from_the_command_line(run, place):
    words = "--target", "loan", "--network", "table", "--steps", "5", "--out", "N"
    assert run("fit", "people.csv", *words, "--no-metrics")[0] == 0
    where = "age in 30..60 and loan = yes"
    code, out, _ = run("sample", "N", "--count", "40", "--where", where, "--out", "n.csv")
    assert code == 0
    assert f"P({where}) = " in out
    rows = pd.read_csv(place / "n.csv")
    assert rows["age"].between(30, 60).all()
    assert (rows["loan"] == "yes").all()
    assert len(rows) == 40
    code, _, err = run("sample", "N", "--out", "n.csv", "--where", "age > 70 and age < 71")
    assert code == 2
    assert "generated rows fulfil" in err
    with pytest.raises(checks.Mistake, match=r"genenv\.load"):
        tables.load(place / "N")
    assert list(genenv.load(place / "N").frame(3)) == list(pd.read_csv(place / "people.csv"))


@pytest.mark.parametrize(
    ("c2st", "copies", "taken"),
    [
        ((0.5, 0.7), (0.10, 0.10), "table"),
        ((0.7, 0.5), (0.10, 0.10), "mixture"),
        ((0.9, 0.5), (0.12, 0.11), "table"),  # the other one remembers people
        ((0.9, 0.5), (0.13, 0.14), "mixture"),  # both do
    ],
)
def test_the_generator_is_chosen_by_likeness_among_those_that_copy_nobody(c2st, copies, taken):
    names = "mixture", "table"
    figures = {
        "c2st": dict(zip(names, c2st, strict=True)),
        "copies": {**dict(zip(names, copies, strict=True)), "held-out rows": 0.10},
    }
    name, sentence = chosen(figures, names)
    assert name == taken
    assert sentence.startswith(f"Taken: the {taken}")


@pytest.mark.slow
def test_a_fit_is_found_again_and_a_schema_can_be_edited(run, fitted, place):
    assert (
        run(
            "fit",
            "people.csv",
            "--target",
            "loan",
            "--network",
            "mixture",
            "--out",
            "T",
            "--resume",
        )[0]
        == 0
    )
    plain = json.loads((fitted / "generator" / "schema.json").read_text())
    plain["columns"] = [c for c in plain["columns"] if c["name"] != "score"]
    (place / "edited.json").write_text(json.dumps(plain))
    words = "--schema", "edited.json", "--no-metrics", "--out", "E"
    assert run("fit", "people.csv", *words)[0] == 0
    assert "score" not in tables.load(place / "E").sample(3)


@pytest.mark.usefixtures("fitted")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("fit nowhere.csv", "nowhere.csv', which does not exist"),
        ("fit people.csv --target wealth", "'wealth'"),
        ("fit people.csv --network mlp", "expected network to be one of auto, mixture, table"),
        ("fit people.csv --network mixture --steps 5", "--steps"),
        ("fit people.csv --batch 5", "--batch"),
        ("fit people.csv --kinds age", "COLUMN=KIND"),
        ("fit people.csv --kinds age=colour", "'colour'"),
        ("fit digits --target loan", "--schema with a table"),
        ("sample T --out rows.csv --where age>200", "a condition that rows fulfil"),
        ("sample T --out rows.csv --where wealth>2", "one of the columns"),
        ("sample nowhere --out rows.csv --where age>2", "none in nowhere"),
        ("sample T --out rows.npz", "to be one of .csv, .parquet"),
        ("sample T --out rows.csv --keep 0.5", "--keep"),
    ],
)
def test_a_mistake_is_one_sentence_with_exit_code_2(run, words, told):
    code, _, err = run(*words.split())
    assert (code, err.count("\n")) == (2, 1)
    assert told in err


def test_the_generator_of_a_fit_is_loaded_for_the_main_job(fitted):
    assert genenv.load(fitted).sample(3)[0].shape[0] == 3
