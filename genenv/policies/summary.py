"""A run of a policy in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genenv import trust
from genenv.report import rates
from genenv.report.numerals import count, interval, number, percent, plural

COUNTED = "random search, counted episodes"
"""How a report calls the rates that its control counted."""

HEAD = "search     seed  episodes  failures  plausible  least energy  10th at"


def verdict(content: Mapping[str, Any]) -> str:
    """Say in one sentence what was found, or why nothing can be said."""
    if trust.bad(content["trust"]):
        figure = content["trust"]["model"]["figure"]
        return f"Undecided: the policy {figure}. Nothing that was counted says anything of it."
    rows = {row["event"]: row for row in content["failure_probabilities"]}  # the last is gone by
    found = sum(row["confirmed"] for row in content["searches"])
    modes = plural(len(content["modes"]), "mode")
    said = f"All searches together found {plural(found, 'plausible failure')} in {modes}"
    if content["modes"]:
        least = min(content["modes"], key=lambda mode: mode["least_energy"])
        said += f", the likeliest at an energy of {number(least['least_energy'])}"
        said += f" (\N{GREEK SMALL LETTER BETA} {number(least['beta'])})"
    if "failure" not in rows:
        return f"{said}."
    row = rows["failure"]
    share = f"{percent(row['estimate'])} {interval(row['low'], row['high'])}"
    return f"Under the law of the disturbances the policy fails in {share} of episodes. {said}."


def text(content: Mapping[str, Any], page: str) -> str:
    """Write the summary as lines."""
    law, light = content["law"], content["trust"]["model"]
    channels = ", ".join(f"{name} {strength:g}" for name, strength in law["channels"].items())
    lines = [
        f"{content['model']['name']} in {content['data']['name']}",
        f"disturbed: {channels} (standard deviations); {law['starts']} starts of "
        f"{law['horizon']} steps",
        f"policy     {light['light']:<9} {light['figure']}",
        "",
        verdict(content),
        "",
        HEAD,
        "-" * len(HEAD),
        *map(line, content["searches"]),
        "",
        "Counts of a search are what it found on its budget, not probabilities.",
        *rates.lines(content),
        *content["notes"],
        "",
        f"Report: {page}",
    ]
    return "\n".join(lines)


def line(row: Mapping[str, Any]) -> str:
    """Write a search as a row of the table."""
    least = "\N{EN DASH}" if row["least_energy"] is None else number(row["least_energy"])
    return (
        f"{row['name']:<10} {row['seed']:>4}  {count(row['queries']):>8}  {count(row['flips']):>8}"
        f"  {count(row['confirmed']):>9}  {least:>12}"
        f"  {count(row['tenth_confirmed_at']):>7}"
    )
