"""What hardening gained over its controls, in figures and in one sentence an amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import intervals, seeding
from genenv.hardening.arms import ARMS
from genenv.report.numerals import NONE, percent, plural

CONTROLS = ("retrained", "generated")
MEASURES = ("modes_right", "rows_right", "accuracy", "p_failure", "p_confirmed")
EVIDENCE = 0.05  # p above which nothing is claimed

Row = Mapping[str, Any]


def compared(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Compare the hardened arm with each control, seeds as the units.

    Returns
    -------
    A row an amount, control and measure: `gain` (hardened minus control, mean over seeds) with
    `low`, `high` (bootstrap) and `p` (paired permutation, two-sided); `gain` None: not measured.
    """
    return [
        {"amount": amount, "control": control, "measure": measure}
        | _gain(of(rows, amount, "hardened", measure), of(rows, amount, control, measure))
        for amount in amounts(rows)
        for control in CONTROLS
        for measure in MEASURES
    ]


def amounts(rows: Sequence[Row]) -> list[int]:
    """Return the numbers of failures that were learned, ascending."""
    return sorted({row["amount"] for row in rows})


def of(
    rows: Sequence[Row], amount: int, arm: str, measure: str, number: int = 1
) -> NDArray[np.float64]:
    """(seeds,): a measure of an arm in a round; NaN where there was nothing to measure on."""
    own = [r for r in rows if (r["amount"], r["arm"], r["round"]) == (amount, arm, number)]
    values = [row[measure] for row in own]
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _gain(hardened: NDArray[np.float64], control: NDArray[np.float64]) -> dict[str, Any]:
    known = ~np.isnan(hardened) & ~np.isnan(control)
    if known.sum() < 2:
        return {"gain": None, "low": None, "high": None, "p": None}
    gain = (hardened - control)[known]
    rng = seeding.numpy_generator(0, "hardening")
    low, high = intervals.of_mean(gain, rng)
    p = intervals.paired(hardened[known], control[known], rng)
    return {"gain": float(gain.mean()), "low": low, "high": high, "p": p}


def conclusions(content: Row) -> list[str]:
    """Say of each amount whether the failures helped: on modes held out, beside both controls."""
    said = []
    for amount in amounts(content["rows"]):
        own = [
            row
            for row in content["compared"]
            if (row["amount"], row["measure"]) == (amount, "modes_right")
        ]
        helped = all(row["p"] is not None and row["p"] <= EVIDENCE < 1 for row in own)
        helped = helped and all(row["gain"] > 0 for row in own)
        verdict = "it helped" if helped else "no evidence that it helped"
        gains = ", ".join(f"{_points(row)} over {row['control']}" for row in own)
        said.append(
            f"At most {plural(amount, 'failure')} learned: {verdict} on failures of modes that "
            f"were held out ({gains})."
        )
    return said


def _points(row: Row) -> str:
    if row["gain"] is None:
        return "not measured"
    span = f"[{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]"
    return f"{100 * row['gain']:+.1f} {span} points"


def summary(content: Row) -> str:
    """Write a table a amount, of means over seeds, and what follows."""
    lines = []
    if content["undecided"]:
        parts = " and ".join(content["undecided"])
        lines.append(f"Undecided: the {parts} of {content['run']} cannot be trusted.")
    worth = "R\N{SUPERSCRIPT TWO}" if content.get("kind") == "regressor" else "accuracy"
    heads = "held-out modes", "held-out rows", worth, "P(failure)", "P(confirmed)", "found"
    for amount in amounts(content["rows"]):
        lines.append(f"{'right on, ' + str(amount) + ' rows added':<26}" + _cells(heads))
        for arm, number in _arms(content["rows"]):
            measures = (*MEASURES, "found")
            means = [_mean(of(content["rows"], amount, arm, m, number)) for m in measures]
            shown = [percent(mean) for mean in means[:-1]]
            found = NONE if means[-1] is None else f"{means[-1]:.0f}"
            name = arm if number == 1 else f"{arm}, round {number}"
            lines.append(f"{name:<26}" + _cells((*shown, found)))
    return "\n".join([*lines, *conclusions(content)])


def _arms(rows: Sequence[Row]) -> list[tuple[str, int]]:
    last = max(row["round"] for row in rows)
    return [(arm, 1) for arm in ARMS] + [("hardened", n) for n in range(2, last + 1)]


def _mean(values: NDArray[np.float64]) -> float | None:
    return None if np.isnan(values).all() else float(np.nanmean(values))


def _cells(words: Sequence[str]) -> str:
    return "".join(f"{word:>16}" for word in words)
