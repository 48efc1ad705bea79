"""The page: what the template shows, made from report.json's content and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.report import amending, by_class, figures, moved, numerals, spreads, summary, variety
from genenv.report.evidence import EDGE, SUREST, Evidence
from genenv.report.template import template
from genenv.tracking import picture

PICTURED = 18  # modes with examples; the others are listed
EXAMPLES = 4  # pictures a mode
VECTORS = 2  # examples a mode where samples are vectors
COLUMNS = 40  # shown of a row of a table
VALUES = 12  # numbers shown of a vector
MOVED = 6  # columns shown of a change
NAMED = 10  # real rows named of a mode; report.json has them all
LISTED = 200  # modes in the list below the pictures
_ADDED = (
    "queries", "training_queries", "flips", "realistic", "ambiguous", "other_label", "invalid",
    "confirmed", "seconds",
)  # fmt: skip


def render(data: Mapping[str, Any], evidence: Evidence) -> str:
    """Make the page.

    Parameters
    ----------
    data
        Checked content of report.json.
    evidence
        Failures, curves and the run's words.

    Returns
    -------
    One HTML document without script, which loads nothing.
    """
    from markupsafe import Markup

    plain = dict(data)
    curves, confusion = (
        figures.confirmed_against_queries(evidence.curves),
        figures.confusion(evidence),
    )
    text: str = template("page.html", amending.filters()).render(
        **amending.shown(plain),
        evidence=evidence,
        asked=summary.asked(plain),
        unanswered=summary.unanswered(plain),
        ordinary=ordinary(evidence),
        spreads=[Markup(each) for each in spreads.figures(evidence.spreads)],
        totals=summary.totals(plain),
        facts={name: list(flat(plain[name])) for name in ("data", "generator", "model")},
        several_seeds=len({row["seed"] for row in plain["searches"]}) > 1,
        funnel=funnel(plain["searches"]),
        # What figures.py writes is markup of our own; matplotlib escapes the text in it.
        curves=None if curves is None else Markup(curves),
        confusion=None if confusion is None else Markup(confusion),
        modes=[*cards(plain["modes"][:PICTURED], evidence)],
        listed=plain["modes"][PICTURED : PICTURED + LISTED],
        named=NAMED,
        variety=variety.words(plain["variety"]),
        random_samples=drawn(plain),
        surest=surest(evidence),
        columns=_columns(evidence),
        began=began(evidence),
        starts=plain["generator"].get("starts"),
        no_worst=by_class.sentence(plain["classes"]),
        edge=edge(plain["searches"], evidence),
        edge_share=EDGE,
    )
    return text


def drawn(data: Mapping[str, Any]) -> int:
    """Count the control's samples; 0 where nothing is said of how often the model fails."""
    own = [row["queries"] for row in data["searches"] if row["samples_law"]]
    return sum(own) if data["failure_probability"] else 0


def ordinary(evidence: Evidence) -> list[str]:
    """Draw samples of the generator as they come; none of vectors."""
    if evidence.ordinary is None:
        return []
    drawn = picture(evidence.ordinary, evidence.units)
    return [] if drawn is None else [figures.png(image) for image in drawn]


def flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Walk through nested plain values as (dotted name, text), lists of plain values joined."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from flat(entry, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield name, ", ".join(str(entry) for entry in value)
    elif isinstance(value, float):
        yield name, numerals.count(value) if value.is_integer() else f"{value:.4g}"
    else:
        yield name, numerals.NONE if value is None else str(value)


