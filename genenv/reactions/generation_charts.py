"""Generations in TensorBoard: a run an arm, the generation on the step axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from genenv.reactions.generation_rows import line, mean_shrinkage, of_arm, quantities, value
from genenv.reactions.layout import plain
from genenv.tracking import Tracker

SHOWN = ("spread", "recall")  # of the last generation, in the HParams table
SUMMED = ("summary/shrinkage", "summary/spread", "summary/recall")  # its columns

Row = dict[str, Any]


def write(tracker: Tracker, content: dict[str, Any], arm: str) -> None:
    """Write an arm's curves, its line and its row of the HParams table."""
    own = of_arm(content, arm)
    last = max(row["generation"] for row in own)
    settings: dict[str, str | int] = {"arm": arm, "generations": last}
    seeds = " ".join(map(str, content["seeds"]))
    tracker.hparams(settings | {"data": content["data"]["name"], "seeds": seeds}, list(SUMMED))
    for t, found in _means(content, own):
        tracker.scalars(found, t)
    for point in line(content, arm):
        tracker.scalars({"generations/line": point["value"]}, point["generation"])
    at_end = [row for row in own if row["generation"] == last]
    summed = {f"summary/{q}": float(np.mean([value(r, q) for r in at_end])) for q in SHOWN}
    c = mean_shrinkage(content, arm)
    tracker.scalars(summed | ({} if c is None else {"summary/shrinkage": c}), 0)


def _means(content: dict[str, Any], rows: list[Row]) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield each generation with mean, least and largest of every quantity over seeds."""
    for t in sorted({row["generation"] for row in rows}):
        found: dict[str, float] = {}
        for quantity in quantities(content):
            values = [value(row, quantity) for row in rows if row["generation"] == t]
            place = plain(quantity)
            found[f"generations/{place}"] = float(np.mean(values))
            found[f"generations_low/{place}"] = min(values)
            found[f"generations_high/{place}"] = max(values)
        yield t, found
