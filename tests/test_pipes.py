"""A pipe or a device in the place of a file: one sentence, and nothing is waited for."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from genenv import bundled, checks, files, lock, run_file
from genenv.data import load
from genenv.parts import checked

SECONDS = 20  # by which a reader that waits is stopped, and its test fails


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError("it was waited for")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "name", ["pipe.npz", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "pipe.toml"]
)
def test_a_pipe_that_is_given_as_a_file_is_refused(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    for labels in ("train-labels-idx1-ubyte",) * name.startswith("train"):
        os.mkfifo(tmp_path / labels)
    place = tmp_path if name.startswith("train") else tmp_path / name
    with pytest.raises(checks.Mistake, match="plain file"):
        load(str(place)) if place.suffix != ".toml" else run_file.expanded(["--config", str(place)])


@pytest.mark.parametrize("planted", ["pipe", "device"])
def test_neither_a_pipe_nor_a_device_in_a_run_is_read_for_its_digest(
    planted: str, tmp_path: Path
) -> None:
    shutil.copytree(bundled.FOLDER / "generator", tmp_path / "generator")
    weights = tmp_path / "generator" / "generator.safetensors"
    size = weights.stat().st_size
    digest = files.sha256(weights)
    files.write_json(
        tmp_path / "parts.json", {"generator": {f"generator/{weights.name}": [size, digest]}}
    )
    weights.unlink()
    if planted == "pipe":
        os.mkfifo(weights)
    else:
        weights.symlink_to("/dev/zero")  # which never ends
    with pytest.raises(checks.Mistake):
        checked(tmp_path, "generator")
    with pytest.raises(checks.Mistake, match="got a pipe, folder or device"):
        files.sha256(weights)


def test_who_holds_a_folder_is_not_read_from_a_pipe(tmp_path: Path) -> None:
    with FileLock(tmp_path / lock.LOCK):
        os.mkfifo(tmp_path / lock.HOLDER)
        with (
            pytest.raises(checks.Mistake, match="one that another process holds"),
            lock.held(tmp_path),
        ):
            pass
