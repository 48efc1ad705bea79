"""Lights of a generator, and what its metrics show to be wrong."""

from __future__ import annotations

import pytest

from genenv.metrics import diagnoses, generator_light, untried

HEALTHY = {
    "spread": 0.97,
    "recall": 0.85,
    "recall_real": 0.9,
    "coverage": 0.96,
    "coverage_real": 0.97,
    "gan_train_svm": 0.98,
    "real_train_svm": 0.98,
    "gan_train_network": 0.97,
    "real_train_network": 0.99,
    "agreement": 0.99,
    "frechet": 0.3,
    "frechet_real": 0.2,
    "variance_of_features": 40.0,
}
LIMITS = [  # figure, just good, just doubtful, just bad
    ("spread", 0.85, 0.84, 0.49),
    ("recall", 0.45, 0.44, 0.17),
    ("coverage", 0.49, 0.48, 0.19),
    ("gan_train_svm", 0.94, 0.92, 0.78),
    ("gan_train_network", 0.95, 0.93, 0.79),
    ("agreement", 0.9, 0.89, 0.79),
]


@pytest.mark.parametrize(("figure", "good", "doubtful", "bad"), LIMITS)
def test_each_figure_alone_turns_the_light(figure, good, doubtful, bad):
    lights = [generator_light(HEALTHY | {figure: value}, {}) for value in (good, doubtful, bad)]
    assert [light.light for light in lights] == ["good", "doubtful", "bad"]
    assert lights[0].advice == ""
    assert all(light.advice.startswith("try ") for light in lights[1:])


def test_the_worst_figures_are_said_and_no_others():
    light = generator_light(HEALTHY | {"spread": 0.4, "recall": 0.1, "agreement": 0.85}, {})
    assert light.light == "bad"
    assert light.figure.split("; ") == [
        "the samples have 0.40 of the variety of the data",
        "the samples miss the data: recall is 0.100, 0.900 by real rows in their place",
    ]


def test_a_good_light_tells_its_figures():
    said = generator_light(HEALTHY, {}).figure
    assert said.startswith(
        "spread 0.97; recall 0.85 (0.90 by real rows); coverage 0.96 (0.97 by real rows); "
        "Fréchet distance 0.3 (0.2 by real rows); GAN-train accuracy of an SVM 0.98"
    )


def test_samples_far_from_the_data_are_no_good_whatever_else_is():
    far = generator_light(HEALTHY | {"frechet": 7.2}, {})
    assert far.light == "doubtful"
    assert far.figure.startswith("the samples are far from the data")


def test_what_was_not_measured_decides_nothing_and_nothing_at_all_is_doubtful():
    assert generator_light({"spread": 0.97}, {}).light == "good"
    assert generator_light({}, {}).light == "doubtful"
    assert generator_light({"recall": float("nan"), "recall_real": 0.9}, {}).light == "bad"


def test_advice_names_nothing_that_is_in_use():
    narrow = HEALTHY | {"spread": 0.8}
    usual = generator_light(narrow, {"objective": "relativistic", "ema": None}).advice
    other = generator_light(narrow, {"objective": "gan", "ema": 0.999}).advice
    assert "relativistic" not in usual and "ema" not in usual  # noqa: PT018
    assert "objective relativistic" in other and "the usual average" in other  # noqa: PT018


def test_a_decoder_from_elsewhere_is_given_no_setting_of_a_training_here():
    facts = {"network": "wrapped", "noise": "Gaussian"}
    advice = generator_light(HEALTHY | {"spread": 0.4}, facts).advice
    assert advice == "try another decoder or more of its own training"


def test_ailments_are_variety_recall_and_distance():
    assert diagnoses(HEALTHY, {}) == []
    sick = HEALTHY | {"spread": 0.81, "recall": 0.004, "coverage": 0.01, "frechet": 7.2}
    narrow, missed, bare, far = diagnoses(sick, {})
    assert narrow.startswith("the samples have 0.81 of the variety of the data; try ")
    assert missed.startswith("the samples miss the data: recall is 0.004, 0.900 by real rows")
    assert bare.startswith("real rows have no sample near them: coverage is 0.010, 0.970 by real")
    assert far.startswith("the samples are far from the data: their Fréchet distance is 7.2, that")


def test_options_in_use_are_left_out():
    options = (("objective", "gan", "objective gan"), ("critic_steps", 1, "fewer critic_steps"))
    assert untried({}, options) == "try objective gan or fewer critic_steps"
    assert untried({"critic_steps": 1}, options, "a", "b") == "try objective gan, a or b"
    assert untried({"critic_steps": 1, "objective": "gan"}, options) == ""
