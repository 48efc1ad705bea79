"""What TensorBoard opens on for a study: which charts, in which order."""

from __future__ import annotations

from genenv.reactions import measures
from genenv.reactions.layout import layout
from genenv.tracking import Bands

NOISES = ["latent:temperature", "sample:rotate"]


def study(**changed):
    """A study of one seed and one learner that is no network."""
    curve = {"agreement": 0.9, "accuracy_accepted": 1.0, "accepted_samples": 10}
    shares = [{"size": size, "filter": "judge"} for size in (50, 1200)]
    return {
        "noises": NOISES,
        "curves": [{"noise": noise, **curve} for noise in NOISES],
        "between": [{"noise": noise, "between": 0.5} for noise in NOISES],
        "shares": shares,
        "lessons": [],
        "helps": [],
        "generations": [],
        **changed,
    }


def test_every_chart_is_one_of_bands_which_tensorboard_does_not_smooth():
    charts = [chart for charts in layout(study()).values() for chart in charts]
    assert charts
    assert all(isinstance(chart, Bands) for chart in charts)
    tags = "agreement/sample-rotate", "agreement_low/sample-rotate", "agreement_high/sample-rotate"
    assert charts[0].tags == tags


def test_charts_are_handed_over_in_reverse_as_tensorboard_turns_them_round():
    for title, charts in layout(study()).items():
        titles = [chart.title for chart in charts]
        if "Gain" in title:
            assert titles == ["filter judge, 50 real rows", "filter judge, 1,200 real rows"]
        else:
            assert titles == NOISES[::-1]


def test_what_was_not_measured_has_no_category():
    titles = [title.partition(" ")[0] for title in layout(study())]
    assert titles == ["Agreement", "Accuracy", "Gain", "Agreement"]  # no network learns
    alone = study(between=[{"noise": NOISES[0], "between": None}], shares=[])
    assert [title.partition(" ")[0] for title in layout(alone)] == ["Agreement", "Accuracy"]


def test_a_noise_without_enough_accepted_samples_has_no_chart_of_their_accuracy():
    content = study()
    content["curves"][0]["accepted_samples"] = measures.FEW - 1
    (charts,) = [charts for title, charts in layout(content).items() if "accepted" in title]
    assert [chart.title for chart in charts] == ["sample:rotate"]
