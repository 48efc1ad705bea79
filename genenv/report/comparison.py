"""Runs side by side, in words and as one self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genenv import files
from genenv.codecs import Codec
from genenv.failures import Confirmed
from genenv.report.figures import png
from genenv.report.numerals import count, interval, interval_of, percent, plural
from genenv.report.template import template
from genenv.tracking import picture

PICTURED = 24  # failures of a kind on the page
FATES = {
    "went": "The other model passes these failures of the first run.",
    "stayed": "It fails these, too.",
    "came": "The first model passes these failures of the other run.",
}

CHOSEN = (
    "Failures are chosen by what their own run's model gets wrong: another model that is no better "
    "passes many of them. Equal samples asked of both are the fair comparison."
)

Row = Mapping[str, Any]


def summary(content: Row) -> str:
    """Write the comparison as lines of text."""
    lines = []
    for other in content["others"]:
        lines += sentences(content["first"], other)
    lines.append(CHOSEN)
    return "\n".join(lines)


def sentences(first: Row, other: Row) -> list[str]:
    """Say what became of failures, and what the same samples say."""
    undecided = [row["run"] for row in (first, other) if row["undecided"]]
    said = [
        f"{other['run']}: {other['model']} passes {len(other['went'])} and fails "
        f"{len(other['stayed'])} of the {plural(first['confirmed'], 'failure')} of {first['run']} "
        f"({first['model']}); {len(other['came'])} of its own "
        f"{plural(other['confirmed'], 'failure')} are new, the first model passes them.",
        f"Right on {percent(other['test_accuracy'])} of untouched real rows, the first on "
        f"{percent(first['test_accuracy'])}.",
        *(event(row) for row in other["events"]),
    ]
    if not other["events"]:
        said.append("No random samples were asked of both: P(failure) is not compared.")
    elif not other["same_judge"]:
        said.append("Each run has its own judge: confirmed failures are not compared (--judge).")
    if undecided:
        said.append(f"Undecided: {' and '.join(undecided)} cannot be trusted.")
    return said


def event(row: Row) -> str:
    """Say how an event's share differs over the same samples."""
    name = "P(failure)" if row["event"] == "failure" else "P(confirmed failure)"
    sign = "fewer" if row["high"] < 0 else "more" if row["low"] > 0 else "no proven difference"
    return (
        f"{name} over {count(row['pairs'])} samples asked of both: {percent(row['second'])} "
        f"against {percent(row['first'])}, difference {percent(row['difference'])} "
        f"{interval(row['low'], row['high'])}: {sign}."
    )


def write_page(
    content: Row,
    records: Sequence[Confirmed | None],
    units: Codec,
    classes: Sequence[int | str],
    path: Path,
) -> None:
    """Write the page.

    Parameters
    ----------
    content
        Of compare.json.
    records
        The failures of the first run, then of each other one.
    units, classes
        The map of their samples, and the user's names.
    path
        Of the file.
    """
    shown = [
        {
            "row": other,
            "sentences": sentences(content["first"], other),
            "fates": list(_fates(other, records[0], record, units, classes)),
        }
        for other, record in zip(content["others"], records[1:], strict=True)
    ]
    page(content, shown, path)


def page(content: Row, shown: Sequence[Row], path: Path) -> None:
    """Write the page.

    Parameters
    ----------
    content
        Of compare.json.
    shown
        Of each other run its `row` there, `sentences`, and `fates`: `name`, `told`, `count`, and
        the first of these failures as `pictures` with (number, class) in `rows`, or as a table,
        `heads` and `cells`, with their numbers in `rows`.
    path
        Of the file.
    """
    filters: dict[str, Callable[..., Any]] = {
        "count": count,
        "percent": percent,
        "interval": interval_of,
    }
    text = template("compare.html", filters).render(content=content, others=shown, chosen=CHOSEN)
    files.write_atomically(path, lambda file: file.write(text.encode()))


def _fates(
    other: Row,
    first: Confirmed | None,
    own: Confirmed | None,
    units: Codec,
    classes: Sequence[int | str],
) -> Iterator[dict[str, Any]]:
    for fate, text in FATES.items():
        record = own if fate == "came" else first
        rows = other[fate][:PICTURED]
        images = None if record is None or not rows else picture(record.x[rows], units)
        yield {
            "name": fate,
            "told": text,
            "count": len(other[fate]),
            "pictures": [] if images is None else [png(image) for image in images],
            "rows": [] if record is None else [(r, classes[record.label[r]]) for r in rows],
            "heads": (),
            "cells": [],
        }
