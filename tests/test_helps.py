"""Whether generated rows help: trials, nulls, what they say, and the study that asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toys

import genenv
from genenv import cli, data, intervals, learners
from genenv.checks import Mistake
from genenv.data import Dataset
from genenv.reacting import Reacting
from genenv.reactions import evidence, helps, nulls
from genenv.reactions.sources import FromRows
from genenv.report import help_words
from genenv.report.reactions import summary
from genenv.settings import ReactConfig

DIGITS = data.load("digits")
ORDER = np.random.default_rng(0).permutation(len(DIGITS))
LOGISTIC = learners.named("logistic", DIGITS.units)


def question(real: Dataset, generated: Dataset, seed: int = 0) -> helps.Question:
    return helps.Question(real, DIGITS.pick(ORDER[1200:]), FromRows(generated, real), seed)


@pytest.fixture(scope="module")
def fresh() -> helps.Trials:
    """Trials in which what is called generated are fresh real rows."""
    asked = question(DIGITS.at(ORDER[:600]), DIGITS.at(ORDER[600:1200]))
    return helps.ask(asked, "logistic", LOGISTIC, 50)


def rows_of(trials: helps.Trials) -> dict[str, dict[str, Any]]:
    return {row["way"]: row for row in evidence.judged([trials], 0)}


@pytest.mark.slow
def test_fresh_real_rows_help(fresh: helps.Trials) -> None:
    found = rows_of(fresh)
    assert {way: row["verdict"] for way, row in found.items()} == {
        "add": "helps",
        "replace": "helps",
    }
    assert found["add"]["gain"] > found["add"]["low"] > 0
    assert found["add"]["generated_rows"] == 150
    said = help_words.sentences([*found.values()])
    assert len(said) == 1
    assert said[0].startswith("logistic: adding generated rows to 50 real ones helps (+")
    assert "; in place of 50 they help (+" in said[0]


@pytest.mark.slow
def test_rows_with_wrong_labels_hurt() -> None:
    real = DIGITS.at(ORDER[:600])
    other = DIGITS.at(ORDER[600:1200])
    assert other.label is not None
    wrong = replace(other, label=(other.label + 1) % 10)
    found = rows_of(helps.ask(question(real, wrong), "logistic", LOGISTIC, 50))
    assert {row["verdict"] for row in found.values()} == {"hurts"}
    assert "in place of 50 they hurt (-" in help_words.sentences([*found.values()])[0]


def told(
    way: str, size: int, verdict: str, gain: float, null: str = "repeated", learner: str = "svm"
) -> dict[str, Any]:
    """A row of helps, as far as it is told."""
    return {
        "learner": learner, "way": way, "real_rows": size, "generated_rows": 3 * size,
        "verdict": verdict, "gain": gain, "low": gain - 0.01, "high": gain + 0.01, "null": null,
        "p": 0.2, "p_hurts": 0.004,
    }  # fmt: skip


def test_a_sentence_a_learner_says_all_that_was_asked_of_it() -> None:
    rows = [
        told("add", 50, "helps", 0.08),
        told("replace", 50, "no evidence", -0.004, "augmented"),
        told("add", 200, "helps", 0.026),
        told("replace", 200, "hurts", -0.036),
        told("add", 800, "no evidence", 0.014, "augmented"),
        told("add", 50, "no evidence", 0.03, "augmented", "forest"),
        told("add", 200, "no evidence", 0.02, "augmented", "forest"),
        *(told("add", size, "helps", 0.01, learner="mlp") for size in (50, 200, 1000)),
    ]
    assert help_words.sentences(rows) == [
        "svm: adding generated rows to 50 and 200 real ones helps (+8.0 and +2.6 points), "
        "to 800 gives no evidence of help (+1.4 points; augmented real rows do as well); "
        "in place of 50 they give no evidence of help (-0.4 points), of 200 they hurt "
        "(-3.6 points).",
        "forest: adding generated rows to 50 and 200 real ones gives no evidence of help "
        "(+3.0 and +2.0 points; augmented real rows do as well).",
        "mlp: adding generated rows to 50, 200 and 1,000 real ones helps "
        "(+1.0, +1.0 and +1.0 points).",
    ]
    assert help_words.table(rows)[4] == [
        "svm", "200", "replace", "600", "hurts", "-3.6 [-4.6, -2.6]", "0.004",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_same_real_rows_again_are_no_evidence() -> None:
    real = DIGITS.at(ORDER[:300])
    again = real.at(np.random.default_rng(1).integers(0, 300, 900))
    found = rows_of(helps.ask(question(real, again), "logistic", LOGISTIC, 100))
    assert "helps" not in {row["verdict"] for row in found.values()}


def test_copies_of_rows_outside_a_trial_and_of_test_rows_are_not_used() -> None:
    real = DIGITS.at(ORDER[:300])
    everything = DIGITS.at(ORDER[:1300])  # of the real rows, of fresh ones, and of a few test rows
    trial = helps._Trial(question(real, everything), 100, "measured", 0)
    x, _ = trial.generated(10_000)
    own = set(map(bytes, trial.real[0]))
    outside = set(map(bytes, DIGITS.x[ORDER[:300]])) - own | set(map(bytes, DIGITS.x[ORDER[1200:]]))
    assert len(x) == 500  # half of the thousand that are left: trials have to differ
    assert not outside & set(map(bytes, x))
    assert own & set(map(bytes, x))


@pytest.mark.slow
def test_trials_are_the_same_twice_and_as_kept(tmp_path: Path, fresh: helps.Trials) -> None:
    fresh.save(tmp_path / "trials.npz")
    kept = helps.Trials.load(tmp_path / "trials.npz")
    assert evidence.judged([kept], 0) == evidence.judged([fresh], 0)
    asked = question(DIGITS.at(ORDER[:600]), DIGITS.at(ORDER[600:1200]))
    one, two = (helps._Trial(asked, 50, "measured", 3).generated(20)[0] for _ in range(2))
    assert np.array_equal(one, two)
    other = helps._Trial(asked, 50, "measured", 4).generated(20)[0]
    assert not np.array_equal(one, other)


def test_every_arm_of_a_trial_has_as_many_rows(fresh: helps.Trials) -> None:
    del fresh
    trial = helps._Trial(
        question(DIGITS.at(ORDER[:600]), DIGITS.at(ORDER[600:1200])), 50, "measured", 0
    )
    arms = helps._arms(trial, {"add": 25, "replace": 50})
    assert {arm: len(rows[0]) for arm, rows in arms.items()} == {
        "add": 75, "add:repeated": 75, "add:augmented": 75,
        "replace": 50, "replace:repeated": 50, "replace:augmented": 50,
    }  # fmt: skip
    assert helps.work(DIGITS.units, "logistic") == 5 * 5 + 20 * 6
    assert helps.work(DIGITS.units, "cnn") == 5 * 5 + 10 * 6


def test_nulls_are_made_of_the_real_rows_alone() -> None:
    rings = toys.rings(200)
    assert rings.label is not None
    real = rings.x[:20], rings.label[:20]
    assert list(nulls.nulls(rings.units)) == ["repeated", "augmented", "marginals"]
    assert list(nulls.nulls(DIGITS.units)) == ["repeated", "augmented"]
    x, label = nulls.repeated(real, 50, rings.units, 0)
    assert np.bincount(np.unique(x[:, 0], return_inverse=True)[1]).max() == 3
    assert np.array_equal(label[20:40], real[1])
    x, label = nulls.marginals(real, 50, rings.units, 0)
    assert np.array_equal(x[:20], real[0])
    for c in np.unique(label):
        for column in range(2):
            assert set(x[label == c, column]) <= set(real[0][real[1] == c, column])
    assert any(row not in real[0].tolist() for row in x[20:].tolist())
    pixels = DIGITS.pick(ORDER[:20])
    x, label = nulls.augmented(pixels, 50, DIGITS.units, 0)
    assert x.dtype == pixels[0].dtype
    assert np.array_equal(x[:20], pixels[0])
    assert 0 < np.abs(x[20:40].astype(float) - pixels[0]).mean() < 4
    assert np.array_equal(label[20:40], pixels[1])


def test_holm_is_the_known_correction() -> None:
    assert intervals.holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert intervals.holm([0.9, 0.8]).tolist() == [1, 1]
    assert intervals.holm([]).tolist() == []
    with pytest.raises(Mistake, match="p-values from 0 to 1"):
        intervals.holm([1.5])


def test_a_paired_test_has_a_side() -> None:
    rng = np.random.default_rng(0)
    five = [0.1, 0.2, 0.1, 0.3, 0.2]
    assert intervals.paired(five, np.zeros(5), rng, "greater") == pytest.approx(1 / 32)  # .031
    assert intervals.paired(five, np.zeros(5), rng, "less") == 1


@pytest.mark.slow
def test_more_questions_of_a_run_need_more_evidence(fresh: helps.Trials) -> None:
    alone = rows_of(fresh)["add"]["p"]
    many = evidence.judged([fresh] * 10, 0)[0]["p"]
    assert many == pytest.approx(10 * alone)


def npz(path: Path, rows: Dataset) -> Path:
    assert rows.label is not None
    np.savez(path, x=rows.x, y=rows.label)
    return path


@pytest.mark.slow
def test_a_file_is_asked_without_a_generator_or_a_judge(tmp_path: Path) -> None:
    real = DIGITS.at(ORDER[:60])
    other = DIGITS.at(ORDER[60:300])
    held_out = replace(real, held_out=DIGITS.at(ORDER[1200:]))
    config = ReactConfig(learners=("logistic",))
    made = data.load(npz(tmp_path / "made.npz", other))
    content = Reacting(config, held_out, None, tmp_path / "run", generated=made).run()
    folder = tmp_path / "run"
    assert not (folder / "generator").exists()
    assert not (folder / "judge").exists()
    assert [(row["way"], row["real_rows"]) for row in content["helps"]] == [
        ("add", 40), ("replace", 40),
    ]  # fmt: skip
    assert json.loads((folder / "react.json").read_text())["helps"] == content["helps"]
    page = (folder / "react.html").read_text()
    assert page.index("logistic: adding") < page.index(">Do generated rows help?</h2>")
    assert summary(content).startswith("logistic: adding")
    assert "\nlearner   real rows      way  generated  " in summary(content)
    own = genenv.tracking.read(folder / "overview" / "logistic")
    assert own["helps/add"][0].tolist() == [40]
    assert own["helps/add"][1] == pytest.approx([content["helps"][0]["gain"]])
    again = Reacting(config, held_out, None, folder, generated=made).run(resume=True)
    assert again["helps"] == content["helps"]


def test_rows_alone_are_measured_beside_real_ones(tmp_path: Path, capsys: Any) -> None:
    rings = toys.rings(900)
    real = npz(tmp_path / "real.npz", rings.at(np.arange(0, 300)))
    test = npz(tmp_path / "test.npz", rings.at(np.arange(300, 600)))
    others = rings.at(np.arange(600, 900))
    narrow = replace(others, x=np.asarray(others.x[:1] + 0.01 * others.x))
    found = {}
    few = rings.at(np.arange(600, 650))
    for name, made in {"others": others, "narrow": narrow, "few": few}.items():
        file, run = npz(tmp_path / f"{name}.npz", made), tmp_path / name
        asked = ["--held-out", str(test), "--generated", str(file), "--only", "metrics"]
        with pytest.raises(SystemExit) as end:
            cli.main(["react", str(real), *asked, "--out", str(run)])
        assert end.value.code == 0
        rows = json.loads((run / "react.json").read_text())["metrics"]
        found[name] = {row["figure"]: (row["generated"], row["real"]) for row in rows}
        assert not (run / "generator").exists()
    shown = genenv.tracking.read_all(tmp_path / "narrow")
    assert {run for run, curves in shown.items() if curves} == {
        "overview/generated-rows", "overview/real-rows",
    }  # fmt: skip
    assert not [run for run in shown if "logistic" in run]
    recalls = [shown[f"overview/{k}-rows"]["metrics/recall"][1][0] for k in ("generated", "real")]
    assert recalls == pytest.approx(found["narrow"]["recall"])
    assert found["others"]["recall"][0] == pytest.approx(found["others"]["recall"][1], abs=0.1)
    assert found["narrow"]["recall"][0] < 0.2 < 0.8 < found["narrow"]["recall"][1]
    assert found["narrow"]["spread"][0] < 0.1
    assert found["few"]["samples"] == (50, 50)
    assert found["few"]["frechet"][1] > found["others"]["frechet"][1]  # of as few real rows, too
    printed = capsys.readouterr().out
    assert "300 generated rows, beside as many other real rows in brackets: precision" in printed
    assert "\nmetric        generated  " in printed


def sample(count: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    return DIGITS.pick(ORDER[rng.integers(60, 900, count)])


@pytest.mark.slow
def test_a_function_of_a_count_is_asked_once(tmp_path: Path) -> None:
    calls = []

    def counted(count: int) -> tuple[Any, Any]:
        calls.append(count)
        return sample(count)

    held_out = replace(DIGITS.at(ORDER[:60]), held_out=DIGITS.at(ORDER[1200:]))
    config = ReactConfig(learners=("logistic",), sizes=(20,))
    first = Reacting(config, held_out, None, tmp_path / "run", generated=counted).run()
    again = Reacting(config, held_out, None, tmp_path / "run", generated=counted).run(resume=True)
    assert calls == [8 * 60]
    assert again["helps"] == first["helps"]


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (DIGITS.without_labels(), "expected generated rows with labels, got none in digits"),
        (replace(DIGITS, classes=tuple(map(str, DIGITS.classes))), "too; call them as the data do"),
        (toys.rings(60), r"expected generated samples of shape \(8, 8\), got \(2,\)"),
        (replace(DIGITS, classes=tuple("abcdefghij")), r"expected generated rows of the classes"),
        (
            data.from_arrays(DIGITS.x / 255.0, DIGITS.label),
            "in the units of the data, 0 to 16, got",
        ),
        (lambda count: count / 0, "expected the function of generated rows to answer, got ZeroDiv"),
        (lambda count: np.zeros((count, 8, 8)), "expected a pair of samples and labels"),
    ],
)
def test_rows_that_cannot_be_asked_are_a_mistake(tmp_path: Path, made: Any, sentence: str) -> None:
    config = ReactConfig(learners=("logistic",), sizes=(20,))
    with pytest.raises(Mistake, match=sentence):
        Reacting(config, DIGITS.at(ORDER[:200]), None, tmp_path, generated=made).run()


def react(real: Dataset, folder: Path, made: Any, *sizes: int, **other: Any) -> dict[str, Any]:
    config = ReactConfig(learners=("logistic",), sizes=sizes, **other)
    return Reacting(config, real, None, folder, generated=made).run(resume=folder.exists())


def test_few_real_rows_need_no_parts_of_a_judge(tmp_path: Path) -> None:
    rows = toys.rings(1000)
    content = react(rows.at(np.arange(24)), tmp_path / "run", rows.at(np.arange(24, 800)))
    assert [row["generated_rows"] >= row["real_rows"] for row in content["helps"]] == [True, True]
    assert content["judge"] is None


def test_who_asks_given_rows_is_told(tmp_path: Path) -> None:
    config = ReactConfig(only=("shares", "metrics"))
    asked = Reacting(config, DIGITS, None, tmp_path, generated=sample)
    assert asked.notes == [
        "The generated rows that were given answer helps and metrics alone: shares asked a "
        "generator that was fitted here."
    ]
    assert not Reacting(ReactConfig(), DIGITS, None, tmp_path, generated=sample).notes


def test_rows_of_which_a_trial_takes_half_are_counted_as_they_are_and_told(tmp_path: Path) -> None:
    rows = toys.rings(1000)
    real = replace(rows.at(np.arange(60)), held_out=rows.at(np.arange(500, 1000)))
    made = rows.at(np.concatenate([np.arange(100, 106), np.arange(500, 504)]))
    content = react(real, tmp_path / "run", made, 30)
    assert [row["generated_rows"] for row in content["helps"]] == [3, 3]
    told = " ".join(content["told"])
    assert "4 of the 10 generated rows are copies of rows that test here: they were left" in told
    assert "half of the 10 generated rows at most, so that trials differ: give 180 for all" in told


def test_rows_that_are_all_copies_of_test_rows_are_a_mistake(tmp_path: Path) -> None:
    rows = toys.rings(300)
    real = replace(rows.at(np.arange(60)), held_out=rows.at(np.arange(100, 300)))
    with pytest.raises(Mistake, match=r"no copies of real ones, got copies of .*, all 50; give"):
        react(real, tmp_path / "run", rows.at(np.arange(100, 150)), 30)


def test_rows_of_one_class_are_rows(tmp_path: Path) -> None:
    rows = toys.rings(1000)
    assert rows.label is not None
    own = np.flatnonzero(rows.label[:800] == 1)
    one = npz(tmp_path / "one.npz", rows.at(own))
    real = npz(tmp_path / "real.npz", rows.at(np.arange(800, 1000)))
    run = ["--learner", "logistic", "--sizes", "20", "--out", str(tmp_path / "run")]
    with pytest.raises(SystemExit) as end:
        cli.main(["react", str(real), "--generated", str(one), *run])
    assert end.value.code == 0
    found = json.loads((tmp_path / "run" / "react.json").read_text())["helps"]
    share = float((rows.label[800:] == 1).mean())
    assert found[1]["accuracy"] == pytest.approx(share, abs=0.1)  # says that class of all


@pytest.mark.parametrize(
    ("held_out", "sentence"),
    [
        (DIGITS.without_labels(), "expected held-out rows of the data's 10 classes, got 0 classes"),
        (toys.rings(60), "expected held-out samples like the data"),
    ],
)
def test_held_out_rows_that_are_not_like_the_data_are_told_before_a_trial(
    tmp_path: Path, held_out: Dataset, sentence: str
) -> None:
    with pytest.raises(Mistake, match=sentence):
        Reacting(
            ReactConfig(), replace(DIGITS, held_out=held_out), None, tmp_path, generated=sample
        )


def test_what_a_function_returned_amiss_is_not_kept(tmp_path: Path) -> None:
    made = [(DIGITS.x[:9, :1], DIGITS.label[:9]), DIGITS.pick(ORDER[200:600])]

    def once_wrong(_count: int) -> Any:
        return made.pop(0)

    real = DIGITS.at(ORDER[:60])
    with pytest.raises(Mistake, match="expected"):
        react(real, tmp_path / "run", once_wrong, 20)
    assert react(real, tmp_path / "run", once_wrong, 20)["helps"]


def test_a_table_is_asked_by_a_frame_or_a_function_that_returns_one() -> None:
    rows = data.frame_of(data.load("loans")).drop(columns="savings")
    real, made = rows[:300], rows[300:900].reset_index(drop=True)
    target = data.load("loans").units.schema.target
    asked = {"target": target, "learners": ["forest"], "sizes": [50]}
    found = [
        genenv.react(real, generated=given, **asked)["helps"]
        for given in (
            lambda _: made,
            lambda _: (made.drop(columns=target), made[target]),
        )
    ]
    assert found[0] == found[1]
    assert found[0][0]["generated_rows"] <= 150
    assert genenv.react(real, generated=made, **asked)["helps"][0]["gain"] > 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("digits --generated not_there:make", "expected a module not_there, got none of the name"),
        ("digits --generated missing.npz", "expected a file of generated rows, got none of the"),
        ("digits --generated missing", "expected a run that holds a generator, got none in"),
        ("loans --generated {table}", "expected a column 'school', got a table without it"),
        ("digits --generated {flat}", r"expected generated samples of shape (8, 8), got (64,)"),
        ("digits --generated test_generators:flat --base-dim 6", "of shape (256, 8, 8), got shape"),
        ("digits --generated test_generators:noisy --base-dim 6", "take its noise as part of e"),
        ("digits --generated test_generators:nan_for_some --base-dim 6", "to be finite, got NaN"),
        ("digits --generated test_generators:nowhere --base-dim 6", "nowhere to answer, got"),
        ("digits --generated test_generators:flat", "the length of e with a decoder, got test_gen"),
    ],
)
def test_what_the_command_cannot_ask_is_one_sentence_and_exit_2(
    tmp_path: Path, capsys: Any, words: str, sentence: str
) -> None:
    table, flat = tmp_path / "table.csv", tmp_path / "flat.npz"
    table.write_text("age,income,loan\n30,1.0,yes\n40,2.0,no\n50,2.5,yes\n")
    np.savez(flat, x=DIGITS.x.reshape(-1, 64), y=DIGITS.label)
    given = words.format(table=table, flat=flat).split()
    with pytest.raises(SystemExit) as end:
        cli.main(["react", *given, "--out", str(tmp_path / "o")])
    assert end.value.code == 2
    said = capsys.readouterr().err.strip()
    assert sentence in said
    assert said.startswith("genenv: ")
    assert "\n" not in said
    assert not (tmp_path / "o").exists()


def test_what_is_asked_is_named() -> None:
    with pytest.raises(Mistake, match="expected only to be one of noise, shares, lessons, helps"):
        ReactConfig(only=("help",))
    with pytest.raises(Mistake, match=r"expected sizes up to 120, nine tenths of the 134 rows"):
        Reacting(
            ReactConfig(sizes=(130,)),
            DIGITS.at(ORDER[:200]),
            None,
            Path("unused"),
            generated=sample,
        )


def test_smote_makes_rows_between_neighbours_of_a_class() -> None:
    rows = ORDER[:40]
    real = DIGITS.pick(rows)
    x, label = nulls.smote(real, 90, DIGITS.units, 3)
    assert x.shape == (90, 8, 8)
    assert np.array_equal(x[:40], real[0])
    assert np.array_equal(np.bincount(label, minlength=10), np.bincount(np.resize(real[1], 90)))
    again = nulls.smote(real, 90, DIGITS.units, 3)[0]
    assert np.array_equal(x, again)
    for made, c in zip(x[40:], label[40:], strict=True):
        own = real[0][real[1] == c]
        if len(own) > 1:  # on the line between two rows of its class
            apart = np.linalg.norm((own - made).reshape(len(own), -1), axis=1)
            pairs = np.linalg.norm((own[:, None] - own).reshape(len(own), len(own), -1), axis=2)
            detour = apart[:, None] + apart - pairs
            assert detour[~np.eye(len(own), dtype=bool)].min() < 1e-3


def test_smote_repeats_classes_of_one_row() -> None:
    rows = np.concatenate(
        [np.flatnonzero(DIGITS.label == 0)[:6], np.flatnonzero(DIGITS.label == 1)[:1]]
    )
    x, label = nulls.smote(DIGITS.pick(rows), 21, DIGITS.units, 0)
    assert np.bincount(label).tolist() == [18, 3]
    assert (x[label == 1] == DIGITS.x[rows[-1]]).all()


def test_a_peer_is_a_null_that_generated_rows_must_beat(monkeypatch) -> None:
    assert list(nulls.nulls(DIGITS.units, ("smote",))) == ["repeated", "augmented", "smote"]
    assert helps.work(DIGITS.units, "logistic", ("smote",)) == 5 * 5 + 20 * 8
    with pytest.raises(Mistake, match="expected peer to be one of smote"):
        ReactConfig(peers=("bootstrap",))
    monkeypatch.setattr(nulls, "find_spec", lambda _: None)
    with pytest.raises(Mistake, match=r"pip install 'genenv\[smote\]'"):
        nulls.check_installed(("smote",))
