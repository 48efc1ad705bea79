"""Figures of the page of reactions, from rows that are known."""

from __future__ import annotations

import re

import pytest

from genenv.report import reaction_figures as figures


def content(noises=5, accepted=20, learners=("a", "b")):
    """Two learners that meet noise at two strengths."""
    names = [f"sample:n{i}" for i in range(noises)]
    curves = [
        {
            "noise": noise,
            "learner": learner,
            "strength": strength,
            "agreement": 1 - 0.1 * strength,
            "accepted_samples": accepted,
            "accuracy_accepted": 0.7,
            "confidence": 0.9,
        }
        for noise in names
        for learner in learners
        for strength in range(6)
    ]
    return {"noises": names, "learners": list(learners), "curves": curves}


@pytest.mark.slow
def test_few_accepted_samples_draw_no_accuracy():
    dashes = [
        figures.reactions(content(accepted=accepted), "sample").count("stroke-dasharray")
        for accepted in (10, 9)
    ]
    assert dashes[0] - dashes[1] == 5 * 2  # a panel and learner


@pytest.mark.parametrize(("noises", "labelled"), [(1, 1), (4, 4), (5, 4), (7, 4)])
def test_the_lowest_panel_of_each_column_has_its_axis(noises, labelled):
    drawn = figures.reactions(content(noises), "sample")
    assert len(re.findall(">strength<", drawn)) == labelled
    assert len(re.findall(">5<", drawn)) == labelled


def test_every_learner_stands_in_the_legend_and_long_names_are_cut():
    drawn = figures.quantity(content(learners=("short", "module:" + "x" * 40)), "confidence")
    assert ">short<" in drawn
    assert f">module:{'x' * 17}…<" in drawn


def test_classes_are_shown_of_real_rows_of_as_many_generated_and_of_these_alone():
    from genenv.report.reactions import _per_class

    own = {"learner": "a", "size": 5, "filter": "none"}
    shares = [
        {**own, "share": share, "gain": gain, "per_class": [gain, seed]}
        for seed in (0, 1)
        for share, gain in ((0.0, 0.0), (0.5, 0.2), (1.0, -0.5))
    ]
    assert _per_class({"learners": ["a"], "shares": shares}, 5) == [
        ("a", "real rows alone", [0.0, 0.5]),
        ("a", "as many generated", [0.2, 0.5]),
        ("a", "generated alone", [-0.5, 0.5]),
    ]
