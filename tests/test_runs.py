from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import toys

from genenv import recorded, run_rows, runs
from genenv.checks import Mistake
from genenv.codecs import Vectors
from genenv.data import from_arrays


@dataclass(frozen=True)
class Settings:
    steps: int = 3
    device: str = "cpu"
    hidden: tuple[int, ...] = (4, 5)


CONTENT = {"training": runs.settings(Settings()), "data": {"name": "digits", "rows": 9}}


def config(folder):
    return json.loads((folder / "config.json").read_text())


def test_a_run_begins_with_everything_needed_to_repeat_it(tmp_path):
    folder = tmp_path / "a" / "run"
    assert runs.begin(folder, "fit", CONTENT, False, "genenv fit digits") == ()
    written = config(folder)
    assert written["command"] == "fit"
    assert written["repeat"] == "genenv fit digits"
    assert written["training"] == {"steps": 3, "device": "cpu", "hidden": [4, 5]}
    assert set(written["versions"]) == {"python", *runs.PACKAGES}
    assert not list(folder.glob("*.tmp"))


def test_what_a_rule_came_to_is_kept_and_may_be_another_on_resume(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT, False, "", {"device": "cpu", "threads": 1})
    assert config(tmp_path)["resolved"] == {"device": "cpu", "threads": 1}
    runs.begin(tmp_path, "fit", CONTENT, True, "", {"device": "cuda", "threads": 8})
    assert config(tmp_path)["resolved"]["threads"] == 1


def test_an_empty_folder_may_be_there(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT, False)
    assert config(tmp_path)["data"]["rows"] == 9


def test_the_same_settings_resume_and_leave_the_config_as_it_was(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT, False)
    before = (tmp_path / "config.json").read_bytes()
    assert runs.begin(tmp_path, "fit", CONTENT, True) == ()
    assert (tmp_path / "config.json").read_bytes() == before


def test_another_device_may_resume(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT, False)
    other = {**CONTENT, "training": runs.settings(Settings(device="cuda"))}
    runs.begin(tmp_path, "fit", other, True)


def test_other_versions_resume_and_are_told(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT, False)
    old = config(tmp_path)
    old["versions"]["torch"] = "1.0"
    (tmp_path / "config.json").write_text(json.dumps(old))
    (told,) = runs.begin(tmp_path, "fit", CONTENT, True)
    assert told.startswith(
        "This run goes on under other conditions, so figures may differ: torch 1.0 >"
    )


def test_a_command_line_in_the_settings_cannot_hide_the_command(tmp_path):
    runs.begin(tmp_path, "stress", {"command": "x"}, False)
    assert config(tmp_path)["command"] == "stress"


@pytest.mark.parametrize(
    ("before", "content", "sentence"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "got a.b = 2 where it has 1; repeat the first command"),
        ({"held_out": None}, {"held_out": {"rows": 1}}, "got held_out = .* where it has None"),
        ({"held_out": {"rows": 1}}, {"held_out": None}, "got held_out = None where it has"),
        ({}, {"seed": 0}, "got seed = 0 where it has None"),
        ({"split": [1] * 99}, {"split": [2] * 99}, r"split = \[2, 2, .*… where it has"),
    ],
)
def test_other_settings_do_not_resume(tmp_path, before, content, sentence):
    runs.begin(tmp_path, "fit", before, False)
    with pytest.raises(Mistake, match=sentence):
        runs.begin(tmp_path, "fit", content, True)


def test_another_command_does_not_resume(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT, False)
    with pytest.raises(Mistake, match="command = stress where it has fit"):
        runs.begin(tmp_path, "stress", CONTENT, True)


def test_a_folder_with_a_run_needs_resume(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT, False)
    with pytest.raises(Mistake, match=r"expected an empty folder .*holds a run; add --resume"):
        runs.begin(tmp_path, "fit", CONTENT, False)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(Mistake, match="got one that holds other files; choose another --out"):
        runs.begin(tmp_path, "fit", CONTENT, False)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(Mistake, match="expected a folder for the run, got the file"):
        runs.begin(tmp_path / "run", "fit", CONTENT, False)


@pytest.mark.parametrize("made", [True, False])
def test_there_must_be_a_run_to_resume(tmp_path, made):
    folder = tmp_path / "run"
    if made:
        folder.mkdir()
    with pytest.raises(Mistake, match=r"expected a run to resume in .*, got no config.json"):
        runs.begin(folder, "fit", CONTENT, True)


def test_a_config_that_is_cut_off_is_a_mistake(tmp_path):
    (tmp_path / "config.json").write_text('{"command": ')
    with pytest.raises(Mistake, match=r"a whole file .*config.json"):
        runs.begin(tmp_path, "fit", CONTENT, True)


