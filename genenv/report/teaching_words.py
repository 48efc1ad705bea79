"""What learners make of mixtures of real and generated rows, and of schedules, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genenv.report.numerals import count, percent

MIXTURES = {  # share of generated rows, unfiltered -> words
    0: "with {} real rows alone",
    0.5: "with as many generated ones among them",
    1: "with as many generated ones alone",
}

Row = dict[str, Any]


def sentences(content: dict[str, Any]) -> list[str]:
    """Say of each learner how it does with generated rows, and what a change of share costs."""
    return [
        say(name, rows)
        for part, say in (("shares", _mixed), ("lessons", _changed))
        for name in dict.fromkeys(row["learner"] for row in content[part])
        if (rows := [row for row in content[part] if row["learner"] == name])
    ]


def _mixed(learner: str, rows: Sequence[Row]) -> str:
    """Say accuracies at the largest number of real rows, means over seeds."""
    size = max(row["size"] for row in rows)
    own = [row for row in rows if (row["size"], row["filter"]) == (size, "none")]
    said = [
        f"{_mean([r['accuracy'] for r in own if r['share'] == share])} {words.format(count(size))}"
        for share, words in MIXTURES.items()
    ]
    return f"{learner} is right on {', '.join(said)}."


def _changed(learner: str, rows: Sequence[Row]) -> str:
    """Say what is lost after the share of generated rows changes, means over seeds."""
    changed = [row for row in rows if row["forgetting"] is not None]
    said = [
        f"{_mean([r['forgetting'] for r in changed if r['schedule'] == name])} ({name})"
        for name in dict.fromkeys(row["schedule"] for row in changed)
    ]
    return f"{learner} forgets at most {' and '.join(said)} when its rows change halfway."


def _mean(values: Sequence[float]) -> str:
    return percent(float(np.mean(values)))
