"""Answers of learners in the tab genenv."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import served
from boards import NOISES, answered, ask, context, picture, react_run, real_only
from werkzeug.test import Client

from genenv import bundled
from genenv.board import Board
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS


@pytest.mark.slow
def test_the_heat_map_follows_the_noise_and_blocks_tell_every_answer(board):
    answer = ask(board, "reactions", run="study", noise="sample:rotate")
    assert answer["noises"] == ["latent:temperature", "sample:rotate"]
    assert answer["strengths"] == list(STRENGTHS)
    heat = {row["learner"]: row["agreement"] for row in answer["heat"]}
    assert heat == {"a": [1, 1, 1, 1, 1, 0], "b": [1] * 6}
    assert answer["accepted"] == [1] * 6
    assert (answer["total"], answer["count"], len(answer["blocks"])) == (8, 8, 8)
    block = answer["blocks"][2]
    first = block["said"][0]
    assert [cell["verdict"] for cell in first["cells"]] == ["right"] * 5 + ["wrong"]
    assert first["cells"][0]["answer"] == block["condition"] != first["cells"][5]["answer"]
    assert first["cells"][0]["p"] == pytest.approx(0.91)
    asked = {"run": "study", "row": 2, "noise": "sample:rotate"}
    turned, still = picture(board, **asked, strength=5), picture(board, **asked)
    assert not np.array_equal(turned, still)


def test_samples_are_shown_that_are_asked_for(tmp_path):
    react_run(tmp_path / "run")
    path = tmp_path / "run" / "cells" / "answers-4.npz"
    answers = Answers.load(path)
    gates = {name: gate.copy() for name, gate in answers.accepted.items()}
    gates["sample:rotate"][5, :3] = False  # at strength 5 three samples are no instances
    replace(answers, accepted=gates).save(path)

    def shown(**query):
        found = answered(tmp_path / "run", "reactions", noise="sample:rotate", **query)[1]
        assert found["count"] == len(found["blocks"])
        return [block["sample"] for block in found["blocks"]]

    assert shown() == [*range(8)]
    assert shown(show="wrong") == shown(show="wrong", learner="a", strength="5") == [*range(3, 8)]
    assert shown(show="wrong", learner="b") == shown(show="wrong", strength="4") == []
    assert shown(show="refused") == [0, 1, 2]
    assert shown(show="right", strength="5", learner="b") == [*range(3, 8)]
    label = answers.label["generated"]
    assert shown(condition="3") == np.flatnonzero(label == 3).tolist()
    for query, told in (({"show": "x"}, "show"), ({"learner": "x"}, "learner")):
        code, answer = answered(tmp_path / "run", "reactions", **query)
        assert (code, f"expected {told} to be one of" in answer["error"]) == (400, True)


def test_studies_that_cannot_be_shown_are_one_sentence(tmp_path):
    react_run(tmp_path / "run")
    path = tmp_path / "run" / "cells" / "answers-4.npz"
    whole = path.read_bytes()
    real_only(tmp_path / "run")
    code, answer = answered(tmp_path / "run", "reactions")
    assert code == 400
    assert "expected noises of generated samples in run, got real:rotate" in answer["error"]
    path.write_bytes(whole)
    answers = Answers.load(path)
    replace(answers, accepted=dict.fromkeys(NOISES, np.ones((2, 8), bool))).save(path)
    os.utime(path.parent, (0, 0))
    assert (
        "accepted latent:temperature of shape (6, 8)"
        in answered(tmp_path / "run", "reactions")[1]["error"]
    )


@pytest.mark.slow
def test_the_path_of_a_sample_tells_every_probability(board):
    told = ask(board, "path", run="study", noise="sample:rotate", row=2)
    p = np.array([own["p"] for own in told["said"]])
    assert p.shape == (2, len(STRENGTHS), 10)
    assert p.sum(2) == pytest.approx(1, abs=1e-3)
    own = told["classes"].index(told["condition"])
    assert (p[:, :, own] > 0.9).tolist() == [[True] * 5 + [False], [True] * 6]
    assert told["accepted"] == [True] * 6


def chains(folder):
    """Two generations of an arm, and the first of another, beside no answers."""
    shutil.rmtree(folder / "cells")
    (folder / "cells").mkdir()
    for arm in ("critic", "replace"):
        (folder / "generations" / f"{arm}-0").mkdir(parents=True)
        figures = {"figures": {"spread": 0.9, "agreement": 0.98, "recall": 0.5}}
        (folder / "cells" / f"generations-{arm}-0-1.json").write_text(json.dumps(figures))
    ladder = sorted((bundled.FOLDER / "ladder").iterdir())[0]
    shutil.copytree(ladder, folder / "generations" / "replace-0" / "2")


def test_generations_are_shown_an_arm_a_row(tmp_path):
    react_run(tmp_path / "run")
    chains(tmp_path / "run")
    app = Board(context(tmp_path)).get_plugin_apps()
    assert Client(app["/runs"]).get("/").get_json() == [{"name": "run", "views": ["generations"]}]
    found = answered(tmp_path / "run", "generations")[1]
    assert found["last"] == 2
    assert [(a["arm"], [g["t"] for g in a["generations"]]) for a in found["arms"]] == [
        ("critic", [1]),
        ("replace", [1, 2]),
    ]
    first, later = found["arms"][1]["generations"]
    assert (first["figures"], later["figures"]) == ({"spread": 0.9, "agreement": 0.98}, {})

    def drawn(**query):
        asked = {"run": "run", "arm": "replace", "seed": 0, **query}
        return Client(app["/descendants"]).get("/", query_string=asked).data

    assert drawn(t=1) == drawn(t=1, arm="critic") != drawn(t=2)
    assert drawn(t=1, condition="3") != drawn(t=1)
    for query in ({"t": 3}, {"t": 1, "arm": "../x"}, {"t": 1, "condition": "x"}):
        asked = {"arm": "replace", "seed": 0, **query}
        assert answered(tmp_path / "run", "descendants", **asked)[0] == 400


def label_bars(tab):
    """Widths of the label's bar, a learner each, in percent."""
    found = tab.locator("#detail .fill.label")
    return found.evaluate_all("all => all.map((bar) => parseFloat(bar.style.width))")


