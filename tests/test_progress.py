"""What is shown of stages: bars on a terminal, lines elsewhere, and no letters that steer it."""

from __future__ import annotations

import time

import pytest

from genenv.lines import Lines
from genenv.progress import Progress
from genenv.wording import visible


def test_a_stage_in_a_pipe_is_a_line_with_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    stages = Progress(display=True)
    stages.plan({"generator": 4, "judge": 10})
    with stages.stage("generator") as advance:
        advance(4)
    assert capsys.readouterr().err == f"generator: {stages.seconds['generator']:.1f} s\n"
    with stages.stage("judge", ends=False) as advance:
        advance(5)
    assert capsys.readouterr().err.startswith("judge: 50% done, 0.")
    with stages.stage("judge", ends=False) as advance:
        advance(5)
    assert capsys.readouterr().err == f"judge: {stages.seconds['judge']:.1f} s\n"
    stages.say("a sentence")
    assert capsys.readouterr().err == "a sentence\n"
    stages.close()
    assert capsys.readouterr() == ("", "")


def test_a_long_stage_says_how_long_it_may_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    lines = Lines()
    lines.begin({"generator": 1000})
    lines.reach("generator", 100)
    lines.start("generator")
    said = []
    for second in (1, 6, 30, 70):
        now[0] = second
        lines.advance("generator", 25)
        said.append(capsys.readouterr().err)
    assert said == [
        "",
        "generator: 15% done, about 2 minutes left at this pace\n",
        "",
        "generator: 20% done, about 9 minutes left at this pace\n",
    ]


def test_a_silent_run_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stages = Progress()
    stages.plan({"generator": 1})
    with stages.stage("generator") as advance:
        advance(1)
    stages.say("a sentence")
    assert capsys.readouterr() == ("", "")
    assert stages.seconds.keys() == {"generator"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, é 数\ttab\nline", "plain, é 数\ttab\nline"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("cat\u202etac", "cat\\u202etac"),
        ("a\rb", "a\\rb".replace("\\r", "\\x0d")),
        ("\udcff", "\\udcff"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_steers_a_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_no_time_is_told_from_the_slow_first_steps_alone(monkeypatch, capsys):
    clock = iter([0.0, 8.0, 12.0, 61.0])
    monkeypatch.setattr("genenv.lines.time.perf_counter", lambda: next(clock))
    lines = Lines()
    lines.begin({"generator": 10_000})
    lines.start("generator")
    for units in (1, 399, 1):
        lines.advance("generator", units)
    assert capsys.readouterr().err == "generator: 4% done, about 5 minutes left at this pace\n"
