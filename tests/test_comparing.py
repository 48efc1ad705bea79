"""Runs side by side: fates of failures, paired shares, and runs that cannot be compared."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from genenv import bundled, checks, comparing, intervals, networks
from genenv.comparing import comparison, finished, paired
from genenv.criteria import DEFAULT
from genenv.downstream import wrap
from genenv.failures import Confirmed
from genenv.judge import Verdict
from genenv.report import comparison as page

UNITS, CLASSES = networks.described(bundled.FOLDER / "generator")
LIGHT = {"light": "good", "figure": "", "advice": ""}


def model(wrong):
    """A model that is wrong on the classes named, pixel 0 of a sample holds its class."""

    def answer(x):
        label = x.reshape(len(x), -1)[:, 0].astype(int)
        said = np.where(np.isin(label, list(wrong)), (label + 1) % 10, label)
        return np.eye(10, dtype=np.float32)[said] * 0.9 + 0.01

    return wrap(answer, UNITS, CLASSES, "raw", "probabilities")


def record(labels):
    m = len(labels)
    x = np.zeros((m, *UNITS.shape), np.float32)
    x[:, 0, 0] = labels
    return Confirmed(
        x=x,
        e=np.zeros((m, 4), np.float32),
        label=np.array(labels),
        output=np.zeros((m, 10), np.float32),
        severity=np.ones(m, np.float32),
        p=np.ones(m, np.float32),
        search=np.full(m, "random"),
        seed=np.zeros(m, np.int64),
        index=np.arange(m),
    )


def run(folder, wrong, labels, light="good", digest="a", draws=()):
    """A finished run of such a model, with the failures and verdicts of random queries given."""
    (folder / "findings").mkdir(parents=True)
    if len(draws):
        e = np.random.default_rng(3).normal(size=(len(draws), 4)).astype(np.float32)
        np.savez(
            folder / "findings" / "00000.npz", e=e, label=np.arange(len(draws)) % 10,
            verdict=np.array(draws), search=np.full(len(draws), "random"),
            seed=np.zeros(len(draws), np.int64),
        )  # fmt: skip
    content = {
        "trust": {"generator": LIGHT, "judge": LIGHT | {"light": light}, "model": LIGHT},
        "data": {"name": "digits", "sha256": "d"},
        "model": {"name": f"wrong on <{wrong}>", "test_accuracy": 0.9},
        "searches": [{"name": "random", "samples_law": True}],
    }
    held = record(labels) if labels else None
    return Made(folder, content, held, model(wrong), DEFAULT, digest)


class Made(finished.Opened):
    def __init__(self, *parts):
        super().__init__(*parts[:-1])
        object.__setattr__(self, "digest", parts[-1])

    judge = property(lambda self: self.digest)
    generator = "the same"


def test_failures_go_stay_and_come_by_what_both_models_say(tmp_path):
    first = run(tmp_path / "first", {1, 2}, [1, 2, 1])
    other = run(tmp_path / "other", {2, 3}, [3, 2])
    (row,) = comparing.compare([first, other])["others"]
    assert (row["went"], row["stayed"], row["came"], row["shared"]) == ([0, 2], [1], [0], [1])
    (same,) = comparing.compare([first, first])["others"]
    assert (same["went"], same["came"]) == ([], [])


def test_a_run_without_failures_has_none_that_went(tmp_path):
    runs = run(tmp_path / "first", {1}, [1]), run(tmp_path / "other", set(), [])
    (row,) = comparing.compare(runs)["others"]
    assert (row["went"], row["came"]) == ([0], [])
    (row,) = comparing.compare(runs[::-1])["others"]
    assert (row["went"], row["came"]) == ([], [0])


def test_shares_are_compared_on_what_both_were_asked_alone(tmp_path):
    confirmed = Verdict.CONFIRMED
    invalid = Verdict.INVALID
    passed = Verdict.PASSED
    first = run(tmp_path / "first", {1}, [1], draws=[confirmed] * 30 + [passed] * 70)
    verdicts = [invalid] * 10 + [passed] * 90 + [confirmed] * 100
    other = run(tmp_path / "other", {1}, [1], draws=verdicts)
    found = [paired.draws(made.folder, made.controls) for made in (first, other)]
    found[1]["random", 0] = np.copy(found[1]["random", 0])
    found[1]["random", 0][:100] = found[0]["random", 0]
    found[1]["random", 0]["verdict"][:100] = verdicts[:100]
    failure, sure = paired.events(*found, judged_alike=True)
    assert failure["pairs"] == sure["pairs"] == 100
    assert (failure["first"], failure["second"]) == (0.3, 0.1)
    assert failure["high"] < 0
    assert (sure["first"], sure["second"]) == (0.3, 0.0)
    assert [row["event"] for row in paired.events(*found, judged_alike=False)] == ["failure"]
    found[1]["random", 0]["asked"] += 1  # another generator's address
    assert paired.events(*found, judged_alike=True) == []


def test_the_interval_of_paired_shares_covers_and_never_is_empty():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        only_first, only_second, _ = rng.multinomial(300, [0.02, 0.05, 0.93])
        low, high = intervals.paired_shares(only_first, only_second, 300)
        covered += low <= 0.03 <= high
    assert 0.92 <= covered / 400 <= 0.985
    low, high = intervals.paired_shares(0, 0, 300)
    assert low < 0 < high
    with pytest.raises(checks.Mistake):
        intervals.paired_shares(200, 200, 300)


def test_another_judge_and_a_bad_light_are_said(tmp_path):
    draws = [Verdict.CONFIRMED] * 20
    first = run(tmp_path / "first", {1}, [1], draws=draws)
    other = run(tmp_path / "other", {2}, [2], light="bad", digest="b", draws=draws)
    content = comparing.compare([first, other])
    told = page.summary(content)
    assert "Each run has its own judge" in told
    assert f"Undecided: {tmp_path / 'other'}" in told
    assert [row["event"] for row in content["others"][0]["events"]] == ["failure"]


def test_the_page_shows_each_fate_and_escapes_names(tmp_path):
    first = run(tmp_path / "first", {1, 2}, [1, 2], draws=[Verdict.CONFIRMED] * 20)
    other = run(tmp_path / "other", {2, 3}, [3], draws=[Verdict.PASSED] * 20)
    content = json.loads(json.dumps(comparing.compare([first, other])))
    assert content["schema"] == comparison.SCHEMA
    path = tmp_path / "out" / "compare.html"
    page.write_page(content, [first.record, other.record], UNITS, CLASSES, path)
    text = path.read_text()
    assert text.count("<img") == 3
    assert "<{1" not in text
    assert "P(failure) over 20 samples" in text


def test_one_run_or_runs_of_other_data_are_mistakes(tmp_path):
    first = run(tmp_path / "a", {1}, [1])
    other = run(tmp_path / "b", {1}, [1])
    with pytest.raises(checks.Mistake, match="two runs or more"):
        comparing.compare([first])
    changed = other.content | {"data": {"name": "other", "sha256": "e"}}
    strange = replace_content(other, changed)
    with pytest.raises(checks.Mistake, match="same data"):
        comparing.compare([first, strange])


def replace_content(made, content):
    return SimpleNamespace(**vars(made) | {"content": content, "name": made.name})


def test_a_folder_that_holds_no_run_is_a_mistake(tmp_path):
    with pytest.raises(checks.Mistake, match=r"report\.json"):
        comparing.opened(tmp_path)


def test_records_of_other_runs_are_not_touched(tmp_path):
    first = run(tmp_path / "a", {1}, [1, 1])
    other = run(tmp_path / "b", {1}, [1])
    before = replace(first.record)
    comparing.compare([first, other])
    np.testing.assert_array_equal(before.x, first.record.x)
