"""A run of a regressor in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genenv import trust
from genenv.report import enrichment, rates
from genenv.report.numerals import count, interval, number, percent, plural

HEAD = "search     seed   queries   beyond  confirmed  disagree  too wide   unreal  10th at"
SHOWN = 8  # modes of which a line is printed


def verdict(content: Mapping[str, Any]) -> str:
    """Say in one sentence what was found, or why nothing can be said."""
    if bad := trust.bad(content["trust"]):
        told = "; ".join(f"the {name} {content['trust'][name]['figure']}" for name in bad)
        return f"Undecided: {told}. Nothing that was counted says anything of the model."
    found = sum(row["confirmed"] for row in content["searches"])
    said = f"All searches together confirmed {plural(found, 'failure')}"
    said += f" in {plural(len(content['modes']), 'mode')}, {borne_out(content)}." if found else "."
    rows = [r for r in content["failure_probabilities"] if r["event"] == "confirmed"]
    if not rows:
        return said
    row, target = rows[-1], content["data"]["target"]
    level = content["judge"]["level"]
    where = f"outside what oracles hold possible of {target} (intervals of {level:.0%})"
    if row["estimate"] == 0:
        bound = percent(row["high"])
        return f"The model answers {where} in less than {bound} of the generator's rows. {said}"
    share = f"{percent(row['estimate'])} {interval(row['low'], row['high'])}"
    return f"The model answers {where} in {share} of the generator's rows. {said}"


def borne_out(content: Mapping[str, Any]) -> str:
    """Say how many modes real rows that set nothing bear out."""
    own = sum(bool(row["near"] and row["near"]["borne_out"]) for row in content["modes"])
    return f"{count(own) if own else 'none'} of them borne out by untouched real rows"


def text(content: Mapping[str, Any], page: str | None) -> str:
    """Write the summary as lines."""
    model, trusted = content["model"], content["trust"]
    lines = [
        f"{model['name']} on {content['data']['name']}: {content['data']['target']}",
        *(f"{name:<10} {row['light']:<9} {row['figure']}" for name, row in trusted.items()),
        "",
        verdict(content),
        "",
        HEAD,
        "-" * len(HEAD),
        *map(line, content["searches"]),
        "",
        *map(mode_line, content["modes"][:SHOWN]),
        "Counts of a search are what it found on its budget, not probabilities.",
        *rates.lines(content),
        *content["notes"],
    ]
    return "\n".join([*lines, "", f"Report: {page}"] if page else lines)


def line(row: Mapping[str, Any]) -> str:
    """Write a search as a row of the table."""
    return (
        f"{row['name']:<10} {row['seed']:>4}  {count(row['queries']):>8}  {count(row['flips']):>7}"
        f"  {count(row['confirmed']):>9}  {count(row['disagree']):>8}  {count(row['too_wide']):>8}"
        f"  {count(row['invalid']):>7}  {count(row['tenth_confirmed_at']):>7}"
    )


def mode_line(row: Mapping[str, Any]) -> str:
    """Write a mode in a line."""
    rule = row["rule"] or "no rule"
    return (
        f"mode {row['id']}: {row['side']} by {number(row['deviation'])}, {mass(row)}: {rule}"
        f"{near(row)}{beside(row)}"
    )


def mass(row: Mapping[str, Any]) -> str:
    """Say how much of the law a mode is."""
    if row["mass"] is not None:
        share = f"{percent(row['mass'])} {interval(row['mass_low'], row['mass_high'])}"
        return f"{share} of the generator's rows"
    if row["mass_high"] is None:
        return plural(row["failures"], "failure")
    return f"less than {percent(row['mass_high'])} of the generator's rows"


def near(row: Mapping[str, Any]) -> str:
    """Say how the model errs on untouched real rows that a mode's rule holds of."""
    own = row["near"]
    if own is None or not own["rows"] or own["model_inside"] is None:
        return ""
    verdict = ", which speaks against it" if own["model_inside"] < own["audit_inside"] else ""
    if own["borne_out"]:
        verdict = f": real rows bear it out (q {number(own['q'])})"
    return (
        f"; on {plural(own['rows'], 'untouched real row')} in it the model errs by "
        f"{number(own['model_inside'])}, the audit by {number(own['audit_inside'])}{verdict}"
    )


def beside(row: Mapping[str, Any]) -> str:
    """Say how often a sibling fails in a mode; "" where there was none."""
    said = enrichment.words(row["enrichment"])
    return f"; {said}" if said else ""
