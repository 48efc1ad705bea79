"""The main job on a table, whole and small."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import genenv
from genenv import api, data, downstream, seeding, trust
from genenv.calling import datasets, valued
from genenv.checks import Mistake
from genenv.data.loans import drawn
from genenv.judge import of_split, swapped
from genenv.judge.fitting import make
from genenv.judge.indistinct import indistinct
from genenv.judge.layout import lawful, seen
from genenv.reacting import Reacting, noise
from genenv.settings import ReactConfig

FRAME = drawn(900)
X = FRAME.drop(columns="repaid")
Y = FRAME["repaid"]


def pipeline():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer(
        (OneHotEncoder(), ["school", "job", "married", "home"]),
        (numbers, ["age", "income", "debt", "savings"]),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=500)).fit(X, Y)


def settled(frame):
    return frame["age"] >= 40


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("stressed") / "run"
    report = genenv.stress(
        pipeline(), FRAME, target="repaid", rules=[settled], search=["random"], budget=512,
        anyway=True, out=out,
    )  # fmt: skip
    return report, out


@pytest.fixture(scope="module")
def table():
    return data.from_frame(FRAME, data.TableOptions("repaid"))


@pytest.mark.slow
def test_a_pipeline_on_a_frame_is_searched_judged_and_reported(run):
    report, out = run
    assert report.data["data"]["classes"] == ["no", "yes"]
    assert report.data["generator"]["network"] == "mixture"
    assert report.data["searches"][0]["flips"] > 0
    assert {"c2st", "c2st_real", "copies", "gan_train_boosting"} <= set(report.data["generator"])
    assert report.data["generator"]["c2st_shuffled"] < report.data["generator"]["c2st"]
    page = (out / "report.html").read_text()
    assert page.count('aria-label="savings: real and generated rows') == 1
    assert any("break a rule" in note for note in report.evidence.notes)


@pytest.mark.slow
def test_flips_that_break_a_rule_are_invalid(run):
    _, out = run
    (shard,) = (out / "findings").glob("*.npz")
    found = np.load(shard)
    flips = found["broken"] & (found["severity"] > 0)
    assert flips.any()
    assert (found["verdict"][flips] == genenv.judge.Verdict.INVALID).all()


@pytest.mark.slow
def test_the_runs_generator_and_failures_are_read_back(run):
    _, out = run
    again = api.load(out)
    assert again.units.schema.target == "repaid"
    assert list(again.frame(5).columns) == list(FRAME.columns)
    assert api.replay(out, pipeline()).failing.all()


def asked(model, table, **options):
    wrapped = downstream.wrap(model, table.units, table.classes, **options)
    return wrapped, wrapped.log_probabilities(table.units.tensor(table.x[:64])).exp().numpy()


def test_models_see_the_frame_that_they_were_fitted_on(table):
    seen = []

    def model(frame):
        seen.append(frame)
        return np.full((len(frame), 2), 0.5)

    asked(model, table)
    pd.testing.assert_frame_equal(seen[0], X[:64])
    made = pipeline()
    np.testing.assert_allclose(asked(made, table)[1], made.predict_proba(X[:64]), atol=1e-6)


def test_columns_in_another_order_and_dummies_are_handed_over_as_they_were():
    plain = pd.get_dummies(FRAME.drop(columns=["since", "repaid"]))
    label = (FRAME["repaid"] == "yes") * 10 + 10
    table = data.from_frame(plain.assign(y=label), data.TableOptions("y"))
    turned = plain[plain.columns[::-1]]
    own = HistGradientBoostingClassifier(max_iter=5).fit(turned, label // 10 - 1)
    wrapped, p = asked(own, table)
    np.testing.assert_allclose(p, own.predict_proba(turned[:64]), atol=1e-6)
    assert any("indices into the data's" in told for told in wrapped.notes)


class NamedItsOwnWay:
    """Knows its columns as CatBoost does."""

    feature_names_ = ("debt", "age")
    n_features_in_ = 2

    def predict_proba(self, frame):
        p = (frame["age"] > frame["debt"]).to_numpy(float)
        return np.stack([1 - p, p], 1)


def test_columns_that_an_estimator_names_its_own_way_are_handed_by_name(table):
    _, p = asked(NamedItsOwnWay(), table)
    np.testing.assert_allclose(p[:, 1], X["age"][:64] > X["debt"][:64], atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_an_estimator_that_learned_an_array_is_handed_one():
    plain = pd.get_dummies(FRAME[["age", "job", "repaid"]], columns=["job"])
    x = plain.drop(columns="repaid").to_numpy(float)
    own = LogisticRegression(max_iter=500).fit(x, Y)
    wrapped, p = asked(own, data.from_frame(plain, data.TableOptions("repaid")))
    np.testing.assert_allclose(p, own.predict_proba(x[:64]), atol=1e-6)
    assert any("float64 of shape (n, 6)" in told for told in wrapped.notes)


def test_objects_that_are_whole_numbers_stay_so():
    seen = []

    def model(frame):
        seen.append(frame)
        return np.full((len(frame), 2), 0.5)

    whole = pd.Series([*FRAME["age"][1:], None], dtype=object)
    frame = FRAME[["debt", "repaid"]].assign(age=whole)
    asked(model, data.from_frame(frame, data.TableOptions("repaid")))
    assert set(map(type, seen[0]["age"])) == {int}


def test_a_column_that_the_table_lacks_is_named(table):
    own = HistGradientBoostingClassifier(max_iter=2).fit(X[["age", "debt"]].assign(wealth=1.0), Y)
    with pytest.raises(Mistake, match="fitted on 'wealth', too"):
        asked(own, table)


def booster(package):
    return type("Booster", (), {"predict": len, "__module__": f"{package}.core"})()


@pytest.mark.parametrize(("package", "told"), [("xgboost", "DMatrix"), ("lightgbm", "frame")])
def test_a_booster_is_told_to_be_wrapped(table, package, told):
    with pytest.raises(Mistake, match=rf"wrap its predict.*{told}"):
        asked(booster(package), table)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (lambda frame: frame["repaid"], "KeyError"),
        (lambda frame: ["yes"] * len(frame), "return numbers"),
        (lambda frame: np.ones(len(frame)), "return 2 probabilities"),
    ],
)
def test_a_model_that_cannot_be_asked_is_one_sentence(table, model, told):
    with pytest.raises(Mistake, match=told):
        asked(model, table)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"target": "wealth"}, "a column to be one of"),
        ({"target": "repaid", "held_out": X}, "a column 'repaid'"),
        ({"target": "repaid", "y": Y}, "a DataFrame alone"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused(given, told):
    with pytest.raises(Mistake, match=told):
        genenv.stress(pipeline(), None, FRAME, **given)


def test_fit_learns_a_frame_and_makes_frames():
    made = genenv.fit(FRAME, target="repaid")
    rows = made.frame(50, where="age in 60..70")
    assert rows.dtypes.equals(FRAME.dtypes)
    assert rows["age"].between(60, 70).all()


@pytest.mark.slow
def test_rows_put_together_are_told_from_real_ones_and_uniform_noise_is_refused(table):
    made = make(table.units, table.classes, (table.x, table.label), 0, "quick")
    rows = seen(table.x, table.units)
    columns = torch.tensor(table.units.groups)
    other = swapped.shuffled(rows, columns, 500, seeding.torch_generator(0, "other"))
    detector = made.audit.swapped[0]
    unseen = rows[torch.from_numpy(made.record.fold == 0)]
    real, apart = (swapped.put_together(detector, each).numpy() for each in (unseen, other))
    told = np.concatenate([real, apart])
    assert roc_auc_score(np.repeat([0, 1], [len(real), len(apart)]), told) > 0.97
    assert (apart <= np.quantile(real, 0.95)).mean() < 0.15
    again = swapped.put_together(detector, rows[: len(real)]).numpy()
    assert abs(roc_auc_score(np.repeat([0, 1], len(real)), np.append(real, again)) - 0.5) < 0.2
    accepted = made.quality["controls"]["uniform noise"]["accepted"]["share"]
    assert accepted < 0.05


def test_columns_stay_whole_in_rows_that_are_put_together(table):
    rows = seen(table.x, table.units)
    columns = torch.tensor(table.units.groups)
    rng = seeding.torch_generator(0, "whole")
    for made in (swapped.shuffled(rows, columns, 50, rng), swapped.crossed(rows, columns, 50, rng)):
        assert torch.allclose(lawful(made, table.units), made, atol=1e-5)
        assert not (made[:, None] == rows[None]).all(2).any(1).all()


def test_redrawn_cells_differ_in_whole_columns_and_are_lawful(table):
    rows = seen(table.x, table.units)
    columns = torch.tensor(table.units.groups)
    made = swapped.redrawn(rows, table.units, 50, seeding.torch_generator(0, "one"))
    assert torch.allclose(lawful(made, table.units), made, atol=1e-5)
    equal = made[:, None] == rows[None]
    whole = torch.stack([equal[:, :, columns == c].all(2) for c in columns.unique()], 2)
    kept = whole.float().mean(2).amax(1)  # of the columns, of the row that most are of
    assert 0.5 < kept.mean() < 0.9
    assert (kept < 1).float().mean() > 0.9


@pytest.mark.slow
@pytest.mark.usefixtures("whole_trees")
def test_independent_columns_make_true_rows_and_dependent_ones_do_not():
    first, second, third = torch.randn((3, 900), generator=seeding.torch_generator(0, "made"))
    alone = torch.stack([first, second], 1)
    assert indistinct(alone[:600], alone[600:], 0.05, 0) > 0.8
    bound = torch.stack([first, first + 0.01 * second], 1)
    assert indistinct(bound[:600], torch.stack([first, third], 1)[600:], 0.05, 0) < 0.1


def test_a_tables_judge_learns_from_a_stated_number_of_rows(table, monkeypatch):
    split = data.split(table, 0)
    whole, _, unseen = of_split.judge_rows(table, table, split)
    assert len(whole) == len(table) - len(split.test)
    assert of_split.thinning(table, split) == ()
    monkeypatch.setattr(of_split, "MOST_ROWS", 200)
    x, label, later = of_split.judge_rows(table, table, split)
    assert len(x) == len(label) == 200
    assert abs(later.mean() - unseen.mean()) < 0.1
    place = {row.tobytes(): i for i, row in enumerate(whole)}
    kept = [place[row.tobytes()] for row in x]
    assert kept == sorted(kept)
    assert (unseen[kept] == later).all()
    assert of_split.thinning(table, split)[0].startswith("The judge learned from 200 rows")
    digits = data.load("digits")
    assert of_split.thinning(digits, data.split(digits, 0)) == ()


def noisy(clear, rows=400):
    """A frame of two classes: a share of the rows tells its own, the others' is a coin's."""
    rng = seeding.numpy_generator(0, "noisy")
    x = rng.random((rows, 2))
    own = rng.random(rows) < clear
    coin = rng.random(rows) < 0.5
    known = np.where(own, x[:, 0] < 0.5, coin)
    frame = pd.DataFrame({"a": x[:, 0].round(3), "b": x[:, 1].round(3), "clear": own})
    return data.from_frame(frame.assign(y=np.where(known, "no", "yes")), data.TableOptions("y"))


@pytest.mark.slow
def test_where_labels_are_noisy_a_judge_abstains_and_of_noise_alone_it_certifies_nothing():
    lights = []
    for clear in (0.6, 0.0):
        rows = noisy(clear)
        test, kept = ((rows.x[part], rows.label[part]) for part in (slice(100), slice(100, None)))
        quality = make(rows.units, rows.classes, kept, 0, "quick", test=test).quality
        lights.append(trust.judge_light(quality | {"controls": {}}, rows.classes))
        share = {name: row["share"] for name, row in quality["real_rejected"].items()}
        assert share["joint"] == pytest.approx(share["realism"] + share["unsure"] + share["other"])
        assert share["unsure"] > 0.25
        assert share["realism"] < 0.15
    assert [light.light == "bad" for light in lights] == [False, True]


def test_learners_meet_a_tables_own_corruptions_and_no_mixed_classes(tmp_path):
    study = Reacting(ReactConfig(), data.load("loans"), None, tmp_path / "met")
    assert {"sample:blank-cells", "real:slipped-digits", "latent:temperature"} <= {
        *noise.names_of(study)
    }
    assert "latent:classes" not in noise.names_of(study)
    with pytest.raises(Mistake, match="noise"):
        Reacting(ReactConfig(noises=("sample:drift",)), data.load("loans"), None, tmp_path / "no")


def test_the_mask_of_an_array_is_missing_and_what_it_covers_is_not_seen():
    rng = np.random.default_rng(0)
    x = np.round(rng.normal(size=(60, 2)), 2)
    x[::7, 0] = -9999
    masked, y = np.ma.masked_equal(x, -9999), np.arange(60) % 2
    dataset, held_out = datasets(masked, y, None, (masked[:20], y[:20]))
    schema = dataset.units.schema
    assert [column.missing for column in schema.columns] == [True, False, False]
    assert schema.columns[0].low > -10
    assert dataset.units.to_json() == held_out.units.to_json()
    seen = np.asarray(dataset.units.raw_view(dataset.x), float)
    np.testing.assert_array_equal(seen, masked.filled(np.nan))
    made = genenv.fit(masked, y)
    assert made.frame(200)["column 0"].isna().any()
    values, _ = valued(masked, rng.normal(size=60), None, None)
    assert values.dataset.units.schema.columns[0].missing


def test_masked_pictures_and_rows_without_labels_are_refused():
    masked = np.ma.masked_equal(np.array([[1.0, -9999.0], [2.0, 3.0]]), -9999.0)
    with pytest.raises(Mistake, match="1 masked"):
        datasets(masked, None, None, None)
    with pytest.raises(Mistake, match="masked"):
        datasets(np.ma.masked_less(np.zeros((4, 8, 8)), 1), [0, 1, 0, 1], None, None)
    with pytest.raises(Mistake, match="2 labels, one a row, got 3"):
        datasets(masked, [0, 1, 0], None, None)


def test_in_a_frame_of_a_masked_array_the_mask_is_missing():
    made = np.arange(120).reshape(60, 2) % 50
    masked = np.ma.masked_array(made, made % 7 == 0, fill_value=-9999)
    frame = pd.DataFrame(masked, columns=["a", "b"]).assign(y=np.arange(60) % 2)
    table = data.from_frame(frame, data.TableOptions("y"))
    own = HistGradientBoostingClassifier(max_iter=5).fit(frame[["a", "b"]], frame["y"])
    expected = own.predict_proba(frame[["a", "b"]])
    np.testing.assert_allclose(asked(own, table)[1], expected, atol=1e-6)
    assert [column.missing for column in table.units.schema.columns] == [True, True, False]
    assert min(column.low for column in table.units.features.columns) >= 0


def test_a_search_that_climbs_slopes_is_refused_on_a_table():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 2))
    frame = pd.DataFrame({"a": np.arange(60) / 7, "b": np.arange(60) % 9, "y": np.arange(60) % 2})
    with pytest.raises(Mistake, match=r"searches without slopes on a table.*'gradient'"):
        genenv.stress(model, frame, target="y", search=["random", "gradient"], anyway=True)
