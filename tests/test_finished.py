"""Finished runs of every kind, asked anew by the commands: rate."""

from __future__ import annotations

import json

import numpy as np
import pytest

import genenv
from genenv import checks, cli, finished
from genenv.policies import PolicyStress
from genenv.rerating import rerate
from genenv.settings import PolicyConfig

WALK = PolicyConfig(
    env="genenv/Walk1D-v0", budget=200, starts=2, search=("random",), arguments='{"edge": 20}'
)
TWENTY = 3.6592e-4  # P(|x| >= 20) within 30 steps, by quadrature


def worth(x):
    """What a drawn row is worth: no noise, so that intervals are narrow."""
    return 2 * np.asarray(x, float)[:, 0] + np.asarray(x, float)[:, 1]


def wrong(x):
    """The same, but 6 too much where column 0 is large: 16 % of rows."""
    return worth(x) + 6 * (np.asarray(x)[:, 0] > 1)


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
    assert said(["rate", str(walk), "--rate-budget", "20000"]) == 0
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
