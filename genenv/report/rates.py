"""How often the model fails under the generator's own law, in report.json and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genenv.report import law
from genenv.report.document import PROBABILITY_KEYS
from genenv.report.numerals import SPACE, count, interval, percent

Row = Mapping[str, Any]

BY_CONTROL = "random search, counted queries"  # the method of the run's own control
RATE_KEYS = ("queries", "least_energy", "beta", "told")


def entered(
    content: Mapping[str, Any], counted: Sequence[Row], rated: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Enter rates into the content of report.json.

    Parameters
    ----------
    content
        Of report.json.
    counted
        What the run's control counted, a row an event; none where there was no control.
    rated
        See `rating.Rated.to_json`; None: nothing was rated beyond counting.

    Returns
    -------
    The content with `failure_probabilities`, of each event the counted row first and the one to go
    by last, with `failure_probability`, that one of confirmed failures, and with `rate`.
    """
    made = [] if rated is None else rated["rows"]
    rows: list[Row] = []
    for event in ("failure", "confirmed"):
        own = [row for row in made if row["event"] == event]
        by_control = [row for row in counted if row["event"] == event]
        rows += [*by_control, *own[1:]] if by_control else own
    confirmed = [row for row in rows if row["event"] == "confirmed"]
    last = {name: confirmed[-1][name] for name in PROBABILITY_KEYS} if confirmed else None
    kept = None if rated is None else {name: rated[name] for name in RATE_KEYS}
    return {
        **content, "failure_probability": last, "failure_probabilities": rows, "rate": kept,
    }  # fmt: skip


def counted(row: Row) -> bool:
    """Whether a rate is a share of independent draws, so that its interval is one of a share."""
    return str(row["method"]).startswith(("random", "monte carlo"))


def figure(row: Row) -> str:
    """Write a rate with its interval, or the bound that no event leaves."""
    if row["estimate"] == 0:
        return f"below {percent(row['high'])} with 95{SPACE}% confidence"
    return f"{percent(row['estimate'])} {interval(row['low'], row['high'])}"


def lines(data: Mapping[str, Any]) -> list[str]:
    """Write each rate in a line, then what is to say about them; [] where counting is all."""
    if data["rate"] is None:
        return []
    own = law.law(data)
    found = [
        f"{row['event']:<9}  {figure(row)}  by {row['method']}, {count(row['samples'])} {own.unit}"
        for row in data["failure_probabilities"]
    ]
    return [f"How often, under {own.name}{own.caution}", *found, *sentences(data)]


def sentences(data: Mapping[str, Any]) -> list[str]:
    """Say how near the likeliest failure lies, what the rates are not, and what was left out."""
    if data["rate"] is None:
        return []
    said, own = list(data["rate"]["told"]), law.law(data)
    if data["rate"]["beta"] is not None:
        said.insert(
            0,
            f"The likeliest failure found, of those {own.nearly}, has energy "
            f"{data['rate']['least_energy']:.2f}, "
            f"{data['rate']['beta']:.2f} standard deviations from the middle (beta).",
        )
    if not all(counted(row) for row in data["failure_probabilities"]):
        said.append(
            "Subset simulation estimates and certifies nothing: failures that no rise of severity "
            f"leads to are missed in silence{own.missed}."
        )
    return said
