"""Hardening: what is held out, what each arm is given, and when it may be said to have helped."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

from genenv import bundled, checks, data, finished, hardening, networks, prepared
from genenv.failures import Confirmed
from genenv.hardening import arms, held_out, words
from genenv.report.numerals import NONE
from genenv.settings import HardenConfig

DIGITS = data.load("digits").at(np.arange(900))


def confirmed(labels):
    m = len(labels)
    return Confirmed(
        x=DIGITS.x[:m],
        e=np.zeros((m, 4), np.float32),
        label=np.asarray(labels, np.int64),
        output=np.log(np.full((m, 10), 0.1, np.float32)),
        severity=np.ones(m, np.float32),
        p=np.ones(m, np.float32),
        search=np.full(m, "random"),
        seed=np.zeros(m, np.int64),
        index=np.arange(m),
    )


def test_no_row_of_a_held_out_mode_is_learned_and_every_failure_has_one_place():
    mode = np.repeat(np.arange(7), [30, 5, 1, 12, 3, 9, 20])
    for seed in range(5):
        found = held_out.held_out(mode, 25, seed)
        assert not set(mode[found.modes]) & set(mode[found.learned])
        assert set(mode[found.rows]) <= set(mode[~np.isin(mode, mode[found.modes])])
        everything = np.concatenate([found.learned, found.rows, found.modes])
        assert sorted(everything) == list(range(len(mode)))
        assert len(found.learned) <= 25
    again = held_out.held_out(mode, 25, 3), held_out.held_out(mode, 25, 3)
    np.testing.assert_array_equal(again[0].learned, again[1].learned)


def test_rows_stay_held_out_however_many_are_asked_for():
    found = held_out.held_out(np.repeat([0, 1], 50), 10_000, 0)
    assert (len(found.learned), len(found.rows), len(found.modes)) == (40, 10, 50)


@pytest.mark.parametrize("mode", [np.zeros(9, np.int64), np.arange(2)])
def test_too_few_modes_or_failures_are_a_mistake(mode):
    with pytest.raises(checks.Mistake, match="search longer"):
        held_out.held_out(mode, 5, 0)


def test_every_arm_but_the_first_has_as_many_rows_and_keeps_the_real_ones():
    generator = networks.load(bundled.FOLDER / "generator")
    real = DIGITS.x[:100], DIGITS.label[:100]
    learned = confirmed([3, 4, 5])
    drawn = generator.sample(3, seed=0)
    found = arms.arms(real, (learned.x, learned.label), drawn, 0)
    assert tuple(found) == arms.ARMS
    assert [len(x) for x, _ in found.values()] == [100, 103, 103, 103]
    for x, label in found.values():
        assert x.dtype == real[0].dtype
        np.testing.assert_array_equal(x[:100], real[0])
        np.testing.assert_array_equal(label[:100], real[1])
    np.testing.assert_array_equal(found["hardened"][1][100:], [3, 4, 5])
    repeated = found["retrained"][0][100:]
    assert all((real[0] == row).all((1, 2)).any() for row in repeated)
    assert not any((real[0] == row).all((1, 2)).any() for row in found["generated"][0][100:])


def rows(gain, seeds=8, noise=0.01, generated=0.0):
    """Results in which the hardened arm passes more of the held-out modes by `gain`."""
    rng = np.random.default_rng(0)
    shift = {"before": 0, "retrained": 0, "generated": generated, "hardened": gain}
    return [
        {"seed": seed, "amount": 100, "arm": arm, "round": 1, "accuracy": 0.95, "p_failure": 0.01,
         "p_confirmed": 0.001, "rows_right": None, "found": 5,
         "modes_right": 0.3 + more + noise * rng.normal()}
        for seed in range(seeds)
        for arm, more in shift.items()
    ]  # fmt: skip


def content(found):
    return {"run": "r", "undecided": [], "rows": found, "compared": words.compared(found)}


def test_it_helped_only_where_it_beats_both_controls():
    (helped,) = words.conclusions(content(rows(0.3)))
    assert "it helped" in helped
    assert "no evidence" not in helped
    for found in (rows(0.0), rows(-0.3), rows(0.3, generated=0.3)):
        (said,) = words.conclusions(content(found))
        assert "no evidence that it helped" in said


@pytest.mark.slow
def test_noise_alone_is_seldom_called_help():
    rng = np.random.default_rng(1)
    called = 0
    for _ in range(60):
        found = rows(0.0)
        for row in found:
            row["modes_right"] = 0.3 + 0.1 * rng.normal()
        called += "no evidence" not in words.conclusions(content(found))[0]
    assert called <= 4


def test_what_was_not_measured_is_a_dash_and_no_help():
    found = [row | {"modes_right": None} for row in rows(0.3)]
    assert "no evidence that it helped" in words.conclusions(content(found))[0]
    text = words.summary(content(found))
    assert re.search(rf"hardened +{NONE} +{NONE}", text)


@pytest.mark.parametrize(
    "changes", [{"amounts": (0,)}, {"seeds": (0, 1)}, {"seeds": (0,) * 8}, {"rounds": 0}]
)
def test_settings_out_of_range_are_mistakes(changes):
    with pytest.raises(checks.Mistake):
        HardenConfig(**changes)


def by_sum(x):
    """A model that is mostly wrong."""
    return np.eye(10)[(x.reshape(len(x), -1).sum(1) % 10).astype(int)] * 0.9 + 0.01


@pytest.fixture(scope="module")
def run(every_verdict, tmp_path_factory):  # noqa: ARG001 - lets some be confirmed
    """A finished stress run of few queries."""
    import genenv

    folder = tmp_path_factory.mktemp("hardening") / "run"
    genenv.stress(by_sum, None, DIGITS.x, DIGITS.label, search=["random"], budget=300, steps=20,
                  anyway=True, out=folder)  # fmt: skip
    return folder


@pytest.fixture
def few_steps(monkeypatch):
    """Fresh generators of 10 updates."""
    usual = prepared.training

    def short(objective, _steps, *others):
        return usual(objective, 10, *others)

    monkeypatch.setattr(prepared, "training", short)


def study(run, folder, **changes):
    arrays = data.from_arrays(DIGITS.x, DIGITS.label)
    config = HardenConfig(
        **{"factory": "logistic", "amounts": (5,), "budget": 64, "seeds": tuple(range(6))} | changes
    )
    subject = hardening.Classes(finished.opened(run), config.factory, arrays, None)
    return hardening.Hardening(config, subject, folder)


@pytest.mark.slow
@pytest.mark.usefixtures("few_steps")
def test_every_seed_measures_every_arm_and_a_resumed_study_has_the_same_rows(run, tmp_path):
    whole = study(run, tmp_path / "whole", rounds=2).run()
    assert len(whole["rows"]) == 6 * (4 + 1)
    assert {row["arm"] for row in whole["rows"]} == set(arms.ARMS)
    assert all(0 <= row["accuracy"] <= 1 for row in whole["rows"])
    assert not (tmp_path / "whole" / "searches").exists()
    shutil.copytree(tmp_path / "whole", tmp_path / "half")
    for seed in (2, 5):
        (tmp_path / "half" / "seeds" / f"seed-{seed}.json").unlink()
    again = study(run, tmp_path / "half", rounds=2).run(resume=True)
    assert json.dumps(again["rows"]) == json.dumps(whole["rows"])
    assert json.dumps(again["compared"]) == json.dumps(whole["compared"])


@pytest.mark.slow
@pytest.mark.usefixtures("few_steps")
def test_a_factory_that_learns_nothing_is_told(run, tmp_path):
    made = study(run, tmp_path / "same")
    learner = made.subject.learner
    first = learner(DIGITS.x[:200], DIGITS.label[:200], DIGITS.units, DIGITS.classes, 0)
    made.subject.learner = lambda *_: first
    with pytest.raises(checks.Mistake, match="the same with and without failures"):
        made.run()


@pytest.mark.slow
def test_data_that_are_not_the_runs_are_refused(run):
    other = data.from_arrays(DIGITS.x[:600], DIGITS.label[:600])
    opened = finished.opened(run)
    with pytest.raises(checks.Mistake, match="that the run was made of"):
        hardening.Classes(opened, "", other, None)
    arrays = data.from_arrays(DIGITS.x, DIGITS.label)
    with pytest.raises(checks.Mistake, match="no held-out data"):
        hardening.Classes(opened, "", arrays, other)
