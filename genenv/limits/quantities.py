"""The figures of a report that a limit may be set on, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genenv import checks, intervals
from genenv.limits.limit import Limit

Content = Mapping[str, Any]
"""Of report.json, see `report.document`."""

EVENTS = {"p_failure": "failure", "p_confirmed": "confirmed"}


@dataclass(frozen=True)
class Figure:
    """A share with its interval."""

    name: str
    """As in a limit: p_confirmed, accuracy, accuracy(class: 7)."""
    estimate: float
    low: float
    high: float
    rows: int
    """Independent draws or real rows behind it."""
    unit: str
    """What these are: queries or real rows."""
    level: float = intervals.LEVEL
    """How often the interval covers the share."""
    counted: bool = True
    """Whether it is a share of `rows`, so that more of them narrow it as they do a share."""


def figures(content: Content, limit: Limit) -> Sequence[Figure]:
    """Return what a limit is held against.

    Of several classes or modes each interval covers 1 − 0.05/k, so that all hold together
    (Bonferroni).

    Raises
    ------
    Mistake
        The report holds no such figure, as that of a policy or regressor, or no class or mode of
        that name with real rows.
    """
    if limit.quantity in EVENTS:
        return [_probability(content, limit.quantity)]
    if kind := content.get("kind"):
        raise checks.Mistake(
            f"p_failure or p_confirmed of a {kind}", limit.quantity, f"a {kind} has no classes"
        )
    if not limit.of:
        return [_accuracy(content)]
    return (_of_modes if limit.of == "mode" else _of_classes)(content, limit.which)


def _of_classes(content: Content, which: str) -> list[Figure]:
    found = [
        row
        for row in content["classes"]
        if row["errors"]["rows"] and which in ("", str(row["class"]))
    ]
    if not found:
        raise checks.Mistake(
            "a class of the run that has untouched real rows", which, "see report.json"
        )
    level = 1 - 0.05 / len(found)
    return [_of_class(row, level) for row in found]


def _of_modes(content: Content, which: str) -> list[Figure]:
    """Return the accuracy on the real rows nearest to each mode; no mode, nothing that fails."""
    found = [
        row
        for row in content["modes"]
        if row["near"]["accuracy"]["rows"] and which in ("", str(row["id"]))
    ]
    if which and not found:
        raise checks.Mistake("a mode of the run, by its id", which, "see report.json")
    level = 1 - 0.05 / max(len(found), 1)
    return [_of_mode(row, level) for row in found]


def _probability(content: Content, quantity: str) -> Figure:
    """Return the row of an event: a rare one's, by another method than counting, stands last."""
    rows = [r for r in content["failure_probabilities"] if r["event"] == EVENTS[quantity]]
    if not rows:
        raise checks.Mistake(
            f"{quantity} in the report",
            "none: no search sampled the generator's law",
            "run `stress` with --search random",
        )
    row = rows[-1]
    bounds = row["estimate"], row["low"], row["high"]
    return Figure(quantity, *bounds, row["samples"], "queries", counted=row is rows[0])


def _accuracy(content: Content) -> Figure:
    rows = content["judge"]["test_rows"]
    return _share("accuracy", round(content["model"]["test_accuracy"] * rows), rows)


def _of_class(row: Mapping[str, Any], level: float) -> Figure:
    rows = row["errors"]["rows"]
    right = rows - round(row["errors"]["share"] * rows)
    return _share(f"accuracy(class: {row['class']})", right, rows, level)


def _of_mode(row: Mapping[str, Any], level: float) -> Figure:
    near = row["near"]["accuracy"]
    name = f"accuracy(mode: {row['id']}, {row['condition']} seen as {row['prediction']})"
    return _share(name, round(near["share"] * near["rows"]), near["rows"], level)


def _share(name: str, right: int, rows: int, level: float = intervals.LEVEL) -> Figure:
    low, high = intervals.wilson(right, rows, level)
    return Figure(name, right / rows, low, high, rows, "real rows", level)
