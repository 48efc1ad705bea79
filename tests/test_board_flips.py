"""Failures of a stress run in the tab genenv."""

from __future__ import annotations

import io
import shutil
import threading

import numpy as np
import pytest
import served
import torch
from boards import FLIPS, answered, ask, changed, context, flips, picture, stress_run
from PIL import Image
from werkzeug.test import Client

from genenv import bundled, networks
from genenv.board import Board, index
from genenv.board.flips import Flips
from genenv.judge import load_guide

FLIP = {"run": "deep/stress", "shard": "00000", "row": 5}


@pytest.mark.slow
def test_flips_are_told_in_words_confirmed_ones_first(board):
    answer = flips(board, run="deep/stress")
    assert len(answer["rows"]) == answer["total"] == answer["count"] == FLIPS
    assert (answer["unread"], answer["read"], answer["shards"]) == ([], 1, 1)
    row = next(row for row in answer["rows"] if row["query"] == 3)
    assert (row["condition"], row["search"], row["seed"]) == ("3", "random", 0)
    assert row["model"] == "<b>mine</b>:model"
    told = [r["verdict"] for r in answer["rows"]]
    assert told == ["confirmed"] * 4 + ["ambiguous"] * 4 + ["invalid"] * 4


@pytest.mark.slow
def test_filters_keep_what_they_name_and_pages_follow_each_other(board, monkeypatch):
    whole = flips(board, run="deep/stress")
    assert whole["choices"]["verdict"] == ["invalid", "ambiguous", "confirmed"]
    assert whole["choices"]["search"] == ["random"]
    for name, value in (("verdict", "ambiguous"), ("condition", "7"), ("search", "random")):
        kept = flips(board, run="deep/stress", **{name: value})["rows"]
        assert kept == [row for row in whole["rows"] if row[name] == value]
    for name in ("search", "model", "answer"):
        assert flips(board, run="deep/stress", **{name: "none of these"})["count"] == 0
    monkeypatch.setattr("genenv.board.flips.PAGE", 5)
    pages = [flips(board, run="deep/stress", page=k)["rows"] for k in range(3)]
    assert [row for page in pages for row in page] == whole["rows"]


def test_the_picture_of_a_flip_is_its_sample_and_the_path_ends_there(board):
    generator = networks.load(bundled.FOLDER / "generator")
    e = generator.noise.base(40, seed=0)
    with torch.no_grad():
        u = generator.eval().from_base(e[5:6], torch.tensor([5]))
    units = generator.units
    expected = units.store(units.decode(u))[0]
    whole = picture(board, **FLIP)
    scale = (expected.astype(float) - units.low[0]) / (units.high[0] - units.low[0])
    assert np.abs(whole.astype(float) - 255 * scale).max() < 1.01
    assert np.array_equal(whole, picture(board, **FLIP, frame=15))
    assert not np.array_equal(whole, picture(board, **FLIP, frame=0))


def test_a_flip_is_told_with_probabilities_and_the_guide_along_its_path(board):
    found = ask(board, "flip", **FLIP)
    row = next(r for r in flips(board, run="deep/stress")["rows"] if r["row"] == 5)
    assert max(found["p"]) == pytest.approx(row["p"], abs=1e-4)
    assert found["classes"][np.argmax(found["p"])] == row["answer"]
    assert found["path"]["by"].startswith("the guide, for the model is code")
    along = np.array(found["path"]["p"])
    assert along.shape == (16, 10)
    guide = load_guide(bundled.FOLDER / "judge", networks.load(bundled.FOLDER / "generator").units)
    with torch.no_grad():
        generator = networks.load(bundled.FOLDER / "generator").eval()
        u = generator.from_base(generator.noise.base(6, seed=0)[5:], torch.tensor([5]))
        expected = guide.probability(u)[0][0, :10]
    assert along[-1] == pytest.approx(expected.numpy(), abs=0.02)  # digits are rounded when stored
    assert found["nearest"] is None


def test_the_nearest_real_row_is_shown_where_a_run_keeps_it(tmp_path):
    stress_run(tmp_path / "run")
    rows = np.stack([np.full((8, 8), 3.0), np.full((8, 8), 9.0)]).astype(np.float32)
    np.savez(
        tmp_path / "run" / "nearest.npz", x=rows, label=[2, 7], search=["random"], seed=[0],
        query=[6], place=[1], distance=np.array([0.5], np.float32),
    )  # fmt: skip
    asked = {"shard": "00000", "row": 5}
    assert answered(tmp_path / "run", "flip", **asked)[1]["nearest"] == {
        "condition": "7",
        "distance": 0.5,
    }
    app = Board(context(tmp_path)).get_plugin_apps()["/picture"]
    shown = Client(app).get("/", query_string={"run": "run", "nearest": 1, **asked}).data
    assert np.unique(np.asarray(Image.open(io.BytesIO(shown)))).tolist() == [143]  # 9 of 16
    code, answer = answered(tmp_path / "run", "picture", **asked | {"row": 4, "nearest": 1})
    assert (code, answer["error"][:40]) == (400, "expected a flip with a nearest real row,")


