"""A regressor under test: a drawn law, whose truth is exact, whole runs in Python."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import genenv
from genenv import checks, cli, failures, regression
from genenv.policies.replayed import Replayed
from genenv.regression.model import ValueModel
from genenv.regression.replayed import severities

pytestmark = pytest.mark.slow

ROWS, BUDGET = 900, 600
NOISE = 0.3


def law(x):
    """What the drawn rows are worth, without noise."""
    x = np.asarray(x, float)
    return 3 * x[:, 0] + 2 * x[:, 1] ** 2 + x[:, 2]


def wrong_in_a_corner(x):
    """The law, but 8 too much where columns 0 and 4 are large: 9.5 % of rows."""
    x = np.asarray(x, float)
    return law(x) + 8 * ((x[:, 0] > 0.5) & (x[:, 4] > 0.5))


def mean_alone(x):
    return np.full(len(x), 2.0)


def drawn(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 8))
    return x, law(x) + NOISE * rng.normal(size=rows)


@pytest.fixture(scope="module", autouse=True)
def able_judges():
    """Let judges learn until intervals hold and controls are refused: that is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("trees.TURNS", "trees.TREES", "trees.VALUED", "swapped.TURNS"):
            patch.setattr(f"genenv.judge.{name}", 40)
        patch.setattr("genenv.judge.controls.COUNT", 500)
        patch.setattr("genenv.judge.controls.OF_TABLE", 3_000)
        patch.setattr("genenv.regression.quality.SAMPLES", 2_000)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Name of a model -> its report and folder, on the same rows."""
    found = {}
    for model in (wrong_in_a_corner, law, mean_alone):
        out = tmp_path_factory.mktemp("regressor") / model.__name__
        report = genenv.stress(model, None, *drawn(), budget=BUDGET, out=out)
        found[model.__name__] = report, out
    return found


def confirmed(report):
    return sum(row["confirmed"] for row in report.searches)


def test_a_planted_region_is_found_by_its_rule_and_borne_out_by_real_rows(runs):
    report, _ = runs["wrong_in_a_corner"]
    first = report.data["modes"][0]
    assert first["side"] == "too high"
    assert {step.split(" above ")[0] for step in first["rule"].split(" and ")} == {"x[0]", "x[4]"}
    assert all(abs(float(s.split()[-1]) - 0.5) < 0.15 for s in first["rule"].split(" and "))
    assert 7 < first["deviation"] < 9
    assert first["near"]["model_inside"] > 5 * first["near"]["audit_inside"]
    assert first["near"]["borne_out"]
    assert "of them borne out by untouched real rows" in report.verdict
    row = report.data["failure_probabilities"][-1]
    assert row["low"] < 0.0952 < row["high"] + 0.02  # P(both above 0.5) of rows is 0.0952


def test_the_law_itself_is_hardly_ever_confirmed_to_fail(runs):
    """The control: what is confirmed of a model that is right is the judge's own error."""
    assert not any(m["near"] and m["near"]["borne_out"] for m in runs["law"][0].data["modes"])
    assert confirmed(runs["law"][0]) <= 0.01 * 2 * BUDGET
    assert confirmed(runs["wrong_in_a_corner"][0]) > 0.05 * 2 * BUDGET


def test_the_mean_alone_fails_in_most_rows_and_its_light_says_so(runs):
    report, _ = runs["mean_alone"]
    rows = report.data["failure_probabilities"]
    assert next(r for r in rows if r["event"] == "failure")["estimate"] > 0.1
    assert report.data["trust"]["model"]["light"] == "doubtful"


def test_intervals_hold_the_values_of_untouched_rows_and_controls_are_refused(runs):
    judge = runs["law"][0].data["judge"]
    assert judge["covered"]["audit"]["share"] > 0.93
    assert judge["covered"]["guide"]["share"] > 0.93
    assert judge["real_refused"]["share"] < 0.15
    for row in judge["controls"].values():
        assert row["accepted"]["low"] < row["limit"]
    assert judge["controls"]["uniform noise"]["accepted"]["share"] < 0.5
    assert judge["half_width"]["audit"] < 0.8 * judge["deviation"]


