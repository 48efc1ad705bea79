"""A run leaves a run.toml that repeats it, and `--config` reads one."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from genenv import run_file
from genenv.checks import Mistake
from genenv.cli import main

LINE = (
    "genenv stress 'my data' --model m.py:net --mean 0.5 --seeds 0 1 --anyway --input=flat "
    "--classes 10 b --starts_from old --out runs/a"
)


def test_the_file_says_what_the_line_said_but_for_its_folder(tmp_path: Path) -> None:
    run_file.write(tmp_path, LINE)
    assert tomllib.loads((tmp_path / "run.toml").read_text()) == {
        "command": "stress", "given": ["my data"], "model": "m.py:net", "mean": 0.5,
        "seeds": [0, 1], "anyway": True, "input": "flat", "classes": [10, "b"],
        "starts-from": "old",
    }  # fmt: skip


def test_the_file_repeats_the_run(tmp_path: Path) -> None:
    run_file.write(tmp_path, LINE)
    made = run_file.expanded(["stress", "--config", str(tmp_path / "run.toml")])
    wanted = LINE.replace("=flat", " flat").replace("starts_from", "starts-from")
    assert made == shlex.split(wanted)[1:-2]
    assert run_file.expanded(["stress", "digits"]) == ["stress", "digits"]


def test_a_line_may_say_what_a_file_may_not(tmp_path: Path) -> None:
    run_file.write(tmp_path, "genenv train genenv/X-v0 --trust --steps 3 --out here")
    path = tmp_path / "run.toml"
    assert "trust" not in path.read_text()
    path.write_text('out = "theirs"\ntrust = true\n')
    words = ["train", "--out", "mine", "--trust", "--config", str(path)]
    assert run_file.expanded(words) == ["train", "--out", "mine", "--trust"]


def test_what_the_line_says_wins(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('given = "digits"\nbudget = 500\nseed = 3\nanyway = false\n')
    words = ["stress", "ring", "--seed", "4", "--config", str(tmp_path / "run.toml")]
    assert run_file.expanded(words) == ["stress", "ring", "--budget", "500", "--seed", "4"]


@pytest.mark.parametrize(
    ("text", "words", "sentence"),
    [
        ("seed = ", ["fit"], "a TOML file .*run.toml, got what cannot be read"),
        ('command = "fit"', ["stress"], "a file of the command stress"),
        ("[seed]\na = 1", ["fit"], "seed as a value or a list"),
        ("", [], "a command before --config"),
        ('out = "elsewhere"', ["fit"], "expected --out on the command line, got out in"),
        ("trust = true", ["train"], "expected --trust on the command line"),
        ("resume = true", ["stress", "--out", "here"], "expected --resume on the command line"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, words: list[str], sentence: str
) -> None:
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(Mistake, match=sentence):
        run_file.expanded([*words, "--config", str(tmp_path / "run.toml")])


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(Mistake, match=r"a TOML file gone\.toml"):
        run_file.expanded(["fit", "--config", "gone.toml"])
    with pytest.raises(Mistake, match="a file after --config, got none"):
        run_file.expanded(["fit", "--config"])


@pytest.mark.slow
def test_fit_leaves_a_file_and_is_repeated_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["fit", "ring", "--steps", "2", "--no-metrics", "--batch", "8"]
    for line in ([*words, "--out", "a"], ["fit", "--config", "a/run.toml", "--out", "b"]):
        with pytest.raises(SystemExit) as left:
            main(line)
        assert left.value.code == 0, capsys.readouterr().err
    weights = [tmp_path / run / "generator" / "generator.safetensors" for run in "ab"]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert (tmp_path / "b" / "run.toml").read_text() == (tmp_path / "a" / "run.toml").read_text()


def test_the_doctor_names_versions_device_and_extras(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["doctor"])
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert all(word in said for word in ("versions: python 3", "device:", "threads:", "disk:"))
    assert "onnx         models as .onnx files" in said
