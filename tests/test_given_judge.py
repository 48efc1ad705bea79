"""A judge that was made elsewhere and stands as it is in stress and react."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import toys

import genenv
from genenv import cli, data, downstream, judge, prepared
from genenv.checks import Mistake
from genenv.generators import wrap
from genenv.given_judge import IN_PYTHON, given_judge
from genenv.judge_fitting import JudgeFitting
from genenv.probe import Probe
from genenv.reacting import Reacting
from genenv.settings import ReactConfig, StressConfig
from genenv.stressing import Stressing

CONFIG = StressConfig(search=("random",), budget=64)


@pytest.fixture(scope="module")
def rings():
    return toys.rings(600)


@pytest.fixture(scope="module")
def folder(rings, tmp_path_factory):
    made = tmp_path_factory.mktemp("given") / "JUDGE"
    JudgeFitting(rings, None, made).run()
    return made


@pytest.fixture(scope="module")
def made(folder):
    return judge.load(folder / "judge")


@pytest.fixture(scope="module")
def generator(rings):
    """Latents are added to a fixed row of each class."""
    first = np.stack([rings.x[rings.label == c][0] for c in range(3)])

    def decoder(e, label):
        return first[np.asarray(label)] + 0.1 * np.asarray(e)

    return wrap(decoder, rings.x, rings.label, base_dim=2)


def refuses_to_train(*_, **__):
    raise AssertionError("a judge was trained")


@pytest.mark.slow
def test_stress_takes_gates_and_cut_as_they_stand_and_trains_no_judge(
    rings, folder, made, generator, tmp_path, monkeypatch
):
    monkeypatch.setattr(prepared, "make_judge", refuses_to_train)
    out = tmp_path / "RUN"
    run = Stressing(CONFIG, rings, None, None, generator, out, judge=folder)
    report = run.run()
    kept = judge.load(out / "judge")
    assert kept.audit.cut == made.audit.cut
    assert kept.belief == replace(made.belief, model="the model that it was made beside")
    assert [g.to_json() for g in kept.audit.gates] == [g.to_json() for g in made.audit.gates]
    assert np.array_equal(kept.probability(rings.x[:9]), made.probability(rings.x[:9]))
    assert str(folder) in " ".join(report.evidence.notes)
    assert f"is that of {folder}, as it stands, and refuses" in str(report)
    assert report.data["judge"]["taken_from"] == f"that of {folder}"
    asked = report.data["judge"]["contradictions"]  # of this run's model, on this run's rows
    assert asked["model_accuracy"]["rows"] == report.data["judge"]["test_rows"]
    assert asked["model_accuracy"]["share"] == pytest.approx(report.data["model"]["test_accuracy"])
    assert json.loads((out / "config.json").read_text())["judge"] == given_judge(folder).digest


@pytest.mark.slow
def test_its_own_figures_are_kept_and_refusals_are_of_the_rows_of_the_run(rings, made):
    other = toys.rings(500, seed=7)
    split = data.split(other, 0)
    found = given_judge(made).measured(other, split)
    assert found["own"]["test_rows"] == made.quality["test_rows"]
    assert found["own"]["real_rejected"] == made.quality["real_rejected"]
    x, label = other.pick(split.test)
    refused = 1 - made.accepts(x, label).mean()
    assert found["real_rejected"]["joint"]["share"] == pytest.approx(refused)
    assert (found["test_rows"], found["learned_from"]) == (len(label), 0)
    assert found["untouched"]
    again = given_judge(replace(made, quality=found)).measured(rings, data.split(rings, 0))
    assert again["own"] == found["own"]


def test_rows_that_it_learned_from_are_counted_and_told(rings, made):
    here = data.split(rings, 0)
    elsewhere = data.split(rings, 1)
    given = given_judge(made)
    assert given.measured(rings, here)["learned_from"] == 0
    found = given.measured(rings, elsewhere)
    both = len(np.setdiff1d(elsewhere.test, here.test))
    assert found["learned_from"] == both > 0
    assert not found["untouched"]
    assert any(f"{both:,} of the" in sentence for sentence in given.overlap(rings, elsewhere))
    assert IN_PYTHON in given.overlap(rings, here)[0]


def test_react_takes_it_too(rings, made, generator, tmp_path):
    study = Reacting(
        ReactConfig(learners=("logistic",), samples=20), rings, generator, tmp_path, judge=made
    )
    assert study.get(study.judge).audit.cut == made.audit.cut
    assert "judge" not in study.totals()
    assert study.settings()["judge"] == given_judge(made).digest
    assert any(IN_PYTHON in sentence for sentence in study.notes)


def test_a_judge_of_other_data_or_classes_is_refused_in_one_sentence(rings, made, tmp_path):
    wide = data.from_arrays(np.hstack([rings.x, rings.x]), rings.label)
    named = replace(rings, classes=("a", "b", "c"))
    for other in (wide, named):
        with pytest.raises(Mistake, match=r"expected a judge of shape .* make one of these data"):
            Stressing(CONFIG, other, None, None, None, tmp_path / "RUN", judge=made)
        with pytest.raises(Mistake, match=r"expected a judge of shape .* make one of these data"):
            Reacting(ReactConfig(), other, None, tmp_path / "RUN", judge=made)
    assert not (tmp_path / "RUN").exists()


def test_a_judge_of_an_older_version_is_refused_by_name(rings, made):
    without = {name: v for name, v in made.quality.items() if name != "unreal_by_class"}
    old = given_judge(replace(made, quality=without))
    with pytest.raises(Mistake, match="a judge of this version, got one without unreal_by_class"):
        old.check_fits(rings)


def test_what_is_no_judge_is_a_mistake(rings, tmp_path, capsys):
    with pytest.raises(Mistake, match="a judge or its folder"):
        genenv.stress(None, None, rings.x, rings.label, judge=3)
    for command in ("stress", "react"):
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "ring", "--judge", str(tmp_path), "--out", str(tmp_path / "RUN")])
        assert ended.value.code == 2
        assert "make one with `genenv judge`" in capsys.readouterr().err


def test_a_guide_sees_samples_of_a_generator_with_another_map_as_it_learned_them(rings, made):
    first = np.stack([rings.x[rings.label == c][0] for c in range(3)])
    wide = wrap(lambda _, label: first[np.asarray(label)], 3 * rings.x + 1, rings.label, base_dim=2)
    model = downstream.wrap(lambda x: np.full((len(x), 3), 1 / 3), wide.units, wide.classes)
    label = torch.arange(3)
    found = Probe(wide, model, made.guide)(torch.zeros(3, 2), label)
    own = made.guide.look(made.guide.units.encode(made.guide.units.tensor(first)), label)
    assert np.allclose(found.guide_distance, own[1], atol=1e-4)
    wrong = made.guide.look(wide.units.encode(wide.units.tensor(first)), label)
    assert not np.allclose(wrong[1], own[1], atol=1e-4)
