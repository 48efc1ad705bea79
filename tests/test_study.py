"""A study of two parts: what follows from the list."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import genenv
from genenv import lock
from genenv.bars import Bars
from genenv.checks import Mistake
from genenv.interrupt import Interrupt, Terminated, terminable
from genenv.lines import Lines
from genenv.parts import Part, load_json, save_json
from genenv.progress import Progress
from genenv.study import Study


class Sum(Study[int]):
    """Counts to three, and doubles it."""

    command = "sum"

    def __init__(self, folder: Path, key: str | None = None, **more: object) -> None:
        super().__init__(folder, Progress(display=True), **more)  # type: ignore[arg-type]
        self.stages._shown = Bars()
        self.made: list[str] = []
        first = "count.json"
        name = None if key is None else lambda: key
        self.first = Part(first, "the count", self._count, save_json, load_json, "count", 3, name)
        self.second = Part("double.json", "twice", self._double, save_json, load_json, "double", 1)

    def settings(self) -> dict[str, int]:
        return {"to": 3}

    def parts(self) -> list[Part[int]]:
        return [self.first, self.second]

    def work(self) -> int:
        return self.get(self.second)

    def _count(self, advance) -> int:  # type: ignore[no-untyped-def]
        self.made.append("count")
        advance(3)
        return 3

    def _double(self, _) -> int:  # type: ignore[no-untyped-def]
        value = 2 * self.get(self.first)
        self.made.append("double")
        return value


def test_finished_parts_are_read_and_their_bars_are_full(tmp_path):
    assert Sum(tmp_path).run() == 6
    again = Sum(tmp_path)
    assert again.run(resume=True) == 6
    assert again.made == []
    assert [bar.percentage for bar in again.stages._shown._bars.tasks] == [100, 100]


def test_the_line_of_a_finished_part_does_not_depend_on_the_steps_that_it_told(tmp_path, capsys):
    study = Sum(tmp_path)
    study.stages._shown = Lines()
    study.run()
    told = [re.sub(r"\d+\.\d s", "0.0 s", line) for line in capsys.readouterr().err.splitlines()]
    assert told == ["count: 0.0 s", "double: 0.0 s"]


def test_all_bars_are_shown_from_the_start(tmp_path):
    study = Sum(tmp_path)
    seen = []
    study.work = lambda: (
        seen.extend(bar.description for bar in study.stages._shown._bars.tasks) or 0
    )
    study.run()
    assert seen == ["count", "double"]


def test_a_flipped_byte_is_named_and_not_used(tmp_path):
    Sum(tmp_path).run()
    (tmp_path / "count.json").write_text("7\n")
    (tmp_path / "double.json").unlink()
    with pytest.raises(Mistake, match=r"expected .*count.json as it was written, got other bytes"):
        Sum(tmp_path).run(resume=True)
    (tmp_path / "count.json").unlink()
    assert Sum(tmp_path).run(resume=True) == 6


def test_a_folder_that_another_process_holds_is_refused_with_its_id(tmp_path):
    Sum(tmp_path).run()
    with (
        lock.held(tmp_path),
        pytest.raises(Mistake, match=f"got one that process {os.getpid()} holds"),
    ):
        Sum(tmp_path).run(resume=True)
    assert Sum(tmp_path).run(resume=True) == 6


def test_an_error_says_what_is_kept_and_gives_the_lock_back(tmp_path):
    study = Sum(tmp_path, line="genenv sum")
    study.work = lambda: [study.get(study.first), signal.raise_signal(signal.SIGINT)]
    with pytest.raises(KeyboardInterrupt) as caught:
        study.run()
    again = f"go on with: genenv sum --out {tmp_path} --resume"
    assert caught.value.__notes__ == [f"{tmp_path} holds the count; {again}"]
    assert Sum(tmp_path).run(resume=True) == 6


def test_sigterm_waits_for_the_end_of_a_step_where_it_is_taken():
    with terminable(), Interrupt() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Terminated):
            interrupt.check()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_part_with_a_key_comes_from_the_cache_unless_it_is_off(tmp_path, monkeypatch):
    monkeypatch.setenv("GENENV_CACHE", str(tmp_path / "cache"))
    one = Sum(tmp_path / "one", "k")
    one.run()
    assert one.cached == [f"Kept in the cache in {tmp_path / 'cache'} (--no-cache): the count."]
    two = Sum(tmp_path / "two", "k")
    two.run()
    assert two.made == ["double"]
    assert two.cached == [f"the count came from the cache in {tmp_path / 'cache'}."]
    off = Sum(tmp_path / "three", "k", no_cache=True)
    off.run()
    assert off.made == ["count", "double"]
    (tmp_path / "cache" / "k" / "count.json").write_text("7\n")  # damage is not used
    four = Sum(tmp_path / "four", "k")
    assert four.run() == 6
    assert four.made == ["count", "double"]


@pytest.mark.slow
def test_a_command_that_is_terminated_leaves_with_143():
    script = (
        "import os, signal, sys\nfrom genenv import cli\nfrom genenv.cli.replay import Replay\n"
        "Replay.__call__ = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "cli.main(['replay', 'nowhere'])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == 143
    assert ended.stderr == "genenv: terminated\n"


def test_digests_that_cannot_be_read_are_one_sentence(tmp_path):
    Sum(tmp_path).run()
    assert list(json.loads((tmp_path / "parts.json").read_text())) == ["count.json", "double.json"]
    (tmp_path / "parts.json").write_text("[1")
    with pytest.raises(Mistake, match=r"expected .*parts.json to hold the digests"):
        Sum(tmp_path).run(resume=True)


@pytest.mark.slow
def test_the_version_is_told_without_torch():
    script = (
        "import sys\nfrom genenv import cli\n"
        "try: cli.main(['--version'])\n"
        "except SystemExit as left: print(left.code, 'torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout == f"genenv {genenv.__version__}\n0 False\n"
