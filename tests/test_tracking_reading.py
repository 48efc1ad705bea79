from __future__ import annotations

import builtins
import warnings

import numpy as np
import pytest

from genenv.checks import Mistake
from genenv.tracking import Tracker, frame, read, read_all


def write(folder, count=50, shift=0.0):
    with Tracker(folder) as tracker:
        for step in range(count):
            tracker.scalars({"a": step + shift}, step)
    (path,) = folder.glob("events*")
    return path


def test_what_stands_before_a_cut_is_read_with_a_warning(tmp_path):
    path = write(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match=r"is cut off or damaged at byte .* before was read"):
        steps, values = read(tmp_path)["a"]
    assert 0 < len(steps) < 50
    assert steps.tolist() == list(range(len(steps))) == values.tolist()


@pytest.mark.slow
def test_every_cut_leaves_whole_points(tmp_path):
    path = write(tmp_path, 3)
    whole = path.read_bytes()
    lengths = []
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lengths.append(len(read(tmp_path).get("a", ((), ()))[0]))
    assert lengths == sorted(lengths)
    assert set(lengths) == {0, 1, 2, 3}


def test_a_damaged_event_ends_its_file_and_not_the_reading(tmp_path):
    first = write(tmp_path)
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 255
    first.write_bytes(data)
    with Tracker(tmp_path, resume_at=10) as tracker:
        tracker.scalars({"a": -1.0}, 10)
    with pytest.warns(UserWarning, match="damaged"):
        steps, values = read(tmp_path)["a"]
    assert steps.tolist() == list(range(11))
    assert values[-1] == -1


def test_an_empty_event_file_is_a_run_without_scalars(tmp_path):
    write(tmp_path).write_bytes(b"")
    assert read(tmp_path) == {}


def test_a_whole_file_is_read_without_a_warning(tmp_path):
    write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(tmp_path)


def test_a_step_can_be_forgotten_while_a_run_goes_on(tmp_path):
    with Tracker(tmp_path) as tracker:
        for step in range(5):
            tracker.scalars({"a": step, "b": step}, step)
        tracker.forget(3)
        tracker.scalars({"a": 30.0}, 3)
    curves = read(tmp_path)
    assert curves["a"][1].tolist() == [0, 1, 2, 30]
    assert curves["b"][1].tolist() == [0, 1, 2]


def test_what_a_run_writes_again_when_it_is_resumed_at_its_end_is_read_once(tmp_path, capfd):
    for value in (1.0, 2.0):
        with Tracker(tmp_path, resume_at=8) as tracker:
            tracker.scalars({"final": value, "curve": value}, 7)
            tracker.scalars({"curve": value}, 8)
    steps, values = read(tmp_path)["final"]
    assert (steps.tolist(), values.tolist()) == ([7], [2])
    assert [part.tolist() for part in read(tmp_path)["curve"]] == [[7, 8], [2, 2]]
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_every_point_of_a_long_curve_is_read(tmp_path):
    write(tmp_path, 12_000)
    assert read(tmp_path)["a"][0].tolist() == list(range(12_000))


def test_a_folder_is_read_with_the_runs_below_it(tmp_path):
    for name, shift in (("mlp/noise", 0.5), ("cnn", 1.0)):
        write(tmp_path / name, 3, shift)
    runs = read_all(tmp_path)
    assert list(runs) == ["cnn", "mlp/noise"]
    np.testing.assert_array_equal(runs["mlp/noise"]["a"][1], [0.5, 1.5, 2.5])
    write(tmp_path, 1)
    assert list(read_all(tmp_path)) == [".", "cnn", "mlp/noise"]


def test_a_frame_has_a_row_a_point(tmp_path):
    pytest.importorskip("pandas", reason="the extra table brings pandas")
    for name, shift in (("x", 0.0), ("y", 10.0)):
        write(tmp_path / name, 2, shift)
    table = frame(tmp_path)
    assert list(table.columns) == ["run", "tag", "step", "value"]
    assert table.to_dict("list") == {
        "run": ["x", "x", "y", "y"],
        "tag": ["a"] * 4,
        "step": [0, 1, 0, 1],
        "value": [0.0, 1.0, 10.0, 11.0],
    }
    write(tmp_path / "z").write_bytes(b"")
    assert len(frame(tmp_path / "z")) == 0


def test_without_pandas_a_frame_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **more):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest, **more)

    write(tmp_path)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(Mistake, match=r"expected pandas .*pip install 'genenv\[table\]'"):
        frame(tmp_path)


@pytest.mark.parametrize("reader", [read, read_all, frame])
def test_a_folder_that_is_not_there_is_a_mistake(tmp_path, reader):
    with pytest.raises(Mistake, match=r"expected the folder of a run, got no folder .*missing"):
        reader(tmp_path / "missing")


def test_a_run_is_read_with_its_sub_runs_under_their_paths(tmp_path):
    write(tmp_path / "overview" / "mlp", 3, 0.5)
    assert list(read(tmp_path)) == ["overview/mlp/a"]  # no event file of its own
    write(tmp_path, 0).write_bytes(b"")
    assert list(read(tmp_path)) == ["overview/mlp/a"]  # one that holds no scalar
    with Tracker(tmp_path) as tracker:
        tracker.scalars({"a": 7.0}, 0)
    curves = read(tmp_path)
    assert list(curves) == ["a", "overview/mlp/a"]
    np.testing.assert_array_equal(curves["overview/mlp/a"][1], [0.5, 1.5, 2.5])
    flat = [
        (tag if run == "." else f"{run}/{tag}", steps.tolist(), values.tolist())
        for run, own in read_all(tmp_path).items()
        for tag, (steps, values) in own.items()
    ]
    assert flat == [
        (tag, steps.tolist(), values.tolist()) for tag, (steps, values) in curves.items()
    ]


def test_two_curves_of_one_name_are_a_mistake(tmp_path):
    write(tmp_path / "mlp", 3)
    with Tracker(tmp_path) as tracker:
        tracker.scalars({"mlp/a": 1.0}, 0)
    with pytest.raises(Mistake, match=r"expected one curve mlp/a in .*; take read_all"):
        read(tmp_path)
    assert list(read_all(tmp_path)) == [".", "mlp"]


@pytest.mark.parametrize("reader", [read, read_all])
def test_folders_without_events_are_mistakes(tmp_path, reader):
    with pytest.raises(Mistake, match=r"below it, got .*; give the folder of a run, or of runs"):
        reader(tmp_path)


def test_what_a_resumed_run_writes_within_the_second_is_read_last(tmp_path, monkeypatch):
    from tensorboard.summary.writer import event_file_writer

    counts = iter((9, 10))  # of the files of a process: unpadded, the tenth sorts first
    monkeypatch.setattr(event_file_writer._global_uid, "get", lambda: next(counts))
    for value in (1.0, 2.0):
        with Tracker(tmp_path, resume_at=0) as tracker:
            tracker.scalars({"a": value}, 10)
    steps, values = read(tmp_path)["a"]
    assert (steps.tolist(), values.tolist()) == ([10], [2.0])
