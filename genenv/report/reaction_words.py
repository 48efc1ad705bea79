"""What a study of reactions found, in sentences that a person can repeat, and as a heat map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from genenv.report import generation_words, help_words, teaching_words
from genenv.report.numerals import count, percent

MIDDLE = 3  # strength that the sentences and the heat map speak of
HELD = 0.05  # of agreement: what a learner that holds may lose
SHADES = 6  # of the heat map

Row = dict[str, Any]


def mean(rows: Sequence[Row], key: str) -> float | None:
    """Mean of a column over rows that have it; None where none does."""
    values = [row[key] for row in rows if row[key] is not None]
    return float(np.mean(values)) if values else None


def at_middle(content: dict[str, Any], learner: str) -> dict[str, float]:
    """Return noise -> agreement of a learner at strength 3, mean over seeds."""
    own = [r for r in content["curves"] if (r["learner"], r["strength"]) == (learner, MIDDLE)]
    found = {n: mean([r for r in own if r["noise"] == n], "agreement") for n in content["noises"]}
    return {noise: value for noise, value in found.items() if value is not None}


def sentences(content: dict[str, Any]) -> list[str]:
    """Return what was found, a sentence an answer."""
    met = [_held(content, learner) for learner in content["learners"] if content["curves"]]
    helped = help_words.sentences(content["helps"])
    measured = [_measured(content)] if content["metrics"] else []
    taught = teaching_words.sentences(content)
    return [*met, *helped, *taught, *measured, *generation_words.sentences(content)]


def _measured(content: dict[str, Any]) -> str:
    """Say how real, how varied and how complete generated rows are, beside other real rows."""
    rows = {row["figure"]: row for row in content["metrics"]}

    def beside(name: str, wording: Callable[[float], str]) -> str:
        row = rows[name]
        return f"{name} {wording(row['generated'])} ({wording(row['real'])})"

    spread = beside("spread", "{:.2f}".format)
    made = count(int(rows["samples"]["generated"]))
    return (
        f"{made} generated rows, beside as many other real rows in brackets: "
        f"{beside('precision', percent)}, "
        f"{beside('recall', percent)}, {spread} within a class."
    )


def _held(content: dict[str, Any], learner: str) -> str:
    """Say whether a learner holds at strength 3, and what is worst for it."""
    found = at_middle(content, learner)
    plain = [r for r in content["curves"] if (r["learner"], r["strength"]) == (learner, 0)]
    before, now = mean(plain, "agreement") or 0.0, float(np.mean(list(found.values())))
    worst = min(found, key=lambda noise: found[noise])
    if before - now <= HELD:
        beside = f"{percent(before)} without noise"
        return f"{learner} holds: {percent(now)} at strength {MIDDLE} ({beside})."
    lowest = f"worst under {worst} ({percent(found[worst])})"
    return (
        f"{learner} drops from {percent(before)} to {percent(now)} at strength {MIDDLE}, {lowest}."
    )


def heat(content: dict[str, Any]) -> list[tuple[str, list[tuple[float, int]]]]:
    """Return a row a noise, the worst first: agreement at strength 3 and its shade, a learner each.

    Shades run from 0, all right, to 5, none.
    """
    columns = [at_middle(content, learner) for learner in content["learners"]]
    rows = [(n, [column[n] for column in columns]) for n in content["noises"]]
    rows.sort(key=lambda row: min(row[1]))
    return [(n, [(value, _shade(value)) for value in values]) for n, values in rows]


def _shade(agreement: float) -> int:
    return min(int((1 - agreement) * SHADES), SHADES - 1)
