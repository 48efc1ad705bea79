"""Two runs without classes side by side, of policies or of regressors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genenv import checks, reading, trust
from genenv.comparing.paired import draws, events
from genenv.finished import Finished
from genenv.parts import Shelf
from genenv.report.comparison import CHOSEN, FATES, PICTURED, event, page
from genenv.report.numerals import plural
from genenv.settings.policy import FREE

SCHEMA = 1


def compare(runs: Sequence[Finished], models: Sequence[Any], trusted: bool) -> dict[str, Any]:
    """Compare the first of some runs with each other one, see `comparison.compare`.

    Parameters
    ----------
    runs, models
        Two or more of one kind, and the model of each; None: the one that its folder names.
    trusted
        Import, or read, the models that the folders name.

    Returns
    -------
    The content of compare.json: `schema`, `data`, `first`, and `others`, a row each with `went`,
    `stayed`, `came` and `shared`, rows of failures, and `events`.

    Raises
    ------
    Mistake
        Fewer than two runs, of other data or another world, or a model that cannot be had.
    """
    if len(runs) < 2:
        raise checks.Mistake("two runs or more", len(runs), "name another")
    for other in runs[1:]:
        if _of_same(other) != _of_same(runs[0]):
            raise checks.Mistake(
                f"a run of the same data and settings as {runs[0].folder}", str(other.folder),
                "compare runs that differ in their model alone",
            )  # fmt: skip
    pairs = [
        (run, run.named(trusted) if model is None else model)
        for run, model in zip(runs, models, strict=True)
    ]
    rows = [_described(*pair) for pair in zip(runs, models, strict=True)]
    first, *rest = zip(rows, pairs, strict=True)
    others = [row | _beside(first[1], pair, trusted) for row, pair in rest]
    name = runs[0].content["data"]["name"]
    return {"schema": SCHEMA, "data": name, "first": rows[0], "others": others}


def summary(content: Mapping[str, Any]) -> str:
    """Write the comparison as lines of text."""
    lines = [said for other in content["others"] for said in sentences(content["first"], other)]
    return "\n".join([*lines, CHOSEN])


def sentences(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Say what became of failures, and what the same draws say."""
    said = [
        f"{other['run']}: {other['model']} passes {len(other['went'])} and fails "
        f"{len(other['stayed'])} of the {plural(first['confirmed'], 'failure')} of "
        f"{first['run']} ({first['model']}); {len(other['came'])} of its own "
        f"{plural(other['confirmed'], 'failure')} are new, the first model passes them.",
        *(event(row) for row in other["events"]),
    ]
    if not other["events"]:
        said.append("No random draws were asked of both: P(failure) is not compared.")
    if undecided := [row["run"] for row in (first, other) if row["undecided"]]:
        said.append(f"Undecided: {' and '.join(undecided)} cannot be trusted.")
    return said


def write_page(content: Mapping[str, Any], runs: Sequence[Finished], path: Path) -> None:
    """Write the page, see `report.comparison.page`."""
    shown = []
    for other, run in zip(content["others"], runs[1:], strict=True):
        fates = [_fate(name, other, run if name == "came" else runs[0]) for name in FATES]
        said = sentences(content["first"], other)
        shown.append({"row": other, "sentences": said, "fates": fates})
    page(content, shown, path)


def _fate(name: str, other: Mapping[str, Any], run: Finished) -> dict[str, Any]:
    rows = other[name][:PICTURED]
    heads, cells = run.told(rows) if rows else ((), [])
    told, count = FATES[name], len(other[name])
    return {
        "name": name, "told": told, "count": count, "pictures": [], "rows": rows, "heads": heads,
        "cells": cells,
    }  # fmt: skip


def _of_same(run: Finished) -> dict[str, Any]:
    path = run.folder / "config.json"
    config = reading.plain(path)
    if not isinstance(config.get(run.kind), dict):
        raise reading.damaged(path, f"no settings of a {run.kind}")
    own = {name: value for name, value in config[run.kind].items() if name not in FREE}
    return own | {"data": config.get("data")}


def _described(run: Finished, model: Any) -> dict[str, Any]:
    name = model if isinstance(model, str) else run.content["model"]["name"]
    confirmed = sum(row["confirmed"] for row in run.content["searches"])
    undecided = list(trust.bad(run.content["trust"]))
    return {"run": str(run.folder), "model": name, "confirmed": confirmed, "undecided": undecided}


def _beside(
    first: tuple[Finished, Any], other: tuple[Finished, Any], trusted: bool
) -> dict[str, Any]:
    (one, of_one), (two, of_two) = first, other
    stayed = one.failing(one.probe(of_two, trusted))
    shared = two.failing(two.probe(of_one, trusted))
    before, after = (draws(run.folder, _controls(run)) for run in (one, two))
    parts = [[Shelf(run.folder).digests(p) for p in run.taken] for run in (one, two)]
    return {
        "went": np.flatnonzero(~stayed).tolist(),
        "stayed": np.flatnonzero(stayed).tolist(),
        "came": np.flatnonzero(~shared).tolist(),
        "shared": np.flatnonzero(shared).tolist(),
        "events": events(before, after, True) if parts[0] == parts[1] else [],
    }


def _controls(run: Finished) -> set[str]:
    """Return the names of the searches that sample the law."""
    return {row["name"] for row in run.content["searches"] if row["samples_law"]}
