"""The tab genenv in TensorBoard: what it serves, and a click on a failure."""

from __future__ import annotations

import io
import json
import os
import shutil
import urllib.error
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import served
import torch
from PIL import Image
from werkzeug.test import Client

from genenv import bundled, data, networks
from genenv.board import Board, bars
from genenv.board.folders import roots, runs
from genenv.data.dataset import Units
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
    assert list(runs({"": logdir})) == ["deep/stress", "study"]
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
        ("picture", {"run": "deep/stress", "row": "12"}, "expected row from 0 to 11, got '12'"),
        ("picture", {"run": "deep/stress", "row": "-1"}, "expected row from 0"),
        ("picture", {"run": "deep/stress", "row": "0", "frame": "99"}, "expected frame from 0"),
        ("picture", {"run": "study", "row": "99", "noise": "sample:rotate"}, "expected row from"),
        (
            "path",
            {"run": "study", "row": "8", "noise": "sample:rotate"},
            "expected row from 0 to 7",
        ),
        (
            "path",
            {"run": "study", "row": "0", "noise": "real:rotate"},
            "expected noise to be one of",
        ),
    ],
)
def test_what_cannot_be_served_is_one_sentence(board, route, query, sentence):
    assert sentence in refused(board, route, **query)


def context(logdir, spec=""):
    """What TensorBoard hands to a plugin."""
    return SimpleNamespace(logdir=str(logdir), flags=SimpleNamespace(logdir_spec=spec))


def test_without_runs_the_tab_is_inactive(tmp_path):
    assert not Board(context(tmp_path)).is_active()


def test_without_a_folder_there_are_no_runs_and_the_working_folder_is_not_looked_at(
    logdir, monkeypatch
):
    monkeypatch.chdir(logdir)
    assert not Board(context("")).is_active()


def test_folders_with_names_are_served_under_them(logdir):
    spec = f"a:{logdir / 'study'},{logdir / 'deep'},b:gs://bucket"
    assert list(runs(roots("", spec))) == ["a", "deep/stress"]
    assert Board(context("", spec)).is_active()


def answered(folder, route, **query):
    """What the plugin answers of a run: status and JSON."""
    app = Board(context(folder.parent)).get_plugin_apps()[f"/{route}"]
    answer = Client(app).get("/", query_string={"run": folder.name, **query})
    return answer.status_code, answer.get_json(silent=True)


LINKS = [
    ("stress", "findings/00000.npz"),
    ("stress", "model/model.json"),
    ("stress", "generator/generator.safetensors"),
    ("react", "cells/answers-4.npz"),
    ("react", "generator/critic.safetensors"),
]


@pytest.mark.parametrize(("kind", "name"), LINKS)
def test_a_link_out_of_the_run_is_not_followed(tmp_path, kind, name):
    run = tmp_path / "run"
    stress_run(run) if kind == "stress" else react_run(run)
    outside = tmp_path / "outside"
    shutil.move(run / name, outside)
    (run / name).symlink_to(outside)
    code, answer = answered(run, "flips" if kind == "stress" else "reactions")
    if name == "model/model.json":  # the failures are worth showing without the model's name
        assert (code, answer["rows"][0]["learner"]) == (200, "model found by random")
    else:
        assert code == 400
        assert f"expected {name} inside of run, got a link out of it" in answer["error"]


def changed(path, **columns):
    with np.load(path) as file:
        np.savez(path, **{**file, **columns})


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


def real_only(folder):
    """Leave the noise of real rows alone in a study."""
    path = folder / "cells" / "answers-4.npz"
    replace(Answers.load(path), noises=("real:rotate",)).save(path)


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


TABLE = Units((3,), "float64", (0.0, -1.0, 5.0), (10.0, 1.0, 5.0))


def test_a_row_of_a_table_is_a_bar_a_column_over_its_range():
    x, start = np.array([10.0, -1.0, 5.0]), np.array([0.0, -1.0, 5.0])
    blue = (bars.small(x, start, TABLE) == bars.BAR).all(2)
    full, empty, constant = (blue[top].sum() for top in (5, 37, 69))
    assert full > 90
    assert empty <= 1
    assert full // 2 - 3 < constant < full // 2 + 3
    assert not np.array_equal(bars.small(start, start, TABLE), bars.small(x, start, TABLE))
    assert bars.large(x, start, TABLE).shape == (3 * bars.LINE, 272, 3)


def test_a_missing_value_has_no_bar_and_is_called_so():
    x, start = np.array([np.nan, 0.0, 5.0]), np.array([2.0, 0.0, 5.0])
    sheet = bars.large(x, start, TABLE)[: bars.LINE]
    assert not (sheet == bars.BAR).all(2).any()
    assert (sheet == bars.MARK).all(2).any()  # where it was


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


def test_a_run_that_cannot_be_shown_leaves_the_menu_of_runs(tmp_path):
    react_run(tmp_path / "a-real-only")
    real_only(tmp_path / "a-real-only")
    stress_run(tmp_path / "b-whole")
    with served.browser() as page:
        page.goto(f"{served.Board(tmp_path).url}#genenv")
        tab = page.frame_locator("iframe")
        tab.get_by_text("expected noises of generated samples").wait_for()
        tab.locator("#run").select_option("b-whole")
        tab.locator(".gallery button").nth(FLIPS - 1).wait_for()
        tab.locator("#run").select_option("a-real-only")
        tab.locator("#error").wait_for()
