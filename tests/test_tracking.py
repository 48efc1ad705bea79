from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from genenv import data, tracking
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.tracking import Tracker, framed

DIGITS = Pictures((8, 8), "float32", (0.0,), (16.0,))
POINTS = Vectors((2,), "float32", (-1.0, -2.0), (1.0, 2.0))


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(folder), size_guidance={"images": 0, "tensors": 0})
    log.Reload()
    return log


def test_scalars_read_back_with_their_steps(tmp_path):
    with Tracker(tmp_path / "run") as tracker:
        for step in range(5):
            tracker.scalars({"fit/critic": step / 2, "fit/generator": -step}, step * 10)
    curves = tracking.read(tmp_path / "run")
    assert sorted(curves) == ["fit/critic", "fit/generator"]
    steps, values = curves["fit/critic"]
    assert steps.tolist() == [0, 10, 20, 30, 40]
    np.testing.assert_allclose(values, [0, 0.5, 1, 1.5, 2])


@pytest.mark.slow
def test_no_scalar_is_thinned_out(tmp_path):
    with Tracker(tmp_path) as tracker:
        for step in range(12_000):
            tracker.scalars({"a": step}, step)
    assert len(tracking.read(tmp_path)["a"][0]) == 12_000


def test_a_resumed_run_forgets_what_the_interrupted_one_wrote_later(tmp_path):
    with Tracker(tmp_path) as tracker:
        for step in range(10):
            tracker.scalars({"a": step}, step)
    with Tracker(tmp_path, resume_at=6) as tracker:
        for step in range(6, 8):
            tracker.scalars({"a": 100 + step}, step)
    steps, values = tracking.read(tmp_path)["a"]
    assert steps.tolist() == list(range(8))
    assert values.tolist() == [0, 1, 2, 3, 4, 5, 106, 107]


def test_a_clock_that_was_set_back_does_not_hide_what_a_resumed_run_writes(tmp_path):
    for begin, end in ((0, 4), (4, 10)):
        with Tracker(tmp_path) as tracker:
            for step in range(begin, end):
                tracker.scalars({"a": step}, step)
    for path in tmp_path.iterdir():  # as if both were begun an hour from now
        head, second, rest = path.name[:19], path.name.split(".")[3], path.name.split(".", 4)[4]
        path.rename(path.with_name(f"{head}.{int(second) + 3600}.{rest}"))
    with Tracker(tmp_path, resume_at=6) as tracker:
        tracker.scalars({"a": 106}, 6)
    steps, values = tracking.read(tmp_path)["a"]
    assert steps.tolist() == list(range(7))
    assert values.tolist() == [0, 1, 2, 3, 4, 5, 106]


def test_an_image_summary_decodes_to_the_size_of_its_grid(tmp_path):
    sheet = tracking.grid(np.zeros((7, 8, 8), np.uint8), 4)
    with Tracker(tmp_path) as tracker:
        tracker.images("samples", sheet, 3)
    (event,) = events(tmp_path).Images("samples")
    assert event.step == 3
    assert Image.open(io.BytesIO(event.encoded_image_string)).size == sheet.shape[1::-1]


def test_scalars_of_one_step_are_one_event(tmp_path):
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    with Tracker(tmp_path) as tracker:
        tracker.scalars({"a": 1.0, "b": 2.0}, 3)
        tracker.scalars({}, 4)
    (path,) = tmp_path.iterdir()
    steps = [event.step for event in EventFileLoader(str(path)).Load() if event.HasField("summary")]
    assert steps == [3]


def shades(count, channels=1, side=8):
    """Frames that all differ."""
    grey = np.linspace(0, 255, count).astype(np.uint8)[:, None, None, None]
    return np.broadcast_to(grey, (count, side, side, channels)).copy()


@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_is_a_gif_of_all_frames_without_end(tmp_path, channels):
    frames = shades(5, channels)
    frames[..., 0] = 0 if channels == 3 else frames[..., 0]
    with Tracker(tmp_path) as tracker:
        tracker.encoded("loop", tracking.animation(frames), frames.shape[1:], 7)
    (event,) = events(tmp_path).Images("loop")
    assert (event.step, event.height, event.width) == (7, 8, 8)
    shown = Image.open(io.BytesIO(event.encoded_image_string))
    assert (shown.format, shown.size, shown.n_frames) == ("GIF", (8, 8), 5)
    assert shown.info["loop"] == 0
    for i, frame in enumerate(frames):
        shown.seek(i)
        got = np.asarray(shown.convert("RGB"), int)
        assert np.abs(got - frame).max() <= 4  # of 256 levels


def test_an_animation_that_is_too_large_has_fewer_frames_that_stay_longer():
    noise = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 1), dtype=np.uint8)
    whole = tracking.animation(noise)
    data = tracking.animation(noise, most=len(whole) - 1)
    shown = Image.open(io.BytesIO(data))
    assert shown.n_frames == 4
    assert shown.info["duration"] == 160
    assert len(data) < len(whole)
    assert Image.open(io.BytesIO(tracking.animation(noise, most=1))).format == "GIF"  # one frame


@pytest.mark.parametrize("shape", [(0, 8, 8, 1), (2, 8, 8), (2, 8, 8, 2)])
def test_an_animation_refuses_what_is_no_row_of_pictures(shape):
    with pytest.raises(Mistake, match=r"expected frames of shape \(n, h, w, 1\) or \(n, h, w, 3\)"):
        tracking.animation(np.zeros(shape, np.uint8))


