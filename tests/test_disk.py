"""Disks that are full or read-only: a sentence, and what was kept goes on once there is room."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import toys

from genenv import campaign, cli
from genenv.agents import SEARCHES
from genenv.campaign import Campaign
from genenv.ledger import Ledger
from genenv.noise import Gaussian
from genenv.search import Space
from genenv.tracking import Tracker
from genenv.training import checkpoint

pytestmark = pytest.mark.slow

Remount = Callable[[str], None]
MAKING = (
    *("fit digits --no-metrics", "judge digits --no-cache", "react digits --no-cache"),
    *("stress digits --search random --no-cache", "train genenv/LatentProbe-v0"),
)
FIT = "fit digits --no-metrics --steps 12 --checkpoint-every 4 --keep 2"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Remount]]:
    """A disk of its own, and how to change its size or make it read-only."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> bool:
        line = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        return os.geteuid() == 0 and subprocess.run(line, capture_output=True).returncode == 0

    if not mount("size=200k"):
        pytest.skip("only root may mount a small disk, and not in every container")
    try:
        yield (
            place,
            lambda options: (
                subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)
                and None
            ),
        )
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def asked(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        cli.main(line.split())
    return int(end.value.code or 0), capsys.readouterr().err


def test_a_training_on_a_full_disk_says_so_and_goes_on_bit_for_bit(
    disk: tuple[Path, Remount], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, remount = disk
    code, said = asked(f"{FIT} --out {place / 'run'}", capsys)
    assert code == 2
    assert "No space left on device" in said
    assert "make room" in said
    remount("size=64m")
    there = (place / "run" / "config.json").is_file()
    assert asked(f"{FIT} --out {place / 'run'}{' --resume' * there}", capsys)[0] == 0
    assert asked(f"{FIT} --out {tmp_path / 'whole'}", capsys)[0] == 0
    ends = [checkpoint.newest(f / "checkpoints") for f in (place / "run", tmp_path / "whole")]
    one, two = (checkpoint.read(end)[0] for end in ends if end is not None)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("command", MAKING)
def test_a_disk_that_takes_nothing_is_a_sentence_of_every_command(
    disk: tuple[Path, Remount], capsys: pytest.CaptureFixture[str], command: str, full: bool
) -> None:
    place, remount = disk
    if full:
        (place / "filler").write_bytes(bytes(200_000))
    else:
        remount("ro")
    code, said = asked(f"{command} --out {place / 'run'}", capsys)
    assert code == 2
    got = "No space left on device; make room" if full else "Read-only file system; check path"
    assert got in said
    assert not list(place.rglob(".part-*"))


def test_a_campaign_on_a_full_disk_keeps_its_shards_and_goes_on_row_for_row(
    disk: tuple[Path, Remount], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, remount = disk
    monkeypatch.setattr(campaign, "SHARD", 200)

    def run(folder: Path) -> Ledger:
        ledger = Ledger(folder)
        game = Campaign(
            toys.probe(), toys.BallJudge(2.0), 9000, ledger, Tracker(None),  # type: ignore[arg-type]
            lambda _: None, pytest.fail,
        )  # fmt: skip
        space = Space(Gaussian(toys.DIM), toys.CLASSES)
        game.run("random", 0, lambda: SEARCHES["random"](space, 0))
        return ledger

    with pytest.raises(OSError, match="No space left") as full:
        run(place)
    assert full.value.errno == errno.ENOSPC
    kept = Ledger(place).read("random", 0)
    assert kept is not None
    assert 0 < len(kept["index"]) < 9000
    assert not list(place.rglob(".part-*"))
    remount("size=64m")
    one, two = (run(folder).read("random", 0) for folder in (place, tmp_path / "whole"))
    assert one is not None
    assert two is not None
    assert all(np.array_equal(one[name], two[name]) for name in two)
