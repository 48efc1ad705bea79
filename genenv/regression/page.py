"""The page of a run of a regressor: what was found, which rows, and how far off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from genenv.failures import Confirmed
from genenv.regression import summary
from genenv.regression.judging import ValueJudge
from genenv.regression.quality import percent as interval_of
from genenv.report import often
from genenv.report.numerals import number, percent, plural
from genenv.report.template import template

MOST_COLUMNS = 16  # of a row that are shown


def render(content: Mapping[str, Any], found: Confirmed | None, judge: ValueJudge) -> str:
    """Write the page.

    Parameters
    ----------
    content
        Of report.json.
    found
        The confirmed failures, which modes number; None: there is none.
    judge
        Of the run.
    """
    filters: dict[str, Callable[..., str]] = {
        **often.FILTERS, "number": number, "percent": percent, "plural": plural,
        "interval_of": interval_of, "mass": summary.mass, "near": summary.near,
        "beside": summary.beside,
    }  # fmt: skip
    shown = [
        {"mode": mode, "rows": [] if found is None else cells(judge, found, mode["examples"])}
        for mode in content["modes"]
    ]
    names = [] if judge.units.channels else [*judge.units.names()[:MOST_COLUMNS]]
    made = template("regression.html", filters)
    seen = often.shown(content, summary.verdict(content))
    return str(made.render(content=content, shown=shown, names=names, **seen))


def cells(judge: ValueJudge, found: Confirmed, rows: Sequence[int]) -> list[list[str]]:
    """Write failures by number: the model's answer, what the guide holds possible, its columns."""
    own = list(rows)
    words = [[] for _ in own] if judge.units.channels else judge.units.words(found.x[own])
    made = []
    for row, columns in zip(own, words, strict=True):
        answer, mean, half = found.output[row].astype(float)
        low, high = (number(float(judge.value(end))) for end in (mean - half, mean + half))
        answered = number(float(judge.value(answer)))
        made.append([answered, f"{low} to {high}", *columns[:MOST_COLUMNS]])
    return made


def amended(content: Mapping[str, Any]) -> dict[str, str]:
    """Write what rates change on it, see `often.amended`."""
    return often.amended(content, summary.verdict(content))
