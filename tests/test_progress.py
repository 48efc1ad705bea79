"""What is shown of stages: bars on a terminal, lines elsewhere, and no letters that steer it."""

from __future__ import annotations

import time

import pytest

from genenv.bars import Bars
from genenv.lines import Lines
from genenv.pace import Pace
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
    for second in (10, 11, 16, 40, 80):
        now[0] = second
        lines.advance("generator", 25)
        said.append(capsys.readouterr().err)
    assert said == [
        "",
        "",
        "generator: 18% done, about 2 minutes left at this pace\n",
        "",
        "generator: 22% done, about 9 minutes left at this pace\n",
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
    clock = iter([30.0, 38.0, 42.0, 91.0])
    monkeypatch.setattr("genenv.pace.time.perf_counter", lambda: next(clock))
    lines = Lines()
    lines.begin({"generator": 10_000})
    lines.start("generator")
    for units in (1, 1, 399, 1):
        lines.advance("generator", units)
    assert capsys.readouterr().err == "generator: 4% done, about 5 minutes left at this pace\n"


def test_what_took_a_minute_before_its_first_step_is_not_told_to_go_on_so(monkeypatch, capsys):
    clock = iter([60.0, 66.0])
    monkeypatch.setattr("genenv.pace.time.perf_counter", lambda: next(clock))
    lines = Lines()
    lines.begin({"generator": 100})
    lines.start("generator")
    lines.advance("generator", 1)
    lines.advance("generator", 9)
    assert capsys.readouterr().err == "generator: 10% done, about 60 seconds left at this pace\n"


def long_run(shown, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    names = ("metrics", "judge", "random", "policy", "gradient", "report")
    shown.begin({"metrics": 5, "generator": 1000} | dict.fromkeys(names, 5))
    shown.reach("judge", None)
    shown.start("generator")
    for second in (60, 132, 204, 276):
        now[0] = second
        shown.advance("generator", 10)


def test_the_first_steps_of_a_run_tell_how_long_it_takes_and_what_comes_then(monkeypatch, capsys):
    long_run(Lines(), monkeypatch)
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == (
        "generator: 2% done, about 118 minutes left at this pace; "
        "then random, policy, gradient, report"
    )
    assert second == "generator: 3% done, about 116 minutes left at this pace"
    assert third.endswith("at this pace")


def test_a_terminal_is_told_it_once_above_the_bars(monkeypatch):
    bars = Bars()
    monkeypatch.setattr(bars._bars, "start", lambda: None)
    said = []
    monkeypatch.setattr(bars, "say", said.append)
    long_run(bars, monkeypatch)
    assert said == [
        "generator: 2% done, about 118 minutes left at this pace; "
        "then random, policy, gradient, report"
    ]


def test_hours_are_hours_and_many_stages_are_counted(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    pace = Pace()
    pace.begin({"generator": 1000} | dict.fromkeys("abcdef", 1))
    pace.start("generator")
    now[0] = 9.0
    assert pace.advance("generator", 10) is None
    now[0] = 100.0
    assert pace.advance("generator", 10) == (
        "generator: 2% done, about 2.5 hours left at this pace; then a, b, c, d and 2 more"
    )
