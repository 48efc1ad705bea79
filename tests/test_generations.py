"""Chains of Gaussians follow the known law: what the arms of `react --generations` rest on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from genenv import seeding, tracking
from genenv.reactions import generation_charts, generation_rows
from genenv.reactions.generations import ARMS, pool, shrinkage
from genenv.report import generation_words, reaction_figures

ROWS = 100
CHAINS = 2_000
LAST = 100


def chains(name: str, last: int = LAST, rows: int = ROWS, count: int = CHAINS):
    """Fit mean and variance by maximum likelihood, generation after generation, `count` at once.

    Returns
    -------
    Means and variances of generations 1 to `last`: (last, count) each.
    """
    draws = seeding.numpy_generator(0, name)
    label = np.zeros(rows, np.int64)
    real = draws.standard_normal((rows, count)), label
    made = []
    fits = []
    for generation in range(1, last + 1):
        x, _ = (
            real
            if generation == 1
            else pool(ARMS[name], real, lambda t: made[t - 1], generation, 0)
        )
        mean = x.mean(0)
        variance = x.var(0)
        fits.append((mean, variance))
        made.append((mean + np.sqrt(variance) * draws.standard_normal((rows, count)), label))
    means, variances = zip(*fits, strict=True)
    return np.array(means), np.array(variances)


@pytest.mark.slow
@pytest.mark.parametrize(("generation", "mean", "median"), [
    (10, 0.904, 0.82), (50, 0.605, 0.37), (100, 0.366, 0.135),
])  # fmt: skip
def test_under_replace_the_variance_falls_as_the_law_says(generation, mean, median):
    assert mean == pytest.approx((1 - 1 / ROWS) ** generation, abs=1e-3)
    found = chains("replace")[1][generation - 1]
    error = found.std() / math.sqrt(CHAINS)
    assert abs(found.mean() - mean) < 4 * error
    assert np.median(found) == pytest.approx(median, abs=0.03)


@pytest.mark.slow
def test_under_accumulate_it_stays_and_the_mean_strays_by_a_sixth_of_pi_squared():
    means, variances = chains("accumulate", last=40)
    assert variances[-1].mean() == pytest.approx(0.99, abs=0.01)
    wanted = sum(1 / t**2 for t in range(1, 41)) / ROWS  # pi^2 / 6n without end
    assert (means[-1] ** 2).mean() == pytest.approx(wanted, rel=0.1)
    assert wanted == pytest.approx(math.pi**2 / 6 / ROWS, rel=0.02)


@pytest.mark.slow
def test_a_subsample_of_all_falls_less_than_replace_and_more_than_all():
    last = {
        name: chains(name, last=40)[1][-1].mean()
        for name in ("replace", "accumulate-subsample", "accumulate")
    }
    assert last["replace"] + 0.1 < last["accumulate-subsample"] < last["accumulate"]


def test_an_arm_learns_from_what_it_says():
    real = np.zeros((5, 1)), np.zeros(5, np.int64)
    asked = []

    def made(generation):
        asked.append(generation)
        return np.full((5, 1), generation), np.full(5, generation)

    assert set(pool(ARMS["replace"], real, made, 4, 0)[1]) == {3}
    assert asked == [3]
    assert pool(ARMS["accumulate"], real, made, 3, 0)[1].tolist() == [0] * 5 + [1] * 5 + [2] * 5
    some = pool(ARMS["accumulate-subsample"], real, made, 3, 0)
    assert len(some[0]) == 5
    assert some[0][:, 0].tolist() == some[1].tolist()
    again = pool(ARMS["accumulate-subsample"], real, made, 3, 0)
    assert np.array_equal(some[0], again[0])
    assert {ARMS[name].kept for name in ("verified", "critic")} == {"judge", "critic"}


def test_shrinkage_is_the_factor_of_a_geometric_fall():
    c, explained = shrinkage([0.8 * 0.85**t for t in range(6)])
    assert c == pytest.approx(0.85)
    assert explained == pytest.approx(1)
    c, explained = shrinkage([0.8, 0.5, 0.8, 0.5, 0.8])
    assert explained < 0.5
    assert shrinkage([0.8, 0.7]) is None
    assert shrinkage([0.8, 0.0, 0.0]) is None
    assert shrinkage([0.8, 0.8, 0.8])[0] == 1


def content(spread=(0.8, 0.68, 0.578), agreement=0.99):
    """A study of two arms, one seed and one learner."""

    def row(arm, generation, share, agrees):
        figures = {
            "spread": share,
            "recall": share,
            "agreement": agrees,
            "accuracy": {"svm": share},
        }
        return {"arm": arm, "seed": 0, "generation": generation, "figures": figures}

    rows = [row(None, 0, 1.0, 0.99)]
    for arm, found in (("replace", spread), ("accumulate", (0.8, 0.8, 0.8))):
        rows += [row(arm, t, share, agreement) for t, share in enumerate(found, 1)]
    shrunk = [{"arm": "replace", "seed": 0, "c": 0.85, "explained": 1.0}]
    shrunk += [{"arm": "accumulate", "seed": 0, "c": None, "explained": None}]
    names = {"learners": ["svm"], "generations": rows, "shrinkage": shrunk, "seeds": [0]}
    return names | {"data": {"name": "digits"}}


def said(found):
    return [text.replace("\xa0", " ") for text in generation_words.sentences(found)]


def test_a_sentence_an_arm_says_what_is_lost_and_that_agreement_is_blind():
    one, two = said(content())
    assert one == (
        "Generations under replace: the 3rd keeps 57.8 % of the spread within a class, 0.85 times "
        "as much from one to the next; recall goes from 80.0 % to 57.8 %; svm goes from 80.0 % to "
        "57.8 % on real rows; agreement, 99.0 % before and 99.0 % now, does not show it."
    )
    assert "0.85" not in two
    assert two.endswith("agreement goes from 99.0 % to 99.0 %.")


def test_agreement_that_falls_too_is_not_called_blind():
    found = content()
    found["generations"][3]["figures"]["agreement"] = 0.9
    assert said(found)[0].endswith("agreement goes from 99.0 % to 90.0 %.")


def test_the_line_starts_at_the_first_generation_and_falls_by_c():
    drawn = generation_rows.line(content(), "replace")
    assert [point["generation"] for point in drawn] == [1, 2, 3]
    assert [point["value"] for point in drawn] == pytest.approx([0.8, 0.68, 0.578])
    assert generation_rows.line(content(), "accumulate") == []


def test_the_figure_has_a_panel_a_quantity_and_a_name_an_arm():
    drawn = reaction_figures.generations(content())
    for words in ("spread", "recall", "agreement", "accuracy of svm", "replace", "accumulate"):
        assert f">{words}<" in drawn
    assert reaction_figures.generations(content() | {"generations": [], "shrinkage": []}) is None


def test_tensorboard_has_a_run_an_arm_and_the_generation_as_its_step(tmp_path):
    with tracking.Tracker(tmp_path) as tracker:
        generation_charts.write(tracker, content(), "replace")
    found = tracking.read(tmp_path)
    curves = {tag: dict(zip(*map(list, curve), strict=True)) for tag, curve in found.items()}
    assert curves["generations/spread"] == pytest.approx({0: 1, 1: 0.8, 2: 0.68, 3: 0.578})
    assert curves["generations/line"][3] == pytest.approx(0.578)
    assert curves["summary/shrinkage"] == pytest.approx({0: 0.85})
    assert set(curves["generations/accuracy-of-svm"]) == {0, 1, 2, 3}
