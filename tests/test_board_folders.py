"""What the tab genenv serves: runs in the folder that TensorBoard was given, and nothing else."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
import served
from boards import FLIPS, answered, ask, context, react_run, real_only, refused, stress_run
from werkzeug.test import Client

from genenv.board import Board
from genenv.board.folders import roots, runs


@pytest.mark.slow
def test_runs_are_found_below_the_folder_and_links_out_of_it_are_left_out(logdir, board):
    assert list(runs({"": logdir})) == ["deep/stress", "study"]
    shown = {"deep/stress": ["flips"], "study": ["noise"]}
    assert {run["name"]: run["views"] for run in ask(board, "runs")} == shown


@pytest.mark.slow
def test_tensorboard_knows_the_tab(board):
    listing = board.ask("plugins_listing")["genenv"]
    assert listing["enabled"]
    assert listing["tab_name"] == "genenv"
    assert b"export async function render" in board.raw("plugin/genenv/index.js")


@pytest.mark.parametrize(
    ("route", "query", "sentence"),
    [
        ("flips", {}, "expected run to be one of deep/stress, study, got ''"),
        ("flips", {"run": "../outside"}, "expected run to be one of"),
        ("flips", {"run": "link"}, "expected run to be one of"),
        ("flips", {"run": "study"}, "expected a run of stress, got one of react"),
        ("reactions", {"run": "study", "noise": "real:rotate"}, "expected noise to be one of"),
        ("reactions", {"run": "study", "strength": "9"}, "expected strength to be one of 0, 1"),
        ("picture", {"run": "deep/stress", "row": "12"}, "expected a shard of the run"),
        ("picture", {"run": "deep/stress", "row": "-1"}, "expected row from 0"),
        (
            "picture",
            {"run": "deep/stress", "shard": "00000", "row": "0", "frame": "99"},
            "expected frame from 0",
        ),
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
        assert (code, answer["choices"]["model"]) == (200, ["model"])
    else:
        assert code == 400
        assert f"expected {name} inside of run, got a link out of it" in answer["error"]


@pytest.mark.slow
def test_a_run_that_cannot_be_shown_leaves_the_menu_of_runs(tmp_path):
    react_run(tmp_path / "a-real-only")
    real_only(tmp_path / "a-real-only")
    stress_run(tmp_path / "b-whole")
    with served.browser() as page:
        tab = served.Board(tmp_path).tab(page)
        tab.get_by_text("expected noises of generated samples").wait_for()
        tab.locator("#run").select_option("b-whole")
        tab.locator(".gallery button").nth(FLIPS - 1).wait_for()
        tab.locator("#run").select_option("a-real-only")
        tab.locator("#error").wait_for()


PLACES = ("http://127.0.0.1:6006", "http://localhost:6006", "http://[::1]:6006")


def code(logdir, base="http://localhost:6006", flags=None, route="runs", **headers):
    """Ask the tab for its runs; returns the status."""
    asked = context(logdir)
    asked.flags = SimpleNamespace(logdir_spec="", **(flags or {}))
    client = Client(Board(asked).get_plugin_apps()[f"/{route}"])
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/", base_url=base, headers=named).status_code


def test_the_tab_answers_its_own_page_on_this_machine_alone(logdir):
    assert {code(logdir, place) for place in PLACES} == {200}
    assert code(logdir, Origin="http://localhost:6006", Sec_Fetch_Site="same-origin") == 200
    for route in ("runs", "flip", "picture", "index.js"):
        assert code(logdir, "http://evil.example:6006", route=route) == 403  # DNS rebinding
        assert code(logdir, route=route, Origin="http://evil.example") == 403
        assert code(logdir, route=route, Origin="null") == 403
        assert code(logdir, route=route, Origin="http://localhost:8000") == 403
        assert code(logdir, route=route, Sec_Fetch_Site="cross-site") == 403


def test_a_name_that_tensorboard_was_started_with_is_answered(logdir):
    far = "http://box.lan:6006"
    assert code(logdir, far) == 403
    assert code(logdir, far, {"host": "box.lan"}) == 200
    assert code(logdir, far, {"bind_all": True}) == 200
    assert code(logdir, far, {"bind_all": True}, Origin="http://evil.example") == 403
