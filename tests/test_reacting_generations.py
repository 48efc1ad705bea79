"""The question generations on digits, with everything small."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import toys

import genenv
from genenv import bundled, data, networks, tracking
from genenv.board.reactions import Reactions
from genenv.checks import Mistake
from genenv.judge import Guide
from genenv.reacting import Reacting
from genenv.reactions import mixing
from genenv.settings import ReactConfig

pytestmark = pytest.mark.slow

CONFIG = ReactConfig(
    learners=("logistic",),
    steps=20,
    generations=3,
    arms=("replace", "accumulate", "verified"),
    only=("generations",),
)


@pytest.fixture(scope="module", autouse=True)
def every_sample_is_accepted():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guide, "look", toys.taken_for_real)
        yield


def study(folder, config=CONFIG, **more):
    digits = data.load("digits")
    return Reacting(config, digits.at(np.arange(0, 1797, 3)), None, folder, **more)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generations") / "run"
    return folder, study(folder).run()


def test_every_arm_has_every_generation_after_the_real_rows(done):
    rows = done[1]["generations"]
    assert [(row["arm"], row["generation"]) for row in rows] == [
        (None, 0),
        *((arm, t) for arm in CONFIG.arms for t in (1, 2, 3)),
    ]
    first = [row["figures"] for row in rows if row["generation"] == 1]
    assert first[0] == first[1] == first[2]  # one generator, fitted on real rows
    assert len({row["figures"]["spread"] for row in rows}) == 2 + 2 * 3
    for row in rows:
        assert {"spread", "recall", "precision", "agreement", "accuracy"} <= row["figures"].keys()
        assert row["figures"]["accuracy"].keys() == {"logistic"}


def test_the_law_of_each_arm_and_the_sentence_stand_in_json_page_and_tensorboard(done):
    folder, content = done
    assert [row["arm"] for row in content["shrinkage"]] == list(CONFIG.arms)
    assert all(row["c"] > 0 for row in content["shrinkage"])
    stored = json.loads((folder / "react.json").read_text())
    assert stored["generations"] == content["generations"]
    page = (folder / "react.html").read_text()
    assert "Generations under replace: the 3rd keeps" in page
    assert "Shrinkage of the spread a generation" in page
    curves = tracking.read(folder / "overview" / "generations-verified")
    assert list(curves["generations/recall"][0]) == [0, 1, 2, 3]


def test_the_images_of_an_arm_have_the_generation_as_their_step(done):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(done[0] / "overview" / "generations-replace" / "gallery"))
    events.Reload()
    drawn = events.Images("generations/samples")
    assert [each.step for each in drawn] == [0, 1, 2, 3]
    assert len({each.encoded_image_string for each in drawn}) == 4


def test_the_tab_says_that_a_study_of_generations_has_no_answers_to_noise(done):
    with pytest.raises(Mistake, match="answers in run that can be read, got no file"):
        Reactions(done[0])


def without_seconds(content):
    return {key: value for key, value in content.items() if key != "timings"}


def test_a_resumed_study_makes_what_is_missing_and_nothing_else(done, tmp_path, monkeypatch):
    again = Path(shutil.copytree(done[0], tmp_path / "run"))
    shutil.rmtree(again / "generations" / "replace-0" / "3")
    (again / "cells" / "generations-replace-0-3.json").unlink()
    fits = []
    real = genenv.prepared.fitted
    monkeypatch.setattr("genenv.prepared.fitted", lambda *a: fits.append(a) or real(*a))
    content = study(again).run(resume=True)
    assert without_seconds(content)["generations"] == done[1]["generations"]
    assert len(fits) == 1


def test_an_arm_whose_filter_keeps_too_little_ends_and_is_told(done, tmp_path, monkeypatch):
    made = mixing.generated

    def refused(generator, guide, count, seed, kept):
        return None if kept == "judge" else made(generator, guide, count, seed, kept)

    monkeypatch.setattr(mixing, "generated", refused)
    config = ReactConfig(**(vars(CONFIG) | {"arms": ("verified",)}))
    content = study(tmp_path / "run", config, judge=done[0]).run()
    assert [row["generation"] for row in content["generations"]] == [0, 1]
    told = " ".join(content["told"])
    assert "The arm verified ended before generation 2: of some class too few" in told
    assert content["shrinkage"][0]["c"] is None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"arms": ("fresh",)}, "arm to be one of replace, accumulate"),
        ({"arms": ("replace", "replace")}, "arms"),
        ({"generations": 0}, "generations to be a whole number above 0"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(settings, says):
    with pytest.raises(Mistake, match=says):
        ReactConfig(**settings)


def test_generations_are_of_the_generator_that_is_fitted(tmp_path):
    given = networks.load(bundled.FOLDER / "generator")
    with pytest.raises(Mistake, match=r"generations of the generator that is fitted here, got one"):
        Reacting(CONFIG, data.load("digits"), given, tmp_path / "run")


def test_the_number_alone_asks_for_them_beside_the_usual_questions(tmp_path):
    asked = study(tmp_path / "run", ReactConfig(generations=2, learners=("logistic",))).asked
    assert asked == ("noise", "helps", "generations")
