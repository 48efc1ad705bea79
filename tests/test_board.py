"""The tab genenv in TensorBoard: what it serves, and a click on a failure."""

from __future__ import annotations

import io
import json
import shutil
import urllib.error

import numpy as np
import pytest
import served
import torch
from PIL import Image

from genenv import bundled, data, networks
from genenv.board import Board
from genenv.board.folders import runs
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, Lot
from genenv.runs import load_probe

NOISES = ("latent:temperature", "sample:rotate", "real:rotate")
FLIPS = 12


def stress_run(folder):
    """A run as `stress` leaves it: 40 queries, of which the first 12 are flips."""
    shutil.copytree(bundled.FOLDER / "generator", folder / "generator")
    probe = load_probe(bundled.FOLDER)
    label = torch.arange(40) % 10
    found = probe(probe.generator.noise.base(40, seed=0), label)
    (folder / "findings").mkdir()
    (folder / "model").mkdir()
    (folder / "model" / "model.json").write_text(json.dumps({"path": "<b>mine</b>:model"}))
    np.savez(
        folder / "findings" / "00000.npz",
        e=found.e,
        label=found.label,
        output=found.output,
        severity=np.where(np.arange(40) < FLIPS, 1.0, -1.0).astype(np.float32),
        verdict=(np.arange(40) % 3 + 1).astype(np.int8),
        search=np.full(40, "random"),
        seed=np.zeros(40, np.int64),
        index=np.arange(40),
    )
    return found


def react_run(folder):
    """A study as `react` leaves it: learner b is always right, a never at strength 5."""
    shutil.copytree(bundled.FOLDER / "generator", folder / "generator")
    generator = networks.load(folder / "generator")
    digits = data.load("digits")
    lot = Lot(generator, (digits.x[:6], digits.label[:6]), 8, seed=4)
    labels = {"generated": lot.label, "met": lot.met[1], "real": lot.real[1]}
    log_p, accepted = {}, {}
    for noise in NOISES:
        label = labels["met" if noise.startswith("real") else "generated"]
        right = np.log(np.eye(10)[label] * 0.9 + 0.01)
        wrong = np.log(np.eye(10)[(label + 1) % 10] * 0.9 + 0.01)
        a = [wrong if s == 5 else right for s in STRENGTHS]
        log_p[noise] = np.array([a, [right] * len(STRENGTHS)], np.float32)
        accepted[noise] = np.ones((len(STRENGTHS), len(label)), bool)
    (folder / "cells").mkdir()
    real = np.log(np.eye(10)[labels["real"]] * 0.9 + 0.01)
    real = np.array([real, real], np.float32)
    answers = Answers(NOISES, ("a", "b"), labels, accepted, log_p, real)
    answers.save(folder / "cells" / "answers-4.npz")


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    root = tmp_path_factory.mktemp("board")
    outside = tmp_path_factory.mktemp("outside")
    stress_run(root / "deep" / "stress")
    react_run(root / "study")
    stress_run(outside / "secret")
    (root / "link").symlink_to(outside / "secret")
    (root / "half").mkdir()
    (root / "half" / "findings").mkdir()
    return root


@pytest.fixture(scope="module")
def board(logdir):
    return served.Board(logdir)


def ask(board, route, **query):
    return board.plugin(f"genenv/{route}", **query)


def refused(board, route, **query):
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(board, route, **query)
    assert caught.value.code == 400
    return json.loads(caught.value.read())["error"]


def picture(board, **query):
    return np.asarray(Image.open(io.BytesIO(board.raw("plugin/genenv/picture", **query))))


def test_runs_are_found_below_the_folder_and_links_out_of_it_are_left_out(logdir, board):
    assert list(runs(logdir)) == ["deep/stress", "study"]
    kinds = {"deep/stress": "stress", "study": "react"}
    assert {run["name"]: run["kind"] for run in ask(board, "runs")} == kinds


def test_tensorboard_knows_the_tab(board):
    listing = board.ask("plugins_listing")["genenv"]
    assert listing["enabled"]
    assert listing["tab_name"] == "genenv"
    assert b"export async function render" in board.raw("plugin/genenv/index.js")


def test_flips_are_told_in_words(board):
    answer = ask(board, "flips", run="deep/stress")
    assert len(answer["rows"]) == answer["total"] == FLIPS
    assert answer["unread"] == []
    row = answer["rows"][3]
    assert (row["condition"], row["query"]) == ("3", 3)
    assert row["learner"] == "<b>mine</b>:model found by random"
    assert {r["verdict"] for r in answer["rows"]} == {"invalid", "ambiguous", "confirmed"}