def test_a_run_that_goes_on_is_read_on_and_no_shard_twice(tmp_path, monkeypatch):
    stress_run(tmp_path / "run")
    read = []
    plain = index.flips
    monkeypatch.setattr(index, "flips", lambda path, *a: read.append(path.name) or plain(path, *a))
    assert answered(tmp_path / "run", "flips")[1]["total"] == FLIPS
    first = tmp_path / "run" / "findings" / "00000.npz"
    shutil.copy(first, first.with_name("00001.npz"))
    assert answered(tmp_path / "run", "flips")[1]["total"] == 2 * FLIPS
    assert read == ["00000.npz", "00001.npz"]
    changed(first, severity=np.full(40, -1, np.float32))
    assert answered(tmp_path / "run", "flips")[1]["total"] == FLIPS
    first.with_name("00001.npz").unlink()
    assert answered(tmp_path / "run", "flips")[1]["total"] == 0


def test_what_was_read_so_far_is_answered_while_the_rest_is_read(tmp_path, monkeypatch):
    stress_run(tmp_path / "run")
    first = tmp_path / "run" / "findings" / "00000.npz"
    shutil.copy(first, first.with_name("00001.npz"))
    go_on = threading.Event()
    plain = index.flips

    def slow(path, *rest):
        if path.name == "00001.npz":
            go_on.wait()
        return plain(path, *rest)

    monkeypatch.setattr(index, "flips", slow)
    found = Flips(tmp_path / "run")
    try:
        while not (answer := found.page({}, 0))["total"]:
            found.index.refresh(0.05)
        assert (answer["reading"], answer["read"], answer["shards"]) == (True, 1, 2)
        assert len(answer["rows"]) == FLIPS
    finally:
        go_on.set()
    found.index.refresh(60)
    assert found.page({}, 0)["total"] == 2 * FLIPS
    assert not found.page({}, 0)["reading"]


def test_a_shard_that_is_cut_off_is_named_and_the_rest_is_shown(logdir, board):
    shard = logdir / "deep" / "stress" / "findings" / "00001.npz"
    shard.write_bytes(b"PK half of a file")
    try:
        answer = flips(board, run="deep/stress")
        assert len(answer["rows"]) == FLIPS
        assert answer["unread"] == ["00001.npz"]
    finally:
        shard.unlink()


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"label": np.full(40, 50)}, "expected label from 0 to 9"),
        ({"severity": np.ones(3, np.float32)}, r"expected severity of shape (40), got shape (3,)"),
        ({"verdict": np.full(40, 9)}, "expected verdict from 0 to"),
    ],
)
def test_findings_that_do_not_belong_together_are_one_sentence(tmp_path, columns, sentence):
    stress_run(tmp_path / "run")
    changed(tmp_path / "run" / "findings" / "00000.npz", **columns)
    code, answer = answered(tmp_path / "run", "flips")
    assert code == 400
    assert answer["error"].startswith("expected findings in run that can be read, got 00000.npz")
    assert sentence in answer["error"]


@pytest.mark.slow
def test_latents_of_another_generator_are_one_sentence(tmp_path):
    stress_run(tmp_path / "run")
    changed(tmp_path / "run" / "findings" / "00000.npz", e=np.zeros((40, 2), np.float32))
    code, answer = answered(tmp_path / "run", "flip", shard="00000", row=5)
    assert code == 400
    assert "expected e of shape (40, " in answer["error"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"shard": "../x", "row": 0}, "expected a shard of the run, got ../x"),
        ({"shard": "00000", "row": 40}, "expected a row below 40 of 00000, got 40"),
        ({"shard": "00000", "row": 20}, "expected a flip in 00000, got row 20"),
        ({"shard": "00000", "row": "x"}, "expected row from 0 to "),
    ],
)
def test_a_flip_that_is_none_is_one_sentence(tmp_path, query, sentence):
    stress_run(tmp_path / "run")
    answered(tmp_path / "run", "flips")
    code, answer = answered(tmp_path / "run", "flip", **query)
    assert code == 400
    assert sentence in answer["error"]


def test_a_run_without_flips_has_no_rows(tmp_path):
    stress_run(tmp_path / "run")
    changed(tmp_path / "run" / "findings" / "00000.npz", severity=np.full(40, -1, np.float32))
    code, answer = answered(tmp_path / "run", "flips")
    assert (code, answer["rows"], answer["total"]) == (200, [], 0)


def test_a_list_in_place_of_a_model_has_no_name(tmp_path):
    stress_run(tmp_path / "run")
    (tmp_path / "run" / "model" / "model.json").write_text("[1]")
    assert answered(tmp_path / "run", "flips")[1]["choices"]["model"] == ["model"]


@pytest.mark.slow
def test_a_click_on_a_failure_shows_its_path_and_probabilities(board):
    with served.browser() as page:
        tab = board.tab(page)
        tab.locator("#run").select_option("deep/stress")
        tab.locator(".gallery button").nth(FLIPS - 1).wait_for()
        for name in ("#search", "#model"):  # two filters
            assert tab.locator(f"{name} option").count() == 2
        tab.locator("#verdict").select_option("confirmed")
        tab.get_by_text("4 of 12 flips").wait_for()
        tab.locator(".gallery button").first.click()
        tab.locator("#along svg").wait_for()
        detail = tab.locator("#detail")
        assert "<b>mine</b>:model" in detail.inner_text()  # shown, not obeyed
        assert "confirmed" in detail.inner_text()
        assert detail.locator(".bars .fill").count() == 8
        assert detail.locator("#path").get_attribute("src").find("frame=15") > 0
        tab.locator("#play").click()
        tab.locator("#path:not([src*='frame=15'])").wait_for(state="attached")
        tab.locator("#path[src*='frame=15']").wait_for(state="attached")
