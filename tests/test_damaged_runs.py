"""Files of a run that somebody changed: what is read of them is used, or refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_report import example

from genenv import limits, model_spec, recorded, report, run_rows
from genenv.checks import Mistake
from genenv.finished import opened
from genenv.report import summary

OTHERS = (None, "\x1b[2J", -1, 1e308, 10**400, [], {}, [[]], True)
LIMITS = ("p_failure > 0.1", "p_confirmed > 0.1", "accuracy < 0.5", "accuracy(class) < 0.5",
          "accuracy(mode) < 0.5")  # fmt: skip


def places(plain: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Name every value of JSON by the keys that lead there."""
    if place:
        yield place
    if isinstance(plain, dict | list):
        for key, inner in plain.items() if isinstance(plain, dict) else enumerate(plain):
            yield from places(inner, (*place, key))


def changed(text: str, place: tuple[Any, ...], value: Any) -> str:
    plain = inner = json.loads(text)
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return json.dumps(plain)


def used(folder: Path) -> str:
    """Use a report as `check`, `rate` and `compare` do."""
    read = report.load(folder).data
    for limit in LIMITS:
        str(limits.checked(read, limits.parsed((limit,))))
    return summary.verdict(read)


@pytest.mark.slow
def test_a_report_with_any_other_value_is_used_or_refused(tmp_path: Path) -> None:
    made = example()
    row = {"method": "counted", "estimate": 0.1, "low": 0.05, "high": 0.2, "samples": 100}
    made.data["failure_probabilities"] = [row | {"event": e} for e in ("failure", "confirmed")]
    made.save(tmp_path)
    path = tmp_path / "report.json"
    text = path.read_text()
    assert used(tmp_path)
    refused = 0
    found = [*places(json.loads(text))]
    for number, place in enumerate(found):
        path.write_text(changed(text, place, OTHERS[number % len(OTHERS)]))
        try:
            used(tmp_path)
        except Mistake:
            refused += 1
    assert refused > len(found) / 3


@pytest.mark.parametrize("kind", ["policy", "regressor"])
@pytest.mark.parametrize(
    "lost", ["trust", "searches", "model", "data", "modes", "failure_probabilities"]
)
def test_a_run_without_classes_that_lacks_a_part_is_refused(
    tmp_path: Path, kind: str, lost: str
) -> None:
    light = {"light": "good", "figure": "", "advice": ""}
    row = dict.fromkeys(("queries", "flips", "errors", "confirmed", "confirmed_per_1k"), 0)
    searched = row | {"name": "random", "seed": 0, "samples_law": True, "seconds": 1.5}
    content = {
        "kind": kind, "trust": {"model": light}, "data": {"name": "a"}, "model": {"name": "b"},
        "searches": [searched], "modes": [], "failure_probabilities": [],
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps({kind: {}}))
    path = tmp_path / "report.json"
    path.write_text(json.dumps(content))
    assert opened(tmp_path).content == content
    path.write_text(json.dumps({name: v for name, v in content.items() if name != lost}))
    with pytest.raises(Mistake, match=rf"a whole file .*report.json, got .*{lost}"):
        _ = opened(tmp_path).content


@pytest.mark.parametrize(
    ("field", "value"),
    [("asked_classes", 3), ("mean", ["a"]), ("path", []), ("query_timeout", "soon"),
     ("std", float("nan")), ("layout", {})],
)  # fmt: skip
def test_what_is_recorded_of_a_model_has_its_kinds(tmp_path: Path, field: str, value: Any) -> None:
    (tmp_path / "model").mkdir()
    path = tmp_path / model_spec.WHERE
    path.write_text(json.dumps({"path": "mine:model"}))
    assert recorded.recorded_path(tmp_path) == "mine:model"
    path.write_text(json.dumps({"path": "mine:model", field: value}))
    with pytest.raises(Mistake, match=r"a whole file .*model.json, got ValidationError"):
        recorded.recorded_path(tmp_path)


@pytest.mark.parametrize("criterion", [3, [], None])
def test_a_recorded_criterion_is_a_name(tmp_path: Path, criterion: Any) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"stress": {"criterion": criterion}}))
    with pytest.raises(Mistake, match=r"a whole file .*config.json"):
        recorded.load_criterion(tmp_path)
    path.write_text(json.dumps({"stress": [1]}))
    with pytest.raises(Mistake, match=r"a whole file .*config.json"):
        recorded.load_criterion(tmp_path)


@pytest.mark.parametrize(
    "said",
    [{"first": 0, "last": 2**50}, {"first": "a", "last": 3}, {"first": 5}, [[1], [2, 3]], ["a"]],
)
def test_rows_that_are_no_rows_are_refused_before_memory_is_taken(
    tmp_path: Path, said: Any
) -> None:
    assert np.array_equal(run_rows.read(tmp_path, "train", {"first": 2, "last": 4}), [2, 3, 4])  # type: ignore[arg-type]
    with pytest.raises(Mistake, match="a whole file"):
        run_rows.read(tmp_path, "train", said)
    with pytest.raises(Mistake, match="no rows by the name of their part"):
        run_rows.said(tmp_path, {"split": []}, "train")