@pytest.mark.slow
def test_a_study_opens_on_a_heat_map_and_a_cell_shows_what_is_wrong(board):
    with served.browser() as page:
        page.goto(f"{board.url}#genenv")
        tab = page.frame_locator("iframe")
        tab.locator("#run").select_option("study")
        tab.locator("#noise").select_option("sample:rotate")
        tab.get_by_text("under sample:rotate").wait_for()
        cells = tab.locator("#heat td button")
        assert cells.all_inner_texts() == ["100"] * 5 + ["0"] + ["100"] * 6
        assert tab.locator(".block").count() == 8
        assert tab.locator(".block").first.locator("td.wrong").count() == 1
        cells.nth(6).click()  # of learner b, who is always right
        tab.get_by_text("0 of 8 samples").wait_for()
        cells.nth(5).click()
        tab.get_by_text("8 of 8 samples").wait_for()
        tab.locator(".block .frame").nth(5).click()
        tab.locator("#path[src*='strength=5']").wait_for()
        widths = tab.locator("#detail .fill.label").evaluate_all(
            "all => all.map(e => e.style.width)"
        )
        assert [float(width.rstrip("%")) > 50 for width in widths] == [False, True]
        tab.locator("#frame").fill("4")
        tab.locator("#path[src*='strength=4']").wait_for()
        widths = tab.locator("#detail .fill.label").evaluate_all(
            "all => all.map(e => e.style.width)"
        )
        assert [float(width.rstrip("%")) > 50 for width in widths] == [True, True]


@pytest.mark.slow
def test_generations_stand_beside_each_other(tmp_path):
    react_run(tmp_path / "run")
    chains(tmp_path / "run")
    with served.browser() as page:
        tab = served.Board(tmp_path).tab(page)
        tab.locator("#generations img").nth(2).wait_for()
        tab.get_by_text("spread 90 %").first.wait_for()
        tab.locator("#condition").select_option("3")
        tab.locator("#generations img[src*='condition=3']").first.wait_for()
