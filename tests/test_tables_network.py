from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from people import people
from sklearn.ensemble import HistGradientBoostingClassifier

import genenv
from genenv import networks, seeding, tables
from genenv.checks import Mistake
from genenv.codecs import Heads
from genenv.networks.calibration import Maps, is_state
from genenv.networks.table import TableGenerator
from genenv.noise import Gaussian, Gumbel, Product
from genenv.tables.conditions import holds, parse
from genenv.tables.likeness import marginals
from genenv.training import tables as training

FRAME = people(500)
SCHEMA = tables.infer(FRAME, "loan")
CODES = SCHEMA.encode(FRAME)


@pytest.fixture(scope="module")
def made():
    return training.learn(CODES, SCHEMA, training.settings(steps=60, threads=1))


def test_states_are_picked_one_of_each_run_and_scores_are_left():
    heads = (0, 3, 0, 2)
    generator, _ = networks.build("table", Gaussian(12), Heads.of(heads), ("a", "b"), 8, 8)
    row = generator(torch.randn(50, 12), torch.arange(50) % 2)
    assert row.shape == (50, 7)
    states = row[:, [1, 2, 3]], row[:, [5, 6]]
    for run in states:
        assert torch.equal(run.sum(1), torch.ones(50))
        assert set(run.detach().unique().tolist()) == {0.0, 1.0}
    assert row[:, [0, 4]].detach().unique().numel() == 100


def test_states_are_picked_as_their_odds_say_by_the_gumbel_part_alone():
    heads = (3,)
    law = Product([Gaussian(2), Gumbel(3)])
    generator, _ = networks.build("table", law, Heads.of(heads), (), 8, 8)
    generator.eval()
    e = torch.from_numpy(seeding.normals(seeding.fold_rows(0, "e", np.arange(20_000)), 5))
    e[:, :2] = 0
    with torch.no_grad():
        _, odds = generator.parts(torch.zeros(1, 2))
        share = generator.from_base(e).mean(0)
    torch.testing.assert_close(share, torch.softmax(odds[0], 0), atol=0.015, rtol=0)


def test_a_pick_hands_a_gradient_on_to_all_of_its_run():
    generator, _ = networks.build("table", Gaussian(9), Heads.of((0, 4)), (), 8, 8)
    z = torch.randn(6, 9, requires_grad=True)
    (slope,) = torch.autograd.grad(generator(z)[:, 1].sum(), z)
    assert (slope[:, -4:] != 0).all()


def test_latents_that_are_all_gumbel_are_refused():
    with pytest.raises(Mistake, match="more than 4"):
        TableGenerator(Gaussian(4), Heads.of((4,)), ())


@pytest.mark.slow
def test_laws_of_columns_are_met_whatever_was_learned(made):
    label = CODES[:, SCHEMA.names.index("loan")].astype(np.int64)
    asked = np.tile(label, 8)
    rows = made.codes(made.noise.base(len(asked), 9), torch.from_numpy(asked))
    assert marginals(rows, CODES, SCHEMA) < 0.03
    plain = networks.TableRows(made.inner, made.coding, Maps.none(7), made.shares, made.units)
    raw = plain.codes(made.noise.base(len(asked), 9), torch.from_numpy(asked))
    assert marginals(raw, CODES, SCHEMA) > 0.05


@pytest.mark.slow
def test_rows_are_frames_like_the_data_and_functions_of_their_address(made):
    rows = made.frame(600, seed=3)
    assert list(rows.columns) == list(FRAME.columns)
    assert rows.dtypes.equals(FRAME.dtypes)
    assert rows["score"].isna().mean() == pytest.approx(1 / 7, abs=0.06)
    assert rows["loan"].value_counts(normalize=True)["yes"] == pytest.approx(
        (FRAME["loan"] == "yes").mean(), abs=0.07
    )
    later = made.frame(20, seed=3, start=30)
    pd.testing.assert_frame_equal(later, rows[30:50].reset_index(drop=True))
    assert not made.frame(600, seed=4).equals(rows)


def test_from_base_is_deterministic_and_its_label_a_condition(made):
    e = made.noise.base(40, 1)
    zero, one = torch.zeros(40).long(), torch.ones(40).long()
    u = made.from_base(e, one)
    assert torch.equal(u, made.from_base(e, one))
    assert not torch.equal(u, made.from_base(e, zero))
    assert (made.codes(e, one)[:, SCHEMA.names.index("loan")] == 1).all()
    assert u.shape == (40, *made.units.layout)
    assert not made.differentiable
    x, label = made.sample(30, seed=2)
    units = made.units
    again = units.store(units.decode(units.exact(units.tensor(x))))
    np.testing.assert_array_equal(again, x)
    assert set(label.tolist()) == {0, 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    "where",
    [
        "age in 30..60 and hours-per-week <= 40",
        "loan = yes",
        "score is missing",
        "job = office and loan = no",
    ],
)
def test_a_condition_is_met_by_every_row_and_keeps_the_order_of_all(made, where):
    condition = parse(where, SCHEMA)
    rows = made.frame(200, seed=1, where=where)
    assert len(rows) == 200
    assert holds(condition, SCHEMA, SCHEMA.encode(rows)).all()
    again = made.frame(50, seed=1, where=where, start=100)
    pd.testing.assert_frame_equal(again, rows[100:150].reset_index(drop=True))
    parts = pd.concat(list(made.stream(200, 1, where)), ignore_index=True)
    pd.testing.assert_frame_equal(parts, rows, check_dtype=False)
    assert 0 < made.mass(where) < 1