def test_a_confirmed_failure_lies_outside_of_both_intervals_on_one_side(runs):
    report, _ = runs["wrong_in_a_corner"]
    found, judge = report.found, report.judge
    answer, mean, half = found.output.T.astype(float)
    assert (np.abs(answer - mean) > half).all()
    said = judge.audit.panel(judge.rows(found.x))
    assert (np.abs(answer - said.mean) > said.half - 1e-6).all()
    assert (np.sign(answer - said.mean) == np.sign(answer - mean)).all()


def test_guide_and_audit_learn_from_disjoint_rows(runs):
    report, out = runs["law"]
    assert not {*report.judge.guide.learned} & {*report.judge.audit.learned}
    split = regression.RegressStress(
        genenv.settings.RegressConfig(), regression.of_arrays(*drawn()), None, law, None, out
    ).split
    guide = {*split.guide, *split.calibration}
    assert not guide & {*split.audit}
    assert not ({*split.test} & ({*split.audit} | guide))


def test_a_run_repeats_bit_for_bit_and_its_report_is_json(runs, tmp_path):
    report, out = runs["wrong_in_a_corner"]
    again = genenv.stress(
        wrong_in_a_corner, None, *drawn(), budget=BUDGET, out=tmp_path / "again", no_cache=True
    )
    own, other = (json.loads((f / "report.json").read_text()) for f in (out, tmp_path / "again"))
    for each in (own, other):
        del each["timings"]
        for row in each["searches"]:
            del row["seconds"]
    assert own == other
    assert again.verdict == report.verdict
    assert "In how many ways" in (out / "report.html").read_text()


def test_a_judge_of_the_same_rows_comes_from_the_cache_and_of_others_it_is_made(
    runs, tmp_path, monkeypatch
):
    def refuse(*_):
        raise AssertionError("made again")

    monkeypatch.setattr(regression.judging, "fit_judge", refuse)
    split = regression.RegressStress(
        genenv.settings.RegressConfig(), regression.of_arrays(*drawn()), None, law, None, tmp_path
    ).split
    x, y = drawn()

    def part(values, level=0.98):
        source = regression.of_arrays(x, values)
        return regression.judging.judge_part(source, split, level, 0, None)

    assert part(y).key() == part(y.copy()).key()
    other = y.copy()
    other[0] += 1
    assert len({part(y).key(), part(other).key(), part(y, 0.9).key()}) == 3
    again = genenv.stress(mean_alone, None, x, y, budget=64, out=tmp_path / "again")
    assert again.judge.digest() == runs["law"][0].judge.digest()
    with pytest.raises(AssertionError, match="made again"):
        genenv.stress(law, None, x, y, budget=64, out=tmp_path / "apart", no_cache=True)


def test_a_resumed_run_asks_nothing_again(runs):
    report, out = runs["wrong_in_a_corner"]
    asked = []

    def counting(x):
        asked.append(len(x))
        return wrong_in_a_corner(x)

    again = genenv.stress(counting, None, *drawn(), budget=BUDGET, out=out, resume=True)
    assert sum(asked) < BUDGET + ROWS  # real rows and the replay alone
    assert again.data["modes"] == report.data["modes"]


def test_replay_confirms_the_record_and_passes_a_mended_model(runs):
    _, out = runs["wrong_in_a_corner"]
    assert regression.replay(out, wrong_in_a_corner).failing.all()
    assert not regression.replay(out, law).failing.any()
    mended = regression.replay(out, law)
    assert isinstance(mended, Replayed)
    assert (mended.low <= mended.answer).all()
    assert (mended.answer <= mended.high).all()
    assert ((mended.before < mended.low) | (mended.before > mended.high)).all()
    found = failures.load(out / "failures").x
    assert mended.answer == pytest.approx(law(found), rel=1e-4, abs=1e-4)


def test_a_judge_that_is_loaded_says_the_same_to_the_bit(runs):
    report, out = runs["law"]
    loaded = regression.judging.ValueJudge.load(out / "judge", report.judge.units)
    rows = report.judge.rows(drawn(50, seed=3)[0])
    own, other = report.judge.audit.panel(rows), loaded.audit.panel(rows)
    assert np.array_equal(own.mean, other.mean)
    assert np.array_equal(own.half, other.half)
    assert np.array_equal(report.judge.guide.realism(rows), loaded.guide.realism(rows))


def test_severities_of_a_model_without_an_answer_are_no_failures(runs):
    report, _ = runs["wrong_in_a_corner"]
    judge = report.judge
    silent = ValueModel(lambda x: np.full(len(x), np.nan), judge.units, judge.centre, judge.scale)
    assert (severities(silent, report.found) == -1).all()


