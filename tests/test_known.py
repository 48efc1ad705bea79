"""Known failures as files: which are taken, what a model is asked, and what a hostile file does."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from inner import ends
from PIL import Image

from genenv import bundled, checks, data, failures, known, networks
from genenv.failures import Confirmed

MODEL = """
import numpy as np
def wrong(x):
    return np.eye(10, dtype=np.float32)[(right(x).argmax(1) + 1) % 10]
def right(x):
    return np.eye(10, dtype=np.float32)[x.reshape(len(x), -1)[:, 0].astype(int)]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What `stress` leaves of a model: its failures, of which pixel 0 holds the right class."""
    folder = tmp_path_factory.mktemp("known") / "run"
    units, classes = networks.described(bundled.FOLDER / "generator")
    assert classes == data.load("digits").classes
    (folder / "failures").mkdir(parents=True)
    (folder / "model").mkdir()
    (folder / "generator").mkdir()
    spec = bundled.FOLDER / "generator" / "spec.json"
    (folder / "generator" / "spec.json").write_bytes(spec.read_bytes())
    recorded = {"path": "mine_to_test:wrong", "input": "raw", "output": "probabilities"}
    (folder / "model" / "model.json").write_text(json.dumps(recorded))
    label = np.array([0, 0, 0, 1, 1, 2])
    x = np.zeros((6, *units.shape), np.float32)
    x[:, 0, 0] = label
    output = np.full((6, 10), -9.0, np.float32)
    output[np.arange(6), label + 1] = 0
    Confirmed(
        x=x,
        e=np.zeros((6, 4), np.float32),
        label=label,
        output=output,
        severity=np.ones(6, np.float32),
        p=np.array([0.9, 0.99, 0.95, 0.91, 0.92, 0.9], np.float32),
        search=np.full(6, "random"),
        seed=np.zeros(6, np.int64),
        index=np.arange(6),
    ).save(folder / "failures" / "00000.npz")
    (folder.parent / "mine_to_test.py").write_text(MODEL)
    return folder


def test_the_surest_of_each_pair_of_classes_come_in_turn(run):
    assert known.of_run(run, 100).row.tolist() == [1, 4, 5, 2, 3, 0]
    assert known.of_run(run, 2).row.tolist() == [1, 4]


def test_a_file_gives_back_what_was_written(run, tmp_path):
    written = known.of_run(run, 100)
    written.save(tmp_path / "known.npz")
    read = known.load(tmp_path / "known.npz")
    np.testing.assert_array_equal(read.x, written.x)
    assert read.x.dtype == written.x.dtype
    assert read.asking == written.asking
    assert read.ids == ["1-0", "4-1", "5-2", "2-0", "3-1", "0-0"]


def test_a_wrong_model_fails_all_and_a_right_one_none(run):
    taken = known.of_run(run, 100)
    space: dict = {}
    exec(MODEL, space)
    assert taken.asked(space["wrong"]).failing.all()
    assert not taken.asked(space["right"]).failing.any()
    assert (
        taken.asked(space["wrong"]).sentence(0) == "failure 1 of the run shows 0; the model says 1"
    )
    assert not taken.asked(space["wrong"], criterion="top-k:9").failing.any()


@pytest.mark.slow
def test_the_exported_tests_fail_until_the_model_is_mended(run, tmp_path, monkeypatch):
    monkeypatch.chdir(run.parent)
    taken = known.of_run(run, 100)
    paths = [tmp_path / f"test_{name}.py" for name in ("wrong", "right")]
    for path in paths:
        model = f"mine_to_test:{path.stem.removeprefix('test_')}"
        known.export(taken, path, model, "misclassified", "")
    assert ends(*paths) == {("failed", "test_wrong.py"): 6, ("passed", "test_right.py"): 6}


def test_pictures_are_the_samples(run, tmp_path):
    places = known.pictures(known.of_run(run, 2), tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [path.name for path in places]
    assert names == ["failure-00001-class-0.png", "failure-00004-class-1.png"]
    assert Image.open(tmp_path / names[0], formats=["PNG"]).size[0] % 8 == 0


def test_rows_that_are_asked_for_are_the_run_s(run):
    np.testing.assert_array_equal(known.of_rows(run, np.array([4])).x, known.of_run(run, 2).x[1:])


def test_a_name_of_an_import_in_the_file_is_never_followed(run, tmp_path):
    taken = known.of_run(run, 2)
    plain = taken.asking.to_json() | {"preprocess": "antigravity:fly", "criterion": "this:s"}
    path = tmp_path / "hostile.npz"
    np.savez(path, asking=np.array(json.dumps(plain)), x=taken.x, label=taken.label, row=taken.row)
    with pytest.raises(checks.Mistake, match=r"hostile\.npz"):
        known.load(path)
    assert "this" not in sys.modules


@pytest.mark.parametrize("column", ["x", "label", "row", "asking"])
def test_a_ruined_column_is_one_sentence(run, tmp_path, column):
    taken = known.of_run(run, 2)
    held = {
        "asking": np.array(json.dumps(taken.asking.to_json())),
        "x": taken.x,
        "label": taken.label,
        "row": taken.row,
    }
    path = tmp_path / "ruined.npz"
    for bad in (np.array([{"a": 1}], object), np.array(["a"]), np.array([99, -1])):
        np.savez(path, **held | {column: bad})
        with pytest.raises(checks.Mistake, match="ruined"):
            known.load(path)


def test_a_run_without_failures_and_a_file_that_is_no_python_are_mistakes(run, tmp_path):
    with pytest.raises(checks.Mistake, match="confirmed failures"):
        known.of_run(tmp_path, 10)
    with pytest.raises(checks.Mistake, match=r"\.py"):
        known.export(known.of_run(run, 1), tmp_path / "known.txt", "m:n", "misclassified", "")
    assert not list(tmp_path.iterdir())


def test_rows_of_numbers_are_no_pictures(run, tmp_path):
    taken = known.of_run(run, 1)
    vectors = data.from_arrays(np.random.default_rng(0).normal(size=(9, 5)), [0, 1, 2] * 3)
    asking = replace(taken.asking, units=vectors.units)
    flat = known.Known(vectors.x[:1], taken.label, taken.row, asking)
    with pytest.raises(checks.Mistake, match="pictures"):
        known.pictures(flat, tmp_path)


def test_what_is_asked_is_what_a_replay_asks(run):
    record = failures.load(run / "failures")
    taken = known.of_run(run, 100)
    assert torch.from_numpy(record.x[taken.row]).equal(torch.from_numpy(taken.x))
