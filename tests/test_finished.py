"""Finished runs of every kind, asked anew: rate, starts, judge, sibling, check, harden."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import genenv
from genenv import checks, cli, finished, hardening, regression
from genenv.policies import PolicyStress
from genenv.rerating import rerate
from genenv.settings import HardenConfig, PolicyConfig

pytestmark = pytest.mark.slow

WALK = PolicyConfig(
    env="genenv/Walk1D-v0", budget=200, starts=1, search=("random",), arguments='{"edge": 20}'
)
TWENTY = 3.6592e-4  # P(|x| >= 20) within 30 steps, by quadrature


def worth(x):
    """What a drawn row is worth: no noise, so that intervals are narrow."""
    return 2 * np.asarray(x, float)[:, 0] + np.asarray(x, float)[:, 1]


def wrong(x):
    """The same, but 6 too much where column 0 is large and 6 too little where column 1 is."""
    x = np.asarray(x)
    return worth(x) + 6.0 * (x[:, 0] > 1) - 6.0 * (x[:, 1] > 1.3)


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """A run of a policy whose failure is rare."""
    folder = tmp_path_factory.mktemp("finished") / "walk"
    PolicyStress(WALK, None, False, folder).run()
    return folder


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """A run of a regressor that is wrong in a region."""
    folder = tmp_path_factory.mktemp("finished") / "values"
    x = np.random.default_rng(0).normal(size=(500, 3))
    genenv.stress(wrong, None, x, worth(x), search=["random"], budget=200, out=folder)
    return folder


def said(arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return end.value.code


def test_a_rare_failure_of_a_finished_run_of_a_policy_is_climbed_to(walk, capsys):
    before = json.loads((walk / "report.json").read_text())
    assert before["failure_probabilities"][0]["estimate"] == 0
    assert said(["rate", str(walk), "--rate-budget", "5000"]) == 0
    assert "under the law of the disturbances" in capsys.readouterr().out
    rows = json.loads((walk / "report.json").read_text())["failure_probabilities"]
    own = [row for row in rows if row["event"] == "failure"]
    assert own[0] == before["failure_probabilities"][0]
    assert "subset" in own[-1]["method"]
    assert own[-1]["low"] <= TWENTY <= own[-1]["high"]
    assert "subset simulation" in (walk / "report.html").read_text()


def test_what_random_met_often_is_counted_and_nothing_is_climbed(values):
    run = rerate(values, wrong, budget=1_000)
    assert [row["method"] for row in run.content["failure_probabilities"]] == [run.counted] * 2
    assert run.content["failure_probability"]["estimate"] > 0.1
    assert run.content["rate"]["queries"] < 1_000  # around the likeliest failures alone
    assert "standard deviations from the middle" in (values / "report.html").read_text()


def test_rates_of_another_model_are_refused(values):
    with pytest.raises(checks.Mistake, match="one that passes"):
        rerate(values, worth)
    with pytest.raises(checks.Mistake, match="answers to stored queries differ"):
        rerate(values, lambda x: wrong(x) + 0.1)
    with pytest.raises(checks.Mistake, match="an import path"):
        rerate(values)


def test_a_folder_that_stress_did_not_finish_is_told(tmp_path):
    with pytest.raises(checks.Mistake, match=r"report\.json"):
        _ = finished.opened(tmp_path).content


def test_a_policy_is_asked_what_another_failed_on_and_elsewhere_that_is_refused(walk, tmp_path):
    wide = replace(WALK, arguments="{}", starts_from=str(walk))
    with pytest.raises(checks.Mistake, match="world and disturbances"):
        PolicyStress(wide, None, False, tmp_path / "wide")
    ten = replace(WALK, arguments="{}", budget=64)
    PolicyStress(ten, None, False, tmp_path / "ten").run()
    again = replace(ten, search=("random",), starts_from=str(tmp_path / "ten"), seeds=(1,))
    rows = PolicyStress(again, None, False, tmp_path / "again").run()["searches"]
    random, stored = rows
    assert stored["name"] == "stored"
    assert stored["first_confirmed_at"] == 1  # each failure is asked as it is
    assert stored["confirmed"] > 3 * random["confirmed"]


def test_stored_failures_without_a_run_to_start_from_are_told(tmp_path):
    with pytest.raises(checks.Mistake, match="--starts-from RUN"):
        PolicyStress(replace(WALK, search=("stored",)), None, False, tmp_path / "none")


def test_a_mended_regressor_is_asked_the_failures_before_it_by_the_same_judge(values):
    x = np.random.default_rng(0).normal(size=(500, 3))
    given = {"search": ["random"], "budget": 200, "starts_from": str(values)}
    same = genenv.stress(wrong, None, x, worth(x), **given)
    mended = genenv.stress(worth, None, x, worth(x), **given)
    random, stored = same.searches
    assert stored["name"] == "stored"
    assert stored["confirmed"] > 100 > random["confirmed"]
    assert [row["confirmed"] for row in mended.searches] == [0, 0]
    before = json.loads((values / "report.json").read_text())
    assert same.data["judge"]["half_width"] == before["judge"]["half_width"]


def test_a_judge_of_other_rows_or_of_rows_it_learned_is_refused(values):
    rng = np.random.default_rng(1)
    wide = rng.normal(size=(500, 4))
    with pytest.raises(checks.Mistake, match="of other columns"):
        genenv.stress(worth, None, wide, worth(wide), judge=values, budget=64)
    x = np.random.default_rng(0).normal(size=(500, 3))
    own = x[finished.opened(values).judge().learned(x)]
    with pytest.raises(checks.Mistake, match="did not learn from"):
        genenv.stress(worth, None, x, worth(x), judge=values, budget=64, held_out=(own, worth(own)))
    with pytest.raises(checks.Mistake, match=r"report\.judge"):
        genenv.stress(worth, None, x, worth(x), judge=3, budget=64)


def test_a_sibling_that_fails_alike_raises_no_alarm_and_a_right_one_does(values):
    x = np.random.default_rng(0).normal(size=(500, 3))
    given = {"search": ["random"], "budget": 200, "judge": str(values)}
    beside = {
        name: genenv.stress(wrong, None, x, worth(x), reference=other, **given).data["modes"][0]
        for name, other in (("alike", wrong), ("right", worth), ("default", "default"))
    }
    alike = beside["alike"]["enrichment"]
    assert alike["model"] == alike["reference"] > 20
    assert not alike["alarm"]
    assert beside["right"]["enrichment"]["alarm"]
    assert beside["right"]["enrichment"]["reference"] <= 1
    assert beside["default"]["enrichment"]["draws"] == 200


def test_a_policy_is_checked_in_the_world_of_a_run_and_a_recorded_import_needs_trust(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cart_policies.py").write_text(
        "import numpy as np\n"
        "def falls(o): return np.zeros(len(o), np.int64)\n"
        "def holds(o): return (o[:, 2] + 0.3 * o[:, 3] > 0).astype(np.int64)\n"
    )
    line = "stress --env CartPole-v1 --policy cart_policies.py:falls --channels observation=0.05 "
    line += "--horizon 40 --starts 2 --failure terminated --budget 64 --search random --out run"
    assert said(line.split()) == 3  # it falls undisturbed
    limit = ["--fail-if", "p_failure > 0.2"]
    assert said(["check", "run", *limit]) == 3
    model = ["--model", "cart_policies.py:holds", "--out", "held"]
    assert said(["check", "run", *model, *limit]) == 0
    searches = json.loads((tmp_path / "held" / "report.json").read_text())["searches"]
    assert [row["name"] for row in searches] == ["random", "stored"]
    text = (tmp_path / "run" / "run.toml").read_text()
    (tmp_path / "run" / "run.toml").write_text(text.replace('"CartPole-v1"', '"other:World-v0"'))
    capsys.readouterr()
    assert said(["check", "run", *model, *limit]) == 2
    assert "--trust or --env" in capsys.readouterr().err


def test_a_regressor_is_hardened_beside_both_controls(values, tmp_path):
    x = np.random.default_rng(0).normal(size=(500, 3))
    run, valued = finished.opened(values), regression.of_arrays(x, worth(x))
    subject = hardening.Values(run, "sklearn.linear_model:LinearRegression", valued, None)
    right = worth(subject.record.x)
    assert np.median(np.abs(subject.right(subject.record) - right)) < 0.5
    assert len(np.unique(subject.mode)) >= 2  # too high in one region, too low in the other
    config = HardenConfig(amounts=(5,), budget=64, seeds=tuple(range(6)))
    content = hardening.Hardening(config, subject, tmp_path / "hardened").run()
    assert len(content["rows"]) == 6 * 4
    before = [row for row in content["rows"] if row["arm"] == "before"]
    assert all(row["accuracy"] > 0.99 and row["modes_right"] > 0.9 for row in before)
    assert "no evidence that it helped" in hardening.summary(content)
    assert "R²" in hardening.summary(content)


def test_other_rows_and_a_policy_are_not_hardened(values, walk, capsys):
    x = np.random.default_rng(1).normal(size=(500, 3))
    with pytest.raises(checks.Mistake, match="that the run was made of"):
        hardening.Values(finished.opened(values), "", regression.of_arrays(x, worth(x)), None)
    assert said(["harden", str(walk)]) == 2
    assert "a policy learns from a world" in capsys.readouterr().err


def test_people_are_not_asked_what_nobody_sees(values, walk, capsys):
    for run, kind in ((values, "regressor"), (walk, "policy")):
        assert said(["audit", str(run), "--csv"]) == 2
        assert f"that of a {kind}" in capsys.readouterr().err
