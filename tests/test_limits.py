"""Limits on a run's figures: the grammar, the three outcomes, and what build servers read."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from genenv import checks, intervals, limits
from genenv.limits import Outcome, checking, junit, markdown, outcome

LIGHT = {"light": "good", "figure": "is fine", "advice": ""}


def share(count, rows):
    low, high = intervals.wilson(count, rows)
    return {"share": count / max(rows, 1), "low": low, "high": high, "rows": rows}


def event(name, count, samples, method="random search, counted queries"):
    low, high = intervals.wilson(count, samples)
    found = {"estimate": count / samples, "low": low, "high": high, "samples": samples}
    return {"event": name, "method": method, **found}


def mode(number, right, rows):
    near = {"accuracy": share(right, rows)}
    return {"id": number, "condition": "a<b|c", "prediction": 7, "near": near}


def content(light="good", model="mine", probabilities=None):
    """What a check reads of report.json."""
    good = [event("failure", 100, 10_000), event("confirmed", 30, 10_000)]
    return {
        "trust": {"generator": LIGHT, "judge": LIGHT | {"light": light}, "model": LIGHT},
        "data": {"name": "digits"},
        "model": {"name": model, "test_accuracy": 0.96},
        "judge": {"test_rows": 100},
        "classes": [
            {"class": 7, "errors": share(1, 50)},
            {"class": "a<b|c", "errors": share(30, 50)},
            {"class": "empty", "errors": share(0, 0)},
        ],
        "modes": [mode(4, 10, 10), mode(9, 2, 10), mode(11, 0, 0)],
        "failure_probabilities": good if probabilities is None else probabilities,
    }


def checked(*texts, **changes):
    return limits.checked(content(**changes), [limits.parse(text) for text in texts])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p_confirmed > 0.01", Outcome.PASS),
        ("p_confirmed > 0.001", Outcome.FAIL),
        ("p_confirmed > 0.3%", Outcome.INVESTIGATE),
        ("p_failure < 2%", Outcome.FAIL),
        ("accuracy < 0.5", Outcome.PASS),
        ("accuracy<.999", Outcome.FAIL),
        ("accuracy(class: 7) < 0.8", Outcome.PASS),
        ("accuracy(class) < 0.8", Outcome.FAIL),
        ("accuracy( class : a<b|c ) <= 0.40", Outcome.INVESTIGATE),
    ],
)
def test_a_limit_passes_fails_or_asks_for_more(text, expected):
    assert checked(text).outcome == expected


def test_the_worst_limit_decides_and_a_failure_outweighs_a_doubt():
    assert checked("p_confirmed > 0.3%", "p_confirmed > 0.1").outcome == Outcome.INVESTIGATE
    assert checked("p_confirmed > 0.3%", "p_confirmed > 0.0001").outcome == Outcome.FAIL


def test_the_bound_itself_fails_only_where_the_limit_says_so():
    at = limits.parse("accuracy >= 0.5"), limits.parse("accuracy > 0.5")
    assert at[0].fails(0.5, 0.5)
    assert at[1].passes(0.5, 0.5)


@pytest.mark.parametrize(
    "text",
    ["", "p_confirmed", "p > 0.1", "p_confirmed > much", "p_confirmed > 1.1", "accuracy > 101%",
     "p_confirmed(class) > 0.1", "accuracy(row) < 0.1", "p_confirmed > 0.1; import os"],
)  # fmt: skip
def test_what_is_no_limit_is_a_mistake(text):
    with pytest.raises(checks.Mistake, match="expected"):
        limits.parse(text)


def test_a_class_without_rows_or_of_another_name_is_a_mistake():
    for name in ("zebra", "empty"):
        with pytest.raises(checks.Mistake, match=name):
            checked(f"accuracy(class: {name}) < 0.9")
    with pytest.raises(checks.Mistake, match="--search random"):
        checked("p_failure > 0.1", probabilities=[])
    with pytest.raises(checks.Mistake, match="at least one limit"):
        limits.parsed([])


def test_intervals_of_several_classes_hold_together():
    one, both = (checked(f"accuracy(class{of}) < 0.5").results for of in (": 7", ""))
    assert both[0].figure.low < one[0].figure.low
    assert both[0].figure.level == pytest.approx(1 - 0.05 / 2)


def test_the_rows_nearest_to_each_mode_are_held_to_a_limit_together():
    found = checked("accuracy(mode) < 0.8").results
    assert [one.outcome for one in found] == [Outcome.INVESTIGATE, Outcome.FAIL]
    assert found[1].figure.name == "accuracy(mode: 9, a<b|c seen as 7)"
    assert found[1].figure.level == pytest.approx(1 - 0.05 / 2)
    alone = checked("accuracy(mode: 9) < 0.8").results
    assert [one.figure.level for one in alone] == [pytest.approx(0.95)]
    with pytest.raises(checks.Mistake, match="12"):
        checked("accuracy(mode: 12) < 0.8")


def test_a_run_without_modes_has_none_that_fails():
    assert (
        limits.checked(content() | {"modes": []}, [limits.parse("accuracy(mode) < 1")]).outcome == 0
    )


def test_a_rare_event_is_judged_by_the_estimate_that_reached_it():
    rare = event("confirmed", 0, 10_000) | {"estimate": 1e-5, "low": 5e-6, "high": 2e-5}
    rows = [event("confirmed", 0, 10_000), rare | {"method": "subset simulation"}]
    assert checked("p_confirmed > 0.0001", probabilities=rows[:1]).outcome == Outcome.INVESTIGATE
    assert checked("p_confirmed > 0.0001", probabilities=rows).outcome == Outcome.PASS
    doubtful = checked("p_confirmed > 0.00001", probabilities=rows).results[0]
    assert "--rate-budget" in doubtful.decided_by


def test_the_queries_that_would_decide_do_decide_and_a_fifth_fewer_do_not():
    found = checked("p_confirmed > 0.004").results[0]
    assert found.outcome == Outcome.INVESTIGATE
    enough = outcome.deciding(found.limit, found.figure)
    for rows, decided in ((enough, True), (int(0.8 * enough), False)):
        low, high = intervals.wilson(round(0.003 * rows), rows)
        assert (found.limit.passes(low, high) or found.limit.fails(low, high)) == decided
    exactly = checked("p_confirmed > 0.003").results[0]
    assert outcome.deciding(exactly.limit, exactly.figure) is None
    assert "no number" in exactly.decided_by


def test_a_bad_light_decides_nothing():
    found = checked("p_confirmed > 0.5", light="bad")
    assert found.outcome == Outcome.INVESTIGATE
    assert not found.results
    assert "the judge is fine" in str(found)


def test_junit_counts_what_it_lists_and_parses_whatever_a_model_is_called(tmp_path):
    path = tmp_path / "deep" / "junit.xml"
    texts = "p_confirmed > 0.01", "p_confirmed > 0.0001", "p_confirmed > 0.3%"
    junit.write(checked(*texts, model='a\x00b\x1b[31m<&"]]>\ufffe'), path)
    suite = ElementTree.parse(path).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    assert [len(case) for case in suite] == [0, 1, 1]
    junit.write(checked("p_confirmed > 0.5", light="bad"), path)
    assert ElementTree.parse(path).getroot().get("errors") == "1"


def test_markdown_shows_names_as_they_are(tmp_path):
    path = tmp_path / "check.md"
    markdown.write(checked("accuracy(class) < 0.5", model="<script>|`x`\n# no"), path)
    text = path.read_text()
    assert "<script>" not in text
    assert "\n# no" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in rows} == {len(markdown.HEAD) + 1}
    assert "investigate" in markdown.text(checking.Checked("m", (), "the judge is bad"))
