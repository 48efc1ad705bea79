"""Whether generated rows help, in a sentence a learner, and the table that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genenv.reactions.evidence import ALONE
from genenv.report.numerals import count, p_value, points

SAYS = {  # way -> where its clause begins, what follows of other sizes, and a verb a verdict
    "add": (
        "adding generated rows to {} real ones", "to {}",
        {"helps": "helps", "hurts": "hurts", "no evidence": "gives no evidence of help"},
    ),
    "replace": (
        "in place of {} they", "of {} they",
        {"helps": "help", "hurts": "hurt", "no evidence": "give no evidence of help"},
    ),
}  # fmt: skip

Row = dict[str, Any]


def sentences(rows: Sequence[Row]) -> list[str]:
    """Say of each learner where generated rows help, added and in place of real ones."""
    learners = dict.fromkeys(row["learner"] for row in rows)
    return [_of_learner([r for r in rows if r["learner"] == name]) for name in learners]


def table(rows: Sequence[Row]) -> list[list[str]]:
    """Return the table's head and a row a learner, number of real rows, and way."""
    head = ["learner", "real rows", "way", "generated", "verdict", "gain, points", "p"]
    return [head, *([row["learner"], *_cells(row)] for row in rows)]


def decided(row: Row) -> str:
    """Return the p that a verdict rests on: that rows hurt where they do, else that they help."""
    return p_value(row["p_hurts" if row["verdict"] == "hurts" else "p"])


def _cells(row: Row) -> list[str]:
    gain = f"{points(row['gain'])} [{points(row['low'])}, {points(row['high'])}]"
    made = count(row["real_rows"]), row["way"], count(row["generated_rows"])
    return [*made, row["verdict"], gain, decided(row)]


def _of_learner(rows: Sequence[Row]) -> str:
    ways = dict.fromkeys(row["way"] for row in rows)
    said = [_of_way(way, [row for row in rows if row["way"] == way]) for way in ways]
    return f"{rows[0]['learner']}: {'; '.join(said)}."


def _of_way(way: str, rows: Sequence[Row]) -> str:
    """Join sizes of one verdict, in the order in which verdicts are met."""
    first, later, verbs = SAYS[way]
    clauses: list[str] = []
    for verdict in dict.fromkeys(row["verdict"] for row in rows):
        own = [row for row in rows if row["verdict"] == verdict]
        sizes = _listed([count(row["real_rows"]) for row in own])
        begun = (later if clauses else first).format(sizes)
        clauses.append(f"{begun} {verbs[verdict]} ({_gains(own)})")
    return ", ".join(clauses)


def _gains(rows: Sequence[Row]) -> str:
    said = _listed([points(row["gain"]) for row in rows]) + " points"
    others = {row["null"] for row in rows if _does_as_well(row)}
    same = len(others) == 1 and all(map(_does_as_well, rows))
    return f"{said}; {others.pop()} real rows do as well" if same else said


def _listed(parts: Sequence[str]) -> str:
    """Name parts one after the other, with "and" before the last."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _does_as_well(row: Row) -> bool:
    """Whether a gain over the real rows alone is none over what else was made of them."""
    return bool(row["verdict"] == "no evidence" and row["null"] != ALONE and row["low"] > 0)
