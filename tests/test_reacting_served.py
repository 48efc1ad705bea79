"""What TensorBoard serves and draws of a small study of its own, as the command leaves it."""

from __future__ import annotations

import io
import urllib.error

import numpy as np
import pytest
import served
import toys
from PIL import Image

from genenv import bundled, data, networks, tracking
from genenv.judge import Guide
from genenv.reacting import Reacting
from genenv.settings import ReactConfig

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("able_parts")]

NOISES = ("latent:temperature", "sample:rotate", "real:rotate")
CONFIG = ReactConfig(
    ("logistic", "mlp"), NOISES, samples=40, sizes=(60, 80), only=("noise", "shares", "lessons")
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A study with one seed, the default."""
    folder = tmp_path_factory.mktemp("reacted") / "study"
    generator = networks.load(bundled.FOLDER / "generator")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guide, "look", toys.taken_for_real)
        Reacting(CONFIG, data.load("digits"), generator, folder).run()
    return folder


@pytest.fixture(scope="module")
def overview(run):
    return served.Board(run / "overview")


def titles(board):
    categories = board.plugin("custom_scalars/layout")["category"]
    return {category["title"]: [c["title"] for c in category["chart"]] for category in categories}


def test_every_chart_of_the_overview_has_a_band_with_its_curve(run, overview):
    curves = tracking.read_all(run / "overview")
    assert set(curves) == {".", "logistic", "mlp"}
    for category in overview.plugin("custom_scalars/layout")["category"]:
        for chart in category["chart"]:
            ((value, lower, upper),) = (
                (s["value"], s["lower"], s["upper"]) for s in chart["margin"]["series"]
            )
            found = [own for own in curves.values() if {value, lower, upper} <= own.keys()]
            assert found, chart["title"]
            for own in found:
                assert own[value][0].tolist() == own[lower][0].tolist() == own[upper][0].tolist()
                assert (own[lower][1] <= own[value][1]).all()
                assert (own[value][1] <= own[upper][1]).all()


def test_the_overview_has_all_that_was_measured(overview):
    found = titles(overview)
    assert len(found) == 5
    gain = next(charts for title, charts in found.items() if title.startswith("Gain"))
    assert "filter judge, 60 real rows" in gain
    assert "filter judge, 80 real rows" in gain


def test_a_row_of_hparams_is_a_learner_and_says_which_study_it_is_of(run):
    board = served.Board(run)
    columns = [info["name"] for info in board.plugin("hparams/experiment", {})["hparamInfos"]]
    assert set(columns) == {"learner", "data", "seeds", "samples", "generator"}
    row, values, _ = board.sessions()["overview/mlp"]
    assert (row["learner"], row["data"], row["seeds"], row["samples"]) == ("mlp", "digits", "0", 40)
    assert row["generator"].startswith("relativistic mlp ")
    assert 0 < values["summary/agreement_3/sample-rotate"] <= 1


def test_the_page_draws_the_charts_in_the_order_of_the_study(overview):
    with served.browser() as page:
        page.goto(f"{overview.url}#custom_scalars")
        page.get_by_text("Matches (2)").nth(2).wait_for()  # both learners in each chart
        places = [page.get_by_text(noise, exact=True).first.bounding_box() for noise in NOISES]
        order = [(place["y"], place["x"]) for place in places]
        assert order == sorted(order)
        assert page.locator("svg .line, path.line, g.plot path").count()


def test_the_tab_genenv_shows_the_study(run):
    board = served.Board(run)
    assert board.plugin("genenv/runs") == [{"name": ".", "views": ["noise"]}]
    answer = board.plugin("genenv/reactions", run=".", noise="sample:rotate")
    assert answer["noises"] == ["latent:temperature", "sample:rotate"]
    assert answer["total"] == CONFIG.samples
    path = board.plugin("genenv/path", run=".", noise="sample:rotate", row=0)
    assert {row["learner"] for row in path["said"]} == {"logistic", "mlp"}
    asked = {"run": ".", "row": 0, "noise": "sample:rotate", "strength": 3}
    picture = Image.open(io.BytesIO(board.raw("plugin/genenv/picture", **asked)))
    assert np.asarray(picture).shape == (8, 8)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        board.plugin("genenv/path", run=".", noise="real:rotate", row=0)


def test_the_page_of_the_study_shows_all_that_react_json_has(run):
    page = (run / "react.html").read_text()
    for words in (
        "Share of samples that the audit accepts",
        "Confidence: mean probability",
        "Entropy of the learner&#39;s probabilities",
        "Expected calibration error",
        "Agreement between learners",
        "Beside 80 real rows",
        "Beside 60 real rows",
        "Accuracy of each class, beside 60 real rows",
        "where at least 10 of a seed are",
    ):
        assert words in page, words
    assert page.count("dotted: accepted ones") == 3  # a legend at each figure


def test_the_page_goes_from_sentences_to_heat_map_to_pictures_to_curves(run):
    page = (run / "react.html").read_text()
    heads = (
        'class="verdict">logistic ',
        ">Learners under noise of strength 3<",
        ">What each strength is<",
        ">Latents of the generator change<",
        ">Generated samples beside hard real rows<",
        ">How it was made<",
    )
    places = [page.rindex(head) for head in heads]  # the first ones are links to these
    assert places == sorted(places)
    for noise in NOISES:
        assert page.count(f'alt="A sample under {noise}, strength 0 to 5"') == 1
