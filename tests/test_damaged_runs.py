"""Files of a run that somebody changed: what is read of them is used, or refused in a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_report import example

from genenv import (
    failures,
    limits,
    model_spec,
    rechecking,
    recorded,
    report,
    run_rows,
    tracking,
)
from genenv.checks import Mistake
from genenv.finished import opened
from genenv.ledger import Ledger
from genenv.regression import judging, law
from genenv.report import summary
from genenv.report.amending import amend

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


@pytest.mark.parametrize("value", [None, 10**400, "1", [], {}, True])
def test_one_value_of_json_has_its_place_and_its_kind(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "target.json"
    path.write_text(json.dumps({"centre": 3, "scale": 0.5}))
    assert judging.target_of(tmp_path) == (3.0, 0.5)
    for wrong in ({"centre": value, "scale": 1}, {"scale": 1}, {"shape": [1]}):
        path.write_text(json.dumps(wrong))
        with pytest.raises(Mistake, match=r"a whole file .*target.json"):
            judging.target_of(tmp_path)


def test_a_law_that_does_not_say_its_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text('{"shape": [2147483648]}')
    with pytest.raises(Mistake, match=r"spec.json"):
        law.load(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "broken link"])
def test_a_shard_that_is_no_file_is_refused_where_failures_are_asked_again(
    tmp_path: Path, kind: str
) -> None:
    kept = tmp_path / "failures"
    kept.mkdir()
    shard = kept / "00000.npz"
    shard.mkdir() if kind == "folder" else shard.symlink_to("nowhere")
    with pytest.raises(Mistake, match=r"00000.npz"):
        rechecking.recheck(
            kept, tmp_path / "unrepeated", failures.read, lambda _: pytest.fail("asked")
        )


def test_a_shard_without_a_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / "mine.npz").write_bytes(b"")
    with pytest.raises(Mistake, match=r"a whole file .*mine.npz"):
        Ledger(tmp_path)


def test_a_page_with_bytes_that_are_no_letters_keeps_them_where_it_is_amended(
    tmp_path: Path,
) -> None:
    page = tmp_path / "report.html"
    page.write_bytes(b"\xee\xff<!-- trust -->old<!-- end of trust -->")
    amend(page, {"trust": "new"})
    assert page.read_bytes() == b"\xee\xffnew"


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "device"])
def test_an_event_file_that_is_no_file_is_refused_and_not_waited_for(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "events.out.tfevents.1.a.1.0"
    {
        "folder": path.mkdir,
        "link": lambda: path.symlink_to(path),
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
    }[kind]()
    with pytest.raises(Mistake, match=r"expected a (plain|whole) file .*events"):
        tracking.read(tmp_path)
