"""Where a command prints, how it is interrupted, and what it lets through."""

from __future__ import annotations

import io
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from tensorboard.summary.writer.record_writer import RecordWriter

from genenv import cli, recorded
from genenv.cli.terminal import readable, told_once
from genenv.codecs import Vectors
from genenv.downstream import wrap
from genenv.tracking import Tracker


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_a_terminal_lacks_are_spelled_out(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, encoding=encoding))
    with readable():
        print("λ é")
    lacking = {"ascii": b"\\u03bb \\xe9\n", "latin-1": b"\\u03bb \xe9\n"}
    assert held.getvalue() == lacking[encoding]  # at once: nothing was flushed by hand


@pytest.mark.slow
def test_warnings_as_errors_stop_no_command() -> None:
    words = [sys.executable, "-W", "error", "-m", "genenv", "envs"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_while_the_command_is_imported_ends_it_quietly() -> None:
    """The handler that Python itself would run raises in the middle of an import."""
    asked = "import sys, signal, os; sys.argv = ['genenv']; import genenv; "
    words = [sys.executable, "-c", asked + "os.kill(os.getpid(), signal.SIGINT)"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_a_second_interrupt_while_the_first_is_answered_is_quiet_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_words: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_answer", interrupted)
    monkeypatch.setattr(sys, "argv", ["genenv", "envs"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 130


@pytest.mark.slow
def test_a_printed_command_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cli.main(["fit", "ring", "--steps", "1", "--no-metrics", "--out", "my run; ls"])
    line = capsys.readouterr().out.splitlines()[-1]
    assert shlex.split(line.partition(":")[2]) == ["tensorboard", "--logdir", "my run; ls"]
    assert (tmp_path / "my run; ls").is_dir()


def test_the_rows_of_the_replay_check_are_stored_with_their_labels(tmp_path: Path) -> None:
    units = Vectors((2,), "float32", (0.0, 0.0), (1.0, 1.0))
    model = wrap(lambda x: np.full((len(x), 3), 1 / 3), units, ("a", "b", "c"))
    x = np.random.default_rng(0).normal(size=(90, 2))
    label = np.arange(90) % 3
    recorded.record_outputs(tmp_path, model, x.astype(np.float32), label)
    with np.load(tmp_path / "outputs.npz") as file:
        assert file["label"].tolist() == label[:64].tolist()
        assert file["x"].shape == (64, 2)
    assert model.queries == 0
    assert recorded.compare_outputs(tmp_path, model) == ()


def test_a_full_disk_is_told_by_the_main_thread_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(28, "No space left on device")

    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda raised: told.append(raised.exc_value))
    tracker = Tracker(tmp_path)
    monkeypatch.setattr(RecordWriter, "write", refused)
    with told_once(), pytest.raises(OSError, match="No space left"), tracker:
        tracker.text("words", "some")
    assert told == []
    with told_once():  # any other thread speaks for itself
        thread = threading.Thread(target=refused)
        thread.start()
        thread.join()
    assert len(told) == 1