def funnel(searches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the rows of a search's seeds: one row a search, in order of appearance."""
    colours = figures.series_colours((row["name"], row["samples_law"]) for row in searches)
    rows = []
    for name, colour in colours.items():
        own = [row for row in searches if row["name"] == name]
        added = {key: sum(row[key] for row in own) for key in _ADDED}
        rows.append(added | {"name": name, "series": colour})
    return rows


def edge(searches: list[dict[str, Any]], evidence: Evidence) -> list[dict[str, Any]]:
    """Share of each search's confirmed failures on the edge of the plausible ball."""
    failures = evidence.failures
    rows = []
    for name in dict.fromkeys(row["name"] for row in searches):
        own = failures.on_edge[failures.search == name]
        if len(own):
            rows.append({"name": name, "confirmed": len(own), "share": float(own.mean())})
    return rows


def cards(modes: list[dict[str, Any]], evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Make what the page shows of each mode: its row, and examples with their nearest real row."""
    vectors = not evidence.units.channels
    for mode in modes:
        rows = _examples(mode["id"], evidence, VECTORS if vectors else EXAMPLES)
        yield {
            "row": mode,
            "beside": summary.beside(mode["near"]),
            "examples": [_example(row, evidence) for row in rows],
            "lines": _values(rows, evidence) if vectors else None,
            "hidden": max(0, len(evidence.units.names()) - _shown(evidence)) if vectors else 0,
        }


def _examples(mode: int, evidence: Evidence, count: int) -> NDArray[np.int64]:
    """Rows to show of a mode: distinct ones first, then by q, then by query."""
    failures = evidence.failures
    rows = np.flatnonzero(failures.mode == mode)
    keys = (failures.query[rows], failures.q[rows], ~failures.distinct[rows])
    return rows[np.lexsort(keys)][:count]


def surest(evidence: Evidence) -> list[dict[str, Any]]:
    """Make the examples of the surest distinct failures of all modes, by q, then by query."""
    return [_example(row, evidence) for row in evidence.failures.surest(SUREST)]


def began(evidence: Evidence) -> list[dict[str, Any]]:
    """Make the examples of failures that searches found from rows: row, made again, failure."""
    rows = evidence.failures.surest(SUREST)
    return [
        _example(row, evidence) | _beginning(row, before, evidence)
        for row, before in zip(rows, evidence.began, strict=bool(evidence.began))
    ]


def _beginning(row: int, before: Mapping[str, Any], evidence: Evidence) -> dict[str, Any]:
    """Return what the page shows of the row that a failure began at."""
    units, found = evidence.units, evidence.failures.x[row]
    images = picture(np.stack([before["x"], before["again"]]), units)
    u = units.encode(units.tensor(np.stack([before["x"], found]))).flatten(1)
    words = [units.words(x[None])[0] for x in (before["x"], found)]
    return {
        "row": before["row"],
        "change": float((u[1] - u[0]).square().mean().sqrt()),
        "pictures": None if images is None else [figures.png(image) for image in images],
        "columns": None if images is not None else _moved(units.names(), words),
    }


def _columns(evidence: Evidence) -> Sequence[str]:
    """Name the columns of a table that are shown, none of other data."""
    table = evidence.units.groups is not None
    return evidence.units.names()[:COLUMNS] if table else ()


def _moved(names: Sequence[str], words: Sequence[Sequence[str]]) -> list[tuple[str, str, str]]:
    """Return name, value before and after of the columns that changed, a few."""
    whole = zip(names, *words, strict=True)
    return [(name, old, new) for name, old, new in whole if old != new][:MOVED]


def _example(row: int, evidence: Evidence) -> dict[str, Any]:
    failures = evidence.failures
    prediction = int(failures.prediction[row])
    found, real = (
        picture(x[row : row + 1], evidence.units) for x in (failures.x, failures.nearest)
    )
    return {
        "condition": evidence.class_name(int(failures.label[row])),
        "prediction": evidence.class_name(prediction),
        "confidence": float(np.exp(failures.output[row, prediction])),
        "search": str(failures.search[row]),
        "seed": int(failures.seed[row]),
        "p": float(failures.p[row]),
        "q": float(failures.q[row]),
        "query": int(failures.query[row]),
        "nearest_class": evidence.class_name(int(failures.nearest_label[row])),
        "nearest_ratio": float(failures.nearest_distance[row]) / evidence.neighbour_distance,
        "picture": None if found is None else figures.png(found[0]),
        "cells": _cells(row, evidence),
        "nearest_picture": None if real is None else figures.png(real[0]),
    }


def _cells(row: int, evidence: Evidence) -> list[tuple[str, str, bool]]:
    """Return the cells of a table's row, those of its nearest real row, and which moved."""
    if evidence.units.groups is None:
        return []
    units = evidence.units
    x, near = (a[row : row + 1] for a in (evidence.failures.x, evidence.failures.nearest))
    marks = moved.cells(units, x, near)[0].tolist()
    return list(zip(*units.words(x), *units.words(near), marks, strict=True))[:COLUMNS]


def _values(rows: NDArray[np.int64], evidence: Evidence) -> list[dict[str, Any]]:
    """Values of each example beside those of its nearest real row, one line a column."""
    failures, units = evidence.failures, evidence.units
    found, near = units.words(failures.x[rows]), units.words(failures.nearest[rows])
    marks = moved.cells(units, failures.x[rows], failures.nearest[rows])
    pairs = list(zip(found, near, marks.tolist(), strict=True))
    return [
        {
            "column": f"x[{name}]" if name.isdecimal() else name,
            "pairs": [(own[i], real[i], mark[i]) for own, real, mark in pairs],
        }
        for i, name in enumerate(evidence.units.names()[: _shown(evidence)])
    ]


def _shown(evidence: Evidence) -> int:
    """How many values of a sample are shown: all columns of a table that is not wide."""
    return COLUMNS if evidence.units.groups is not None else VALUES