def test_curves_are_shown_by_the_name_of_the_run_where_runs_lie_together():
    assert runs.curves(runs.next_folder("fit-digits")) == "tensorboard --logdir runs"
    assert runs.curves(Path("elsewhere/my run")) == "tensorboard --logdir 'elsewhere/my run'"


def test_the_next_folder_is_the_next_free_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(runs.next_folder("stress-digits")) == "runs/stress-digits-000"
    for name in ("stress-digits-000", "stress-digits-006", "fit-digits-009", "stress-digits-old"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    assert runs.next_folder("stress-digits").name == "stress-digits-007"
    (tmp_path / "runs" / "stress-digits-1000").mkdir()
    assert runs.next_folder("stress-digits").name == "stress-digits-1001"


def test_a_data_set_is_known_by_its_content():
    x = np.arange(12.0).reshape(6, 2)
    y = np.arange(6) % 2
    one = runs.describe(from_arrays(x, y))
    two = runs.describe(from_arrays(x.copy(), y))
    assert one == two
    assert (one["rows"], one["shape"], one["classes"]) == (6, [2], [0, 1])
    assert runs.describe(from_arrays(x, 1 - y))["sha256"] != one["sha256"]
    x[3, 1] += 1e-9
    assert runs.describe(from_arrays(x, y))["sha256"] != one["sha256"]


class Model(toys.Threshold):
    units = Vectors((toys.DIM + toys.CLASSES,), "float32", (-10.0,), (10.0,))


def test_a_model_is_known_by_its_answers_and_the_question_is_not_counted(tmp_path):
    x = np.random.default_rng(0).normal(size=(90, 7)).astype(np.float32)
    model = Model(1.0)
    recorded.record_outputs(tmp_path, model, x, np.zeros(len(x), np.int64))
    assert recorded.compare_outputs(tmp_path, model) == ()
    assert model.queries == 0
    (told,) = recorded.compare_outputs(tmp_path, Model(2.0))
    assert told.startswith("the model is not the recorded one: outputs on fixed rows differ by 0.")
    with np.load(tmp_path / "outputs.npz") as file:
        assert len(file["x"]) == recorded.CHECK_ROWS


EVEN = np.arange(0, 40, 2)


def begun(folder, resume=False):
    content = CONTENT | {
        "split": {"train": run_rows.spelled(EVEN), "test": {"first": 4, "last": 9}}
    }
    return runs.begin(folder, "fit", content, resume, rows={"train": EVEN, "test": EVEN[:1]})


def test_rows_are_a_range_or_a_digest_in_the_config_and_numbers_beside_it(tmp_path):
    begun(tmp_path)
    assert config(tmp_path)["split"]["train"]["count"] == 20
    assert len((tmp_path / "config.json").read_text()) < 1000
    np.testing.assert_array_equal(runs.recorded_rows(tmp_path, "train"), EVEN)
    np.testing.assert_array_equal(runs.recorded_rows(tmp_path, "test"), np.arange(4, 10))
    assert runs.recorded_rows(tmp_path, "audit") is None
    with np.load(tmp_path / run_rows.NAME) as file:
        assert file.files == ["train"]  # a range needs no file


def test_numbers_that_were_lost_are_none_and_a_resumed_run_writes_them_again(tmp_path):
    begun(tmp_path)
    (tmp_path / run_rows.NAME).unlink()
    assert runs.recorded_rows(tmp_path, "train") is None
    begun(tmp_path, resume=True)
    np.testing.assert_array_equal(runs.recorded_rows(tmp_path, "train"), EVEN)


def test_numbers_of_another_run_are_refused(tmp_path):
    begun(tmp_path)
    np.savez(tmp_path / run_rows.NAME, train=EVEN + 1)
    with pytest.raises(Mistake, match=r"the rows of train in .*rows\.npz, got others"):
        runs.recorded_rows(tmp_path, "train")


def test_the_rows_of_an_older_run_are_its_numbers(tmp_path):
    runs.begin(tmp_path, "fit", CONTENT | {"train": [3, 5]}, False)
    assert runs.recorded_rows(tmp_path, "train").tolist() == [3, 5]


@pytest.mark.parametrize("rows", [[], [7], [3, 4, 5], [3, 5], [0, 9]])
def test_any_rows_are_read_back_as_they_were(tmp_path, rows):
    rows = np.array(rows, np.int64)
    run_rows.write(tmp_path, {"train": rows})
    said = json.loads(json.dumps(run_rows.spelled(rows)))
    np.testing.assert_array_equal(run_rows.read(tmp_path, "train", said), rows)
