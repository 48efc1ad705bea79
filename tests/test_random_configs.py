"""Whatever the settings, a run goes through fit, stress and replay, or is refused in a sentence."""

from __future__ import annotations

import re
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import toys
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import genenv
from genenv import judge
from genenv.checks import Mistake
from genenv.judge_fitting import JudgeFitting
from genenv.objectives import OBJECTIVES
from genenv.settings import FitConfig, ReactConfig, StressConfig

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("every_verdict")]

EXAMPLES = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # an example is a run: none is made smaller
)
TRAININGS = st.fixed_dictionaries(
    {"objective": st.sampled_from(sorted(OBJECTIVES)), "steps": st.integers(1, 4)},
    optional={
        "continuous": st.integers(0, 2),
        "categorical": st.lists(st.integers(2, 3), max_size=1),
        "critic_norm": st.sampled_from(["auto", "none", "batch", "spectral"]),
        "pack": st.integers(1, 3),
        "batch": st.integers(2, 40),
        "seed": st.integers(0, 2**40),
    },
)
SEARCHES = ["random", "evolution", "metropolis", "sobol", "gradient", "cma-es"]
RUNS = st.fixed_dictionaries(
    {
        "search": st.lists(st.sampled_from(SEARCHES), min_size=1, max_size=2, unique=True),
        "budget": st.integers(64, 150),
    },
    optional={
        "seeds": st.lists(st.integers(0, 2**31), min_size=1, max_size=2, unique=True),
        "criterion": st.sampled_from(
            ["misclassified", "misclassified:0.5", "target:1", "top-k:2", "top-k:7"]
        ),
        "seed": st.integers(0, 9),
    },
)
WRONG = {  # field -> values that it never has
    FitConfig: {
        "objective": ["gans", ""], "network": ["cnn"], "steps": [0, -3], "batch": [0],
        "width": [-1], "lr": [0.0, -1e-3], "ema": [1.5, -0.1], "pack": [0], "keep": [0],
        "categorical": [(1,)], "betas": [(0.5, 1.0)], "precision": ["16"], "best": ["kid"],
    },
    StressConfig: {
        "search": [(), ("climb",), ("random", "random")], "seeds": [(), (1, 1)],
        "budget": [0, 63, -5], "train_queries": [0], "criterion": ["wrong"], "threads": [-1],
        "query_timeout": [-1.0], "rate_budget": [0],
    },
    ReactConfig: {
        "learners": [("net",), ("cnn", "cnn")], "seeds": [()], "samples": [0], "sizes": [(0,)],
        "only": [("why",)], "threads": [-2],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def rings():
    return toys.rings(400)


@pytest.fixture(scope="module")
def judged(rings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged") / "JUDGE"
    JudgeFitting(rings, None, folder).run()
    return judge.load(folder / "judge")


def by_radius(x):
    """Answer which circle a point is nearest to, less and less sure with its angle."""
    x = np.asarray(x)
    away = np.abs(np.linalg.norm(x, axis=1)[:, None] - np.array([1, 2, 3]))
    p = np.exp(-4 * away - 2 * (x[:, :1] > 0.8) * (away < 0.5))
    return p / p.sum(1, keepdims=True)


def through(rings, judged, folder, training, run):
    """Fit, stress and replay; returns the report, and what the replay found."""
    generator = genenv.fit(
        rings.x, rings.label, out=folder / "fit", metrics=False, threads=1, **training
    )
    report = genenv.stress(
        by_radius, generator, rings.x, rings.label,
        judge=judged, out=folder / "run", threads=1, **run,
    )  # fmt: skip
    return report, genenv.replay(folder / "run", model=by_radius)


@EXAMPLES
@given(training=TRAININGS, run=RUNS)
def test_a_run_goes_through_or_is_refused_in_a_sentence(rings, judged, training, run):
    refused = None
    with tempfile.TemporaryDirectory() as folder:
        try:
            report, again = through(rings, judged, Path(folder), training, run)
        except Mistake as mistake:
            refused = mistake
        left = [place for place in Path(folder).iterdir() if not (place / "parts.json").exists()]
    if refused is not None:
        assert re.match("expected .+, got .+; .+", str(refused), re.DOTALL)
        assert not left or refused.__notes__  # which say what the folder holds
        return
    confirmed = sum(row["confirmed"] for row in report.searches)
    assert (len(again.failing), int(again.failing.sum())) == (confirmed, confirmed)
    assert {row["queries"] for row in report.searches} == {run["budget"]}


@pytest.mark.parametrize("kind", WRONG, ids=lambda kind: kind.__name__)
def test_a_wrong_setting_is_named_in_its_refusal(kind):
    assert WRONG[kind].keys() <= {field.name for field in fields(kind)}
    for name, values in WRONG[kind].items():
        for value in values:
            with pytest.raises(Mistake, match=r"expected .* got .*; ") as refused:
                kind(**{name: value})
            stem = name.removesuffix("s")
            assert stem.replace("_", " ") in str(refused.value).replace("_", " "), refused.value