def test_the_picture_of_a_flip_is_its_sample_and_the_path_ends_there(board):
    generator = networks.load(bundled.FOLDER / "generator")
    e = generator.noise.base(40, seed=0)
    with torch.no_grad():
        u = generator.eval().from_base(e[5:6], torch.tensor([5]))
    units = generator.units
    expected = units.store(units.from_unit(u))[0]
    whole = picture(board, run="deep/stress", row=5)
    scale = (expected.astype(float) - units.low[0]) / (units.high[0] - units.low[0])
    assert np.abs(whole.astype(float) - 255 * scale).max() < 1.01
    assert np.array_equal(whole, picture(board, run="deep/stress", row=5, frame=15))
    assert not np.array_equal(whole, picture(board, run="deep/stress", row=5, frame=0))


def test_reactions_follow_noise_and_strength(board):
    answer = ask(board, "reactions", run="study", noise="sample:rotate", strength=5)
    assert answer["noises"] == ["latent:temperature", "sample:rotate"]
    assert answer["strengths"] == list(STRENGTHS)
    verdicts = {r["learner"]: r["verdict"] for r in answer["rows"]}
    assert verdicts == {"a": "wrong, accepted", "b": "right, accepted"}
    at_rest = ask(board, "reactions", run="study", noise="sample:rotate")
    assert {r["verdict"] for r in at_rest["rows"]} == {"right, accepted"}
    asked = {"run": "study", "row": 2, "noise": "sample:rotate"}
    turned, still = picture(board, **asked, strength=5), picture(board, **asked)
    assert not np.array_equal(turned, still)


def test_a_shard_that_is_cut_off_is_named_and_the_rest_is_shown(logdir, board):
    shard = logdir / "deep" / "stress" / "findings" / "00001.npz"
    shard.write_bytes(b"PK half of a file")
    try:
        answer = ask(board, "flips", run="deep/stress")
        assert len(answer["rows"]) == FLIPS
        assert answer["unread"] == ["00001.npz"]
    finally:
        shard.unlink()


@pytest.mark.parametrize(
    ("route", "query", "sentence"),
    [
        ("flips", {}, "expected run to be one of deep/stress, study, got ''"),
        ("flips", {"run": "../outside"}, "expected run to be one of"),
        ("flips", {"run": "link"}, "expected run to be one of"),
        ("flips", {"run": "study"}, "expected a run of stress, got one of react"),
        ("reactions", {"run": "study", "noise": "real:rotate"}, "expected noise to be one of"),
        ("reactions", {"run": "study", "strength": "9"}, "expected strength from 0 to 5, got '9'"),
        ("picture", {"run": "deep/stress", "row": "12"}, "expected row to be one of"),
        ("picture", {"run": "deep/stress", "row": "-1"}, "expected row from 0"),
        ("picture", {"run": "deep/stress", "row": "0", "frame": "99"}, "expected frame from 0"),
        ("picture", {"run": "study", "row": "99", "noise": "sample:rotate"}, "expected row to be"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(board, route, query, sentence):
    assert sentence in refused(board, route, **query)


def test_without_runs_the_tab_is_inactive(tmp_path):
    class Context:
        logdir = str(tmp_path)

    assert not Board(Context()).is_active()


def test_a_click_on_a_failure_shows_its_path(board):
    with served.browser() as page:
        page.goto(f"{board.url}#genenv")
        tab = page.frame_locator("iframe")
        tab.locator("#run").select_option("deep/stress")
        tab.locator(".gallery button").nth(FLIPS - 1).wait_for()
        tab.locator("#verdict").select_option("confirmed")
        tab.locator(".gallery button").first.click()
        assert "<b>mine</b>:model" in tab.locator("#detail").inner_text()  # shown, not obeyed
        assert "confirmed" in tab.locator("#detail").inner_text()
        first = tab.locator("#path").get_attribute("src")
        tab.locator("#play").click()
        tab.locator("#path[src*='frame=15']").wait_for()
        assert first.endswith("frame=15")
        tab.locator("#run").select_option("study")
        tab.locator("#noise").select_option("sample:rotate")
        tab.locator("#strength").fill("5")
        tab.locator("#strength").dispatch_event("change")
        tab.locator("#verdict option[value='wrong, accepted']").wait_for(state="attached")
