"""A judge of its own: made by a command, measured, and the rows whose labels it doubts."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import toys

from genenv import cli, data, judge, runs
from genenv.checks import Mistake
from genenv.judge_fitting import JudgeFitting

WRONG = 11  # a row whose label is made wrong


@pytest.fixture(scope="module")
def rings():
    """Three clear classes, one row of which has a wrong label."""
    clean = toys.rings(600)
    label = clean.label.copy()
    label[WRONG] = (label[WRONG] + 1) % 3
    return replace(clean, label=label)


@pytest.fixture(scope="module")
def made(rings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge") / "JUDGE"
    return folder, JudgeFitting(rings, None, folder).run()


@pytest.mark.slow
def test_a_folder_holds_the_judge_its_figures_its_page_and_its_doubts(made):
    folder, content = made
    assert {p.name for p in folder.iterdir()} >= {
        "judge", "config.json", "quality.json", "judge.html", "doubtful.csv",
    }  # fmt: skip
    assert json.loads((folder / "quality.json").read_text()) == content
    assert content["judge"] == judge.load(folder / "judge").quality
    assert content["judge"]["untouched"]
    assert content["light"]["light"] in ("good", "doubtful", "bad")


@pytest.mark.slow
def test_the_untouched_rows_are_those_of_a_run_of_the_same_data_and_seed(made, rings):
    folder, content = made
    split = data.split(rings, 0)
    np.testing.assert_array_equal(runs.recorded_rows(folder, "test"), split.test)
    assert content["judge"]["test_rows"] == len(split.test)
    learned = judge.load(folder / "judge").folds.learned(rings.x)
    assert not learned[split.test].any()
    assert learned.sum() == len(rings) - len(split.test)


def test_a_row_with_a_wrong_label_is_doubted_and_named_by_its_number(made, rings):
    folder, content = made
    with (folder / "doubtful.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == content["doubtful"]
    p = [float(row["p"]) for row in rows]
    assert p == sorted(p)
    assert max(p) < 0.5
    (found,) = [row for row in rows if int(row["row"]) == WRONG]
    assert found["label"] == str(rings.label[WRONG])
    assert found["likeliest"] == str((rings.label[WRONG] - 1) % 3)
    assert found["data"] == rings.name
    assert len(rows) < len(rings) / 5  # the others are not


def test_the_page_shows_figures_and_doubts_and_loads_nothing(made):
    folder, content = made
    page = (folder / "judge.html").read_text()
    assert content["light"]["figure"] in page
    assert f'<th scope="row">{WRONG}</th>' in page
    assert "uniform noise" in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.slow
def test_pictures_are_shown_and_a_name_is_escaped(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 2
    x = rng.integers(0, 60, (90, 8, 8), np.uint8)
    x[y == 0, 3:5] = 200
    x[y == 1, :, 3:5] = 200
    named = replace(data.from_arrays(x, rng.permutation(y)), name="<b>bars</b>")
    content = JudgeFitting(named, None, tmp_path / "JUDGE").run()
    page = (tmp_path / "JUDGE" / "judge.html").read_text()
    assert content["doubtful"]
    assert "data:image/png;base64," in page
    assert "<b>bars" not in page
    assert f"learned images varied by {content['judge']['members']['variation']}" in page


def test_data_without_labels_are_refused(rings, tmp_path):
    with pytest.raises(Mistake, match="labelled data"):
        JudgeFitting(rings.without_labels(), None, tmp_path / "JUDGE")
    assert not (tmp_path / "JUDGE").exists()


@pytest.mark.slow
def test_the_command_prints_figures_and_ends_by_its_light(rings, tmp_path, capsys):
    path = tmp_path / "rings.npz"
    out = tmp_path / "JUDGE"
    np.savez(path, x=rings.x, y=rings.label)
    with pytest.raises(SystemExit) as ended:
        cli.main(["judge", str(path), "--out", str(out), "--seed", "1"])
    said = capsys.readouterr().out
    content = json.loads((out / "quality.json").read_text())
    assert ended.value.code == (3 if content["light"]["light"] == "bad" else 0)
    for words in ("refused", "wrong among accepted", "calibration error", "limit", "promises"):
        assert words in said


@pytest.mark.slow
def test_a_judge_that_learned_nothing_ends_in_3(tmp_path, capsys):
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.npz"
    np.savez(path, x=rng.normal(size=(300, 3)).astype(np.float32), y=np.arange(300) % 2)
    with pytest.raises(SystemExit) as ended:
        cli.main(["judge", str(path), "--out", str(tmp_path / "JUDGE")])
    assert ended.value.code == 3
    assert "judge: bad" in capsys.readouterr().out
