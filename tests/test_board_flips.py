"""Failures of a stress run in the tab genenv."""

from __future__ import annotations

import numpy as np
import pytest
import served
import torch
from boards import FLIPS, answered, ask, changed, picture, stress_run

from genenv import bundled, networks


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
    expected = units.store(units.decode(u))[0]
    whole = picture(board, run="deep/stress", row=5)
    scale = (expected.astype(float) - units.low[0]) / (units.high[0] - units.low[0])
    assert np.abs(whole.astype(float) - 255 * scale).max() < 1.01
    assert np.array_equal(whole, picture(board, run="deep/stress", row=5, frame=15))
    assert not np.array_equal(whole, picture(board, run="deep/stress", row=5, frame=0))


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
    ("columns", "sentence"),
    [
        ({"label": np.full(40, 50)}, "expected label from 0 to 9"),
        ({"severity": np.ones(3, np.float32)}, r"expected severity of shape (40), got shape (3,)"),
        ({"verdict": np.full(40, 9)}, "expected verdict from 0 to"),
        ({"e": np.zeros((40, 2), np.float32)}, "expected e of shape (40, "),
    ],
)
def test_findings_that_do_not_belong_together_are_one_sentence(tmp_path, columns, sentence):
    stress_run(tmp_path / "run")
    changed(tmp_path / "run" / "findings" / "00000.npz", **columns)
    code, answer = answered(tmp_path / "run", "flips")
    assert code == 400
    assert answer["error"].startswith("expected findings in run that can be read, got 00000.npz")
    assert sentence in answer["error"]


def test_a_run_without_flips_has_no_rows(tmp_path):
    stress_run(tmp_path / "run")
    changed(tmp_path / "run" / "findings" / "00000.npz", severity=np.full(40, -1, np.float32))
    code, answer = answered(tmp_path / "run", "flips")
    assert (code, answer["rows"], answer["total"]) == (200, [], 0)


def test_a_list_in_place_of_a_model_has_no_name(tmp_path):
    stress_run(tmp_path / "run")
    (tmp_path / "run" / "model" / "model.json").write_text("[1]")
    assert answered(tmp_path / "run", "flips")[1]["rows"][0]["learner"] == "model found by random"


@pytest.mark.slow
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