@pytest.mark.parametrize(
    ("model", "y", "words"),
    [
        (law, np.full(ROWS, 0.5), "that varies"),
        (law, np.where(np.arange(ROWS) == 3, np.nan, drawn()[1]), "(?i)nan"),
        (lambda x: np.zeros((len(x), 2)), drawn()[1], "one number a row"),
        (lambda x: np.full(len(x), "high"), drawn()[1], "return numbers"),
        (lambda x: -5 * law(x), drawn()[1], "better than the mean"),
        ("model", drawn()[1], "a callable"),
        (None, drawn()[1], "a callable"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(model, y, words):
    with pytest.raises(checks.Mistake, match=words):
        genenv.stress(model, None, drawn()[0], y, budget=64)


def test_a_classifier_for_values_and_settings_of_classes_are_refused():
    from sklearn.dummy import DummyClassifier

    x, y = drawn()
    with pytest.raises(checks.Mistake, match="classifier DummyClassifier"):
        genenv.stress(DummyClassifier().fit(x, y > 0), None, x, y)
    with pytest.raises(checks.Mistake, match="no --criterion where the target is a value"):
        genenv.stress(law, None, x, y, criterion="top-k:2")
    with pytest.raises(checks.Mistake, match="search of a regressor"):
        genenv.stress(law, None, x, y, search=["gradient"])
    with pytest.raises(checks.Mistake, match="rows or more for guide and audit"):
        genenv.stress(law, None, x[:60], y[:60])


def test_what_is_a_value_is_told_from_a_class():
    assert regression.are_values(np.array([0.5, 1.0]))
    assert regression.are_values(np.arange(300.0))  # whole, but 300 classes of one row
    assert not regression.are_values(np.arange(300))
    assert not regression.are_values(np.tile(np.arange(10.0), 30))
    assert not regression.are_values(np.array(["a", "b"]))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A folder with a table of mixed columns, a price, and models of it."""
    pd = pytest.importorskip("pandas")
    place = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(5)
    size, cut = rng.normal(size=700).round(3), rng.choice(["fair", "good", "ideal"], 700)
    frame = pd.DataFrame({"size": size, "cut": cut, "depth": rng.normal(size=700).round(2)})
    frame["price"] = (500 + 100 * size + 60 * (cut == "ideal") + rng.normal(size=700)).round(2)
    frame.to_csv(place / "stones.csv", index=False)
    (place / "prices.py").write_text(
        "import numpy as np\n"
        "def right(f): return 500 + 100 * f['size'] + 60 * (f['cut'] == 'ideal')\n"
        "def wrong(f): return right(f) - 150 * (f['cut'] == 'fair')\n"
        "def two(f): return np.zeros((len(f), 2))\n"
    )
    return place


def said(arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return end.value.code


def test_a_table_from_the_command_line_is_searched_checked_and_replayed(table, capsys):
    run, wrong = str(table / "run"), f"{table / 'prices.py'}:wrong"
    right = f"{table / 'prices.py'}:right"
    data = ["stress", str(table / "stones.csv"), "--target", "price"]
    few = ["--search", "random", "--budget", "300", "--out", run]
    assert said([*data, "--model", wrong, *few]) in (0, 3)
    assert "too low" in (shown := capsys.readouterr().out)
    assert "cut = fair" in shown
    assert said(["replay", run, "--model", wrong]) == 0
    assert said(["replay", run, "--model", right, "--expect", "pass"]) == 0
    assert said(["replay", run, "--model", wrong, "--expect", "pass"]) == 1
    assert re.search(r"row 0: answered (.+) before, \1 now, right is", capsys.readouterr().out)
    assert said(["check", run, "--fail-if", "accuracy < 0.9"]) == 2
    assert "a regressor has no classes" in capsys.readouterr().err
    assert said(["check", run, "--fail-if", "p_confirmed > 0.9"]) in (0, 3)
    limit = ["--fail-if", "p_failure > 0.15"]
    again = ["check", run, *limit, "--budget", "100"]
    assert said([*again, "--model", right, "--out", str(table / "right")]) == 0
    assert said([*again, "--model", wrong, "--out", str(table / "wrong")]) == 1
    capsys.readouterr()
    assert said([*data, "--model", wrong.replace("wrong", "two")]) == 2
    assert "one number a row" in capsys.readouterr().err