def test_a_condition_that_no_row_fulfils_ends_with_a_mistake(made, monkeypatch):
    monkeypatch.setattr("genenv.tables.rejection.PATIENCE", 20_000)
    for where in ("age < 0", "loan not in {yes, no}"):
        with pytest.raises(Mistake, match="generated rows fulfil"):
            made.frame(5, where=where)


def test_what_is_saved_is_loaded_and_executes_nothing(made, tmp_path):
    made.save(tmp_path)
    names = {p.suffix for p in tmp_path.rglob("*") if p.is_file()}
    assert names == {".json", ".npz", ".safetensors"}
    again = networks.stored(tmp_path)
    pd.testing.assert_frame_equal(again.frame(50, 1), made.frame(50, 1))
    x, label = made.sample(20, 1)
    np.testing.assert_array_equal(again.sample(20, 1)[0], x)
    np.testing.assert_array_equal(again.score(x, label), made.score(x, label))
    assert again.digest() == made.digest()
    assert again.untrained(0).digest() != made.digest()


def test_damaged_laws_are_a_mistake(made, tmp_path):
    made.save(tmp_path)
    held = dict(np.load(tmp_path / "coding.npz"))
    np.savez(tmp_path / "coding.npz", **{k: v for k, v in held.items() if k != "first_0"})
    with pytest.raises(Mistake, match=r"coding\.npz"):
        networks.stored(tmp_path)


@pytest.mark.slow
def test_a_table_without_a_target_is_learned_too():
    schema = tables.infer(FRAME[["age", "job"]])
    made = training.learn(schema.encode(FRAME), schema, training.settings(steps=2, threads=1))
    rows = made.frame(30, where="age > 40")
    assert (rows["age"] > 40).all()
    assert made.classes == ()
    assert made.sample(5)[1] is None


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows_and_resume_goes_on(tmp_path):
    config = training.settings(steps=4, threads=1)
    once = training.learn(CODES, SCHEMA, config)
    again = training.learn(CODES, SCHEMA, config, folder=tmp_path)
    assert once.digest() == again.digest()
    resumed = training.learn(CODES, SCHEMA, config, folder=tmp_path, resume=True)
    assert resumed.digest() == once.digest()


def test_maps_bring_quantiles_to_the_normal_law():
    rng = np.random.default_rng(0)
    own = rng.normal(2, 3, (4_000, 1))
    levels = (np.arange(201) + 0.5) / 201
    maps = Maps(np.quantile(own, levels, axis=0).T)
    mapped = maps.apply(own)
    assert mapped.mean() == pytest.approx(0, abs=0.03)
    assert mapped.std() == pytest.approx(1, abs=0.1)
    np.testing.assert_allclose(Maps.none(1).apply(own), own, atol=1e-9)


def test_states_and_scores_are_told_apart(made):
    assert is_state(made.inner).sum() == sum(made.coding.heads)


@pytest.mark.slow
def test_the_call_in_python_takes_the_network_and_a_folder(tmp_path):
    words = {"target": "loan", "steps": 3, "threads": 1}
    made = genenv.fit(FRAME, network="table", **words)
    assert list(made.frame(4)) == list(FRAME)
    with pytest.raises(Mistake, match="out with metrics"):
        genenv.fit(FRAME, metrics=True, **words)
    kept = genenv.fit(FRAME, network="table", out=tmp_path / "run", **words)
    pd.testing.assert_frame_equal(genenv.load(tmp_path / "run").frame(20), kept.frame(20))
    with pytest.raises(Mistake, match="network"):
        genenv.fit(FRAME, network="mlp", **words)


@pytest.mark.slow
@pytest.mark.usefixtures("every_verdict")
def test_the_main_job_runs_on_a_networks_rows(made, tmp_path):
    model = HistGradientBoostingClassifier(max_iter=5).fit(
        FRAME[["age", "gross.income"]], FRAME["loan"]
    )
    report = genenv.stress(
        lambda frame: model.predict_proba(frame[["age", "gross.income"]]),
        made,
        FRAME,
        target="loan",
        search=["random"],
        budget=100,
        out=tmp_path / "run",
    )
    assert [row["queries"] for row in report.searches] == [100]
    assert genenv.load(tmp_path / "run").digest() == made.digest()