def test_histogram_and_text_are_written(tmp_path):
    with Tracker(tmp_path) as tracker:
        tracker.histogram("severity", [0.0, 1.0, np.nan, np.inf, 3.0], 1)
        tracker.histogram("nothing", [np.nan], 1)
        tracker.text("summary", "**found** 3")
    log = events(tmp_path)
    (histogram,) = log.Histograms("severity")
    assert histogram.histogram_value.num == 3
    assert log.Tags()["histograms"] == ["severity"]
    (text,) = log.Tensors("summary/text_summary")
    assert text.tensor_proto.string_val[0] == b"**found** 3"


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Tracker(None) as tracker:
        tracker.scalars({"a": 1.0}, 0)
        tracker.images("b", np.zeros((4, 4, 3), np.uint8), 0)
        tracker.histogram("c", [1.0], 0)
        tracker.text("d", "e")
    assert list(tmp_path.iterdir()) == []


def test_writing_after_close_does_nothing(tmp_path):
    tracker = Tracker(tmp_path)
    tracker.scalars({"a": 1.0}, 0)
    tracker.close()
    tracker.close()
    tracker.scalars({"a": 2.0}, 1)
    assert tracking.read(tmp_path)["a"][0].tolist() == [0]


def test_reading_a_folder_without_events_says_so(tmp_path):
    with pytest.raises(Mistake, match="expected a folder with TensorBoard's event files in or"):
        tracking.read(tmp_path)


@pytest.mark.slow
def test_importing_tracking_does_not_import_tensorboard():
    code = "import sys, genenv.tracking; sys.exit('tensorboard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pictures_span_black_to_white_over_the_range_of_the_data():
    x = np.array([[0.0, 8.0, 16.0, 99.0]]).reshape(1, 2, 2)
    shown = tracking.picture(x, Pictures((2, 2), "float32", (0.0,), (16.0,)))
    assert shown.shape == (1, 2, 2, 1)
    assert shown.ravel().tolist() == [0, 128, 255, 255]


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_pictures_have_one_or_three_channels(channels, shown):
    units = Pictures((5, 4, channels), "uint8", (0.0,), (255.0,))
    assert tracking.picture(np.zeros((2, 5, 4, channels)), units).shape == (2, 5, 4, shown)


def test_vectors_have_no_picture_but_a_scatter():
    x = np.array([[-1.0, -2.0], [1.0, 2.0]])
    assert tracking.picture(x, POINTS) is None
    dots = np.argwhere(tracking.overview(x, POINTS)[..., 0] < 255)
    side = tracking.overview(x, POINTS).shape[0]
    assert dots[0][0] < side / 4 < 3 * side / 4 < dots[-1][0]  # one above, one below
    assert dots[0][1] > dots[-1][1]  # the upper one is to the right


def test_a_vector_of_one_column_is_drawn():
    units = Vectors((1,), "float32", (0.0,), (1.0,))
    assert (tracking.scatter(np.array([[0.5]]), units) < 255).any()


@pytest.mark.parametrize("column", [0, 1, 2])
def test_vectors_with_a_constant_column_are_drawn(column):
    units = data.from_arrays(np.insert(np.eye(4, 2), column, 7.0, axis=1)).units
    x = np.insert(np.array([[0.0, 0.0], [1.0, 1.0]]), column, 7.0, axis=1)
    dots = np.argwhere(tracking.scatter(x, units)[..., 0] < 255)
    low = dots.min(0)
    high = dots.max(0)
    assert (high - low > 200).tolist() == [column != 1, column != 0]
    assert (np.abs((low + high) / 2 - 160) < 3).all()


def test_grid_enlarges_tiny_pictures_by_whole_pixels():
    images = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    sheet = tracking.grid(images, 5)
    assert sheet.shape == (48 + 8, 48 + 8, 3)
    np.testing.assert_array_equal(sheet[4:-4:6, 4:-4:6, 0], images[0])


def test_grid_has_as_many_rows_as_it_needs():
    sheet = tracking.grid(np.zeros((11, 64, 64, 3), np.uint8), 5)
    assert sheet.shape == (3 * 68 + 4, 5 * 68 + 4, 3)


def test_captions_are_drawn_under_the_pictures_and_widen_narrow_cells():
    images = np.zeros((2, 8, 8), np.uint8)
    plain = tracking.grid(images, 2)
    sheet = tracking.grid(images, 2, ["", "a long caption"])
    assert sheet.shape[0] > plain.shape[0]
    assert sheet.shape[1] > plain.shape[1]
    assert (sheet[54:-4, sheet.shape[1] // 2 :] < 100).any()
    assert (sheet[54:, : sheet.shape[1] // 2] == 255).all()


def test_a_wrong_number_of_captions_is_a_mistake():
    with pytest.raises(Mistake, match="expected 2 captions, got 1; give one a picture, or None"):
        tracking.grid(np.zeros((2, 8, 8), np.uint8), 2, ["a"])


@pytest.mark.parametrize("shape", [(0, 8, 8), (8, 8), (1, 8, 8, 2)])
def test_grid_refuses_what_is_no_batch_of_pictures(shape):
    with pytest.raises(Mistake, match="expected pictures of shape"):
        tracking.grid(np.zeros(shape, np.uint8), 2)


def test_points_stand_in_frames_of_a_colour_a_group():
    shown, names = framed(np.full((3, 8, 16, 1), 7, np.uint8), ["real", "made", "real"])
    assert shown.shape == (3, 10, 18, 3)
    assert names == ["blue", "orange", "blue"]
    assert (shown[:, 1:-1, 1:-1] == 7).all()
    assert (shown[0] == shown[2]).all()
    assert shown[1, 0].tolist() == [[230, 159, 0]] * 18
    squares, again = framed(None, ["real", "made", "real"])
    assert again == names
    assert [len(np.unique(square.reshape(-1, 3), axis=0)) for square in squares] == [1, 1, 1]
    assert squares[0, 0, 0].tolist() == shown[0, 0, 0].tolist()
