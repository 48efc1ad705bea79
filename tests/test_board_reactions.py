"""Answers of learners in the tab genenv."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import served
from boards import NOISES, answered, ask, picture, react_run, real_only

from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS


def test_reactions_follow_noise_and_strength(board):
    answer = ask(board, "reactions", run="study", noise="sample:rotate", strength=5)
    assert answer["noises"] == ["latent:temperature", "sample:rotate"]
    assert answer["strengths"] == list(STRENGTHS)
    verdicts = {r["learner"]: r["verdict"] for r in answer["rows"]}
    assert verdicts == {"a": "wrong, accepted", "b": "right, accepted"}
    at_rest = ask(board, "reactions", run="study", noise="sample:rotate")
    assert {r["verdict"] for r in at_rest["rows"]} == {"right, accepted"}
    asked = {"run": "study", "row": 2, "noise": "sample:rotate"}
    turned = picture(board, **asked, strength=5)
    still = picture(board, **asked)
    assert not np.array_equal(turned, still)


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


def test_the_path_of_a_sample_tells_every_answer_to_it(board):
    rows = ask(board, "path", run="study", noise="sample:rotate", row=2)
    assert len(rows) == 2 * len(STRENGTHS)
    own = [row["verdict"] for row in rows if row["learner"] == "a"]
    assert own == ["right, accepted"] * 5 + ["wrong, accepted"]
    at = ask(board, "reactions", run="study", noise="sample:rotate", strength=5)["rows"]
    row = {"strength": 5} | next(r for r in at if (r["learner"], r["sample"]) == ("a", 2))
    assert row in rows


@pytest.mark.slow
def test_picture_and_words_of_the_chosen_sample_stay_together(board):
    with served.browser() as page:
        page.goto(f"{board.url}#genenv")
        tab = page.frame_locator("iframe")
        tab.locator("#run").select_option("study")
        tab.locator("#noise").select_option("sample:rotate")
        tab.locator(".gallery button").first.click()  # learner a, who is wrong at strength 5 alone
        words = tab.locator("#detail dl")
        words.get_by_text("right, accepted").wait_for()
        tab.locator("#detail input").fill("5")
        words.get_by_text("wrong, accepted").wait_for()
        assert "strength=5" in tab.locator("#path").get_attribute("src")
        tab.locator("#detail input").fill("4")
        words.get_by_text("right, accepted").wait_for()
        tab.locator("#strength").fill("5")
        tab.locator("#strength").dispatch_event("change")
        words.get_by_text("wrong, accepted").wait_for()  # of the same sample, at the new strength
        tab.locator("#noise").select_option("latent:temperature")
        tab.locator("#path[src*='latent']").wait_for()
        assert "wrong, accepted" in words.inner_text()
