"""What react.json holds of generations, read: quantities, arms, and the line of each."""

from __future__ import annotations

from typing import Any

import numpy as np

Row = dict[str, Any]


def quantities(content: dict[str, Any]) -> list[str]:
    """Name what is measured of each generation: spread, recall, agreement, accuracy of LEARNER."""
    return ["spread", "recall", "agreement", *(f"accuracy of {n}" for n in content["learners"])]


def value(row: Row, quantity: str) -> float:
    """Return a quantity of a row of `generations`."""
    figures, learner = row["figures"], quantity.removeprefix("accuracy of ")
    return float(figures["accuracy"][learner] if learner != quantity else figures[quantity])


def arms(content: dict[str, Any]) -> list[str]:
    """Name the arms that were asked for."""
    return list(dict.fromkeys(row["arm"] for row in content["shrinkage"]))


def of_arm(content: dict[str, Any], arm: str) -> list[Row]:
    """Return an arm's generations of all seeds, real rows, generation 0, before them."""
    return [row for row in content["generations"] if row["arm"] in (None, arm)]


def mean_shrinkage(content: dict[str, Any], arm: str) -> float | None:
    """Return an arm's c, mean over seeds; None where no seed has one."""
    found = [r["c"] for r in content["shrinkage"] if r["arm"] == arm and r["c"] is not None]
    return float(np.mean(found)) if found else None


def line(content: dict[str, Any], arm: str) -> list[Row]:
    """Return the points of spread_1 c^(t - 1): generation and value; none without c."""
    c = mean_shrinkage(content, arm)
    rows = [row for row in of_arm(content, arm) if row["generation"] > 0]
    if c is None:
        return []
    first = float(np.mean([value(r, "spread") for r in rows if r["generation"] == 1]))
    last = max(row["generation"] for row in rows)
    return [{"generation": t, "value": first * c ** (t - 1)} for t in range(1, last + 1)]
