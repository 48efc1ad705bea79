"""Two runs without classes side by side, of policies or of regressors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, reading
from genenv.comparing.paired import draws, events
from genenv.parts import Shelf
from genenv.report.comparison import CHOSEN, event
from genenv.report.numerals import plural

SCHEMA = 1
FREE = "search", "budget", "seeds", "rate", "rate_budget"  # settings in which runs may differ


@dataclass(frozen=True)
class Kind:
    """What is under test in both runs."""

    name: str
    """The key of its settings in config.json: policy or regressor."""
    named: Callable[[Path, bool], Any]
    """(run, trust) -> the model that its config names."""
    failing: Callable[[Path, Any, bool], NDArray[np.bool_]]
    """(run, model, trust) -> whether its stored failures fail that model, (m,)."""
    parts: tuple[str, ...]
    """Parts of a run that make its law and its verdicts; (): settings do."""


def compare(
    kind: Kind, folders: Sequence[Path], models: Sequence[Any], trust: bool
) -> dict[str, Any]:
    """Compare the first of some runs with each other one, see `comparison.compare`.

    Parameters
    ----------
    kind
        Of all runs.
    folders, models
        Two or more, and the model of each; None: the one that its config names.
    trust
        Import, or read, the models that the configs name.

    Returns
    -------
    The content of compare.json: `schema`, `data`, `first`, and `others`, a row each with `went`,
    `stayed`, `came` and `shared`, rows of failures, and `events`.

    Raises
    ------
    Mistake
        Fewer than two runs, of other data or another world, or a model that cannot be had.
    """
    if len(folders) < 2:
        raise checks.Mistake("two runs or more", len(folders), "name another")
    configs = [reading.plain(folder / "config.json") for folder in folders]
    for other, config in zip(folders[1:], configs[1:], strict=True):
        if _of_same(kind, config) != _of_same(kind, configs[0]):
            raise checks.Mistake(
                f"a run of the same data and settings as {folders[0]}", str(other),
                "compare runs that differ in their model alone",
            )  # fmt: skip
    pairs = [
        (folder, kind.named(folder, trust) if model is None else model)
        for folder, model in zip(folders, models, strict=True)
    ]
    rows = [_described(*pair) for pair in zip(folders, models, strict=True)]
    others = [
        row | _beside(kind, pairs[0], pair, trust)
        for row, pair in zip(rows[1:], pairs[1:], strict=True)
    ]
    content = reading.plain(folders[0] / "report.json")
    return {"schema": SCHEMA, "data": content["data"]["name"], "first": rows[0], "others": others}


def summary(content: Mapping[str, Any]) -> str:
    """Write the comparison as lines of text."""
    first = content["first"]
    lines = []
    for other in content["others"]:
        lines.append(
            f"{other['run']}: {other['model']} passes {len(other['went'])} and fails "
            f"{len(other['stayed'])} of the {plural(first['confirmed'], 'failure')} of "
            f"{first['run']} ({first['model']}); {len(other['came'])} of its own "
            f"{plural(other['confirmed'], 'failure')} are new, the first model passes them."
        )
        lines += [event(row) for row in other["events"]]
        if not other["events"]:
            lines.append("No random draws were asked of both: P(failure) is not compared.")
    return "\n".join([*lines, CHOSEN])


def _of_same(kind: Kind, config: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in config[kind.name].items() if name not in FREE}
    return own | {"data": config.get("data")}


def _described(folder: Path, model: Any) -> dict[str, Any]:
    content = reading.plain(folder / "report.json")
    name = model if isinstance(model, str) else content["model"]["name"]
    confirmed = sum(row["confirmed"] for row in content["searches"])
    return {"run": str(folder), "model": name, "confirmed": confirmed}


def _beside(
    kind: Kind, first: tuple[Path, Any], other: tuple[Path, Any], trust: bool
) -> dict[str, Any]:
    stayed = kind.failing(first[0], other[1], trust)
    shared = kind.failing(other[0], first[1], trust)
    before, after = (draws(folder, _controls(folder)) for folder, _ in (first, other))
    alike = [[Shelf(folder).digests(p) for p in kind.parts] for folder, _ in (first, other)]
    return {
        "went": np.flatnonzero(~stayed).tolist(),
        "stayed": np.flatnonzero(stayed).tolist(),
        "came": np.flatnonzero(~shared).tolist(),
        "shared": np.flatnonzero(shared).tolist(),
        "events": events(before, after, True) if alike[0] == alike[1] else [],
    }


def _controls(folder: Path) -> set[str]:
    """Return the names of the searches that sample the law."""
    content = reading.plain(folder / "report.json")
    return {row["name"] for row in content["searches"] if row["samples_law"]}
