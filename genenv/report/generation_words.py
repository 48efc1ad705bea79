"""What generations of generators lose, a sentence an arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from genenv.reactions.generation_rows import arms, mean_shrinkage, of_arm, value
from genenv.report.numerals import percent

BLIND = 0.02  # of agreement: what it may lose and still not show a loss
LOST = 0.9  # of the first generation's spread: below it there is a loss to be shown

Row = dict[str, Any]


def sentences(content: dict[str, Any]) -> list[str]:
    """Return a sentence an arm, in the order of the arms."""
    return [_sentence(content, arm) for arm in arms(content)]


def _sentence(content: dict[str, Any], arm: str) -> str:
    rows = of_arm(content, arm)
    last, c = max(row["generation"] for row in rows), mean_shrinkage(content, arm)
    each = "" if c is None else f", {c:.2f} times as much from one to the next"
    learner, before, now = _worst(content, rows, last)
    fell = f"{learner} goes from {percent(before)} to {percent(now)} on real rows"
    words = f"Generations under {arm}: the {_nth(last)} keeps {percent(_at(rows, last, 'spread'))}"
    recall = [percent(_at(rows, generation, "recall")) for generation in (1, last)]
    seen = f"recall goes from {recall[0]} to {recall[1]}"
    return f"{words} of the spread within a class{each}; {seen}; {fell}; {_agreement(rows, last)}."


def _nth(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


def _at(rows: list[Row], generation: int, quantity: str) -> float:
    """Mean over seeds."""
    own = [value(row, quantity) for row in rows if row["generation"] == generation]
    return float(np.mean(own))


def _worst(content: dict[str, Any], rows: list[Row], last: int) -> tuple[str, float, float]:
    """Find the learner that loses most from generation 1 to the last: name, before and after."""
    pairs = {
        name: tuple(_at(rows, t, f"accuracy of {name}") for t in (1, last))
        for name in content["learners"]
    }
    name = min(pairs, key=lambda each: pairs[each][1] - pairs[each][0])
    return name, *pairs[name]


def _agreement(rows: list[Row], last: int) -> str:
    """Say what agreement makes of it; it does not see a loss of spread."""
    first, now = (_at(rows, t, "agreement") for t in (1, last))
    lost = _at(rows, last, "spread") < LOST * _at(rows, 1, "spread")
    if lost and now >= first - BLIND:
        return f"agreement, {percent(first)} before and {percent(now)} now, does not show it"
    return f"agreement goes from {percent(first)} to {percent(now)}"
