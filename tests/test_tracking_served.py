"""What TensorBoard's HTTP endpoints make of a run."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from served import Board

from genenv import tracking
from genenv.checks import Mistake
from genenv.tracking import Bands, Lines, Tracker, exactly

RNG = np.random.default_rng(0)
HIT = RNG.random(400) < 0.3
SCORE = RNG.random(400)
POINTS = RNG.normal(size=(10, 3)).astype(np.float32)
SPRITES = RNG.integers(0, 256, (10, 4, 6, 3), dtype=np.uint8)
CHARTS = {
    "Found": [Lines("by search", ("confirmed/", exactly("lr"))), Lines("all", (".*",))],
    "Reactions": [Bands("agreement", ("mean", "low", "high"))],
}


def write(folder, name, lr, found):
    with Tracker(folder / name) as tracker:
        tracker.hparams({"objective": name, "lr": lr, "ema": True, "seed": 0}, ["confirmed/random"])
        tracker.layout(CHARTS)
        for step in range(3):
            tracker.scalars({"confirmed/random": found * step, "lr": lr}, step)
        tracker.pr_curve("confidence", HIT, SCORE, 2)
        tracker.images("samples", tracking.grid(np.zeros((2, 8, 8), np.uint8), 2), 2)
        tracker.embedding("audit/all", POINTS, {"kind": ["a\tb"] * 10, "row": range(10)}, SPRITES)
        tracker.embedding("plain", POINTS, {"kind": ["real"] * 10})
        tracker.embedding("plain", POINTS[:5], {})


def interrupted(folder):
    with Tracker(folder) as tracker:
        tracker.hparams({"objective": "gan"}, ["confirmed/random"])
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    write(folder, "gan", 0.1, 1.0)
    write(folder, "wgan", 0.2, 5.0)
    with pytest.raises(KeyboardInterrupt):
        interrupted(folder / "stopped")
    return folder


@pytest.fixture(scope="module")
def board(folder):
    return Board(folder)


@pytest.mark.slow
def test_scalars_are_served_with_their_steps(board):
    points = board.plugin("scalars/scalars", run="gan", tag="confirmed/random")
    assert [point[1:] for point in points] == [[0, 0.0], [1, 1.0], [2, 2.0]]


@pytest.mark.slow
def test_a_run_is_a_row_of_the_hparams_table_with_its_own_scalars(board):
    rows = board.sessions()
    assert set(rows) == {"gan", "wgan", "stopped"}
    settings, metrics, status = rows["wgan"]
    assert settings == {"objective": "wgan", "lr": 0.2, "ema": True, "seed": 0.0}
    assert metrics == {"confirmed/random": 10.0}
    assert status == "SUCCESS"


def test_an_interrupted_run_has_no_end(board):
    assert board.sessions()["stopped"][2] == "UNKNOWN"


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_the_hparams_table_is_sorted_by_a_metric(board, order):
    column = {"metric": {"tag": "confirmed/random"}, "order": f"ORDER_{order}"}
    asked = {"allowedStatuses": ["STATUS_SUCCESS"], "colParams": [column], "sliceSize": 9}
    groups = board.plugin("hparams/session_groups", asked)["sessionGroups"]
    names = [group["name"] for group in groups]
    assert names == (["gan", "wgan"] if order == "ASC" else ["wgan", "gan"])


def test_the_hparams_table_has_typed_columns(board):
    infos = board.plugin("hparams/experiment", {})["hparamInfos"]
    kinds = {info["name"]: info["type"].removeprefix("DATA_TYPE_") for info in infos}
    assert kinds == {"objective": "STRING", "lr": "FLOAT64", "ema": "BOOL", "seed": "FLOAT64"}


@pytest.mark.slow
def test_the_first_five_settings_are_the_first_columns(tmp_path):
    with Tracker(tmp_path) as tracker:
        tracker.hparams(dict.fromkeys("zyxwvba", 0.0), [])
        tracker.scalars({"c": 0.0}, 0)
    infos = Board(tmp_path).plugin("hparams/experiment", {})["hparamInfos"]
    assert [info["name"] for info in infos] == [*"vwxyz", "a", "b"]


def test_layouts_of_equal_runs_are_one(board):
    first, second = board.plugin("custom_scalars/layout")["category"]
    assert (first["title"], second["title"]) == ("Found", "Reactions")
    assert [chart["title"] for chart in first["chart"]] == ["by search", "all"]
    assert first["chart"][0]["multiline"]["tag"] == ["confirmed/", "lr$"]
    (chart,) = second["chart"]
    assert chart["margin"]["series"] == [{"value": "mean", "lower": "low", "upper": "high"}]


def test_a_chart_finds_its_curves_by_expression(board):
    found = board.plugin("custom_scalars/scalars", run="gan", tag="confirmed/")
    assert found["regex_valid"]
    assert list(found["tag_to_events"]) == ["confirmed/random"]


def test_a_pr_curve_holds_precision_and_recall_by_cut(board):
    (curve,) = board.plugin("pr_curves/pr_curves", run="gan", tag="confidence")["gan"]
    cuts = np.array(curve["thresholds"])
    found = np.floor(SCORE * 126)[:, None] >= np.round(cuts * 126)
    recall = (found & HIT[:, None]).sum(0) / HIT.sum()
    precision = (found & HIT[:, None]).sum(0) / np.maximum(found.sum(0), 1)
    assert curve["step"] == 2
    np.testing.assert_allclose(curve["recall"], recall[: len(curve["recall"])], atol=1e-5)
    np.testing.assert_allclose(curve["precision"], precision[: len(curve["precision"])], atol=1e-5)


def test_an_image_is_served_as_it_was_drawn(board):
    (image,) = board.plugin("images/images", run="gan", tag="samples", sample=0)
    assert image["step"] == 2
    shown = board.raw("plugin/images/individualImage", **dict([image["query"].split("=", 1)]))
    assert Image.open(io.BytesIO(shown)).size == (108, 56)


def test_the_projector_serves_points_columns_and_sprites(board):
    assert board.plugin("projector/runs")[:2] == ["gan", "wgan"]
    large, small = board.plugin("projector/info", run="gan")["embeddings"]
    assert (large["tensorName"], large["tensorShape"]) == ("audit/all", [10, 3])
    assert large["sprite"]["singleImageDim"] == [6, 6]
    assert (small["tensorName"], small["tensorShape"]) == ("plain", [5, 3])  # the last one stays
    assert "metadataPath" not in small
    query = {"run": "gan", "name": "audit/all"}
    points = np.frombuffer(board.raw("plugin/projector/tensor", **query), np.float32)
    np.testing.assert_allclose(points.reshape(10, 3), POINTS, rtol=1e-5)
    lines = board.raw("plugin/projector/metadata", **query).decode().splitlines()
    assert lines[0] == "kind\trow"
    assert lines[10] == "a b\t9"
    sheet = np.asarray(Image.open(io.BytesIO(board.raw("plugin/projector/sprite_image", **query))))
    assert sheet.shape == (24, 24, 3)
    np.testing.assert_array_equal(sheet[6 + 1 : 6 + 5, 6:12], SPRITES[5])  # row 1, column 1
    assert not sheet[6 * 3 :].any()


def test_a_single_column_has_no_header(tmp_path):
    with Tracker(tmp_path) as tracker:
        tracker.embedding("../odd name", POINTS, {"kind": ["", *"abcdefghi"]})
    (path,) = tmp_path.rglob("metadata.tsv")
    assert path.read_text().splitlines() == ["-", *"abcdefghi"]
    assert path.parent.parent == tmp_path / "projector"


def test_sprites_are_thinned_out_to_fit_a_texture(tmp_path):
    with Tracker(tmp_path) as tracker:
        tracker.embedding("a", POINTS[:4], {}, np.zeros((4, 5000, 10), np.uint8))
    (path,) = tmp_path.rglob("sprites.png")
    assert Image.open(path).size == (5000, 5000)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"points": POINTS[0]}, r"expected points of shape \(any, any\)"),
        ({"points": POINTS[:1]}, "expected at least 2 points of 2 numbers"),
        ({"points": POINTS * np.nan}, "expected points to be finite"),
        ({"columns": {"kind": ["a"]}}, "expected 10 values of kind, got 1; give one a point"),
        ({"sprites": SPRITES[:4]}, r"expected sprites of shape \(10, h, w\)"),
        ({"sprites": SPRITES[..., :2]}, r"expected sprites of shape \(10, h, w\)"),
    ],
)
def test_an_embedding_of_other_shapes_is_a_mistake(tmp_path, change, sentence):
    given = {"points": POINTS, "columns": {}, "sprites": SPRITES} | change
    with Tracker(tmp_path) as tracker, pytest.raises(Mistake, match=sentence):
        tracker.embedding("a", **given)
    assert not (tmp_path / "projector_config.pbtxt").exists()


def test_a_damaged_projector_configuration_is_a_mistake(tmp_path):
    (tmp_path / "projector_config.pbtxt").write_text("embeddings {")
    with Tracker(tmp_path) as tracker, pytest.raises(Mistake, match="delete it"):
        tracker.embedding("a", POINTS, {})


@pytest.mark.parametrize("value", [np.nan, np.inf, None, (1, 2)])
def test_settings_that_the_table_cannot_show_are_mistakes(tmp_path, value):
    with Tracker(tmp_path) as tracker, pytest.raises(Mistake, match="expected lr to be True or"):
        tracker.hparams({"lr": value}, [])


def test_settings_become_plain():
    given = {"betas": (0.0, 0.99), "penalty": None, "hidden": [64, 64], "lr": 1, "coded": True}
    given["env"] = {"horizon": 4, "more": {"none": None, "kind": "a"}}
    made = {"betas": "0.0 0.99", "hidden": "64 64", "lr": 1, "coded": True}
    made |= {"env/horizon": 4, "env/more/kind": "a"}
    assert tracking.plain(given) == made


@pytest.mark.parametrize(
    ("hit", "score", "sentence"),
    [
        ([], [], "expected scores from 0 to 1, got none"),
        ([True], [1.5], "expected scores from 0 to 1, got 1.5 to 1.5; scale them"),
        ([True, False], [0.5, np.nan], "expected scores from 0 to 1"),
        ([True], [0.5, 0.5], "expected score of shape"),
        ([[True]], [0.5], "expected hit of shape"),
    ],
)
def test_a_pr_curve_of_something_else_is_a_mistake(hit, score, sentence):
    with Tracker(None) as tracker, pytest.raises(Mistake, match=sentence):
        tracker.pr_curve("a", hit, score, 0)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Lines("a", ()), "expected tags of the chart 'a', got none"),
        (lambda: Lines("a", ("(",)), r"expected a regular expression for 'a', got '\('"),
        (lambda: Bands("a", ("b", "c")), r"expected the band of 'a' as \(value, lower, upper\)"),
        (lambda: Bands("a", "abc"), r"expected the band of 'a' as \(value, lower, upper\)"),
    ],
)
def test_charts_of_nothing_are_mistakes(make, sentence):
    with pytest.raises(Mistake, match=sentence):
        make()


def test_two_charts_of_one_title_are_a_mistake():
    twice = [Lines("a", ("b",)), Bands("a", ("b", "c", "d"))]
    with Tracker(None) as tracker, pytest.raises(Mistake, match="a title each, got 'a' twice"):
        tracker.layout({"Found": twice})


def test_without_a_folder_and_after_close_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    closed = Tracker("run")
    closed.close()
    before = sorted(tmp_path.rglob("*"))
    for tracker in (Tracker(None), closed):
        tracker.hparams({"a": 1}, ["b"])
        tracker.layout(CHARTS)
        tracker.forget(3)
        tracker.pr_curve("c", HIT, SCORE, 0)
        tracker.embedding("d", POINTS, {})
        tracker.close()
    assert sorted(tmp_path.rglob("*")) == before
