"""The report in words: the verdict sentence and the printed summary."""

from __future__ import annotations

from collections import Counter
from typing import Any

from genenv import trust
from genenv.report import by_class, law, rates, verdicts
from genenv.report.numerals import SPACE, count, interval, number, percent, plural
from genenv.wording import fenced, unmarked

LISTED = 10  # classes in the printed table


def probability(data: dict[str, Any]) -> str:
    """Write P(confirmed failure) with its interval, or what bounds it, as a clause."""
    found, own = data["failure_probability"], law.law(data)
    if found is None:
        return (
            "random sampling was not among the searches, so nothing is said about how often "
            "the model fails"
        )
    share = f"{percent(found['estimate'])} {interval(found['low'], found['high'])}"
    if found["estimate"] == 0:
        return (
            f"none of {count(found['samples'])} {own.draws} is a confirmed failure, so with "
            f"95{SPACE}% confidence fewer than {percent(found['high'])} of {own.such} are"
            f"{own.caution}"
        )
    if not rates.counted(found):
        return (
            f"subset simulation puts plausible failures that the judge confirms at {share} of "
            f"{own.draws}{own.caution}"
        )
    return f"{own.method} confirms plausible failures in {share} of {own.own}{own.caution}"


def weakest(data: dict[str, Any]) -> tuple[str, str, int] | None:
    """Name the worst class, see `by_class.worst`, what it is taken for, and its distinct failures.

    None where no class can be named, or none of its modes.
    """
    worst = by_class.worst(data["classes"])
    if worst is None:
        return None
    taken_for: Counter[str] = Counter()
    for mode in data["modes"]:
        if mode["condition"] == worst["class"]:
            taken_for[str(mode["prediction"])] += mode["distinct"]
    most = taken_for.most_common(1)
    return (str(worst["class"]), most[0][0], worst["distinct"]) if most else None


def totals(data: dict[str, Any]) -> dict[str, int]:
    """Count queries, confirmed failures, distinct ones and modes over all searches."""
    return {
        "queries": sum(row["queries"] for row in data["searches"]),
        "training_queries": sum(row["training_queries"] for row in data["searches"]),
        "confirmed": sum(row["confirmed"] for row in data["searches"]),
        "distinct": sum(mode["distinct"] for mode in data["modes"]),
        "modes": len(data["modes"]),
    }


def undecided(data: dict[str, Any]) -> str:
    """Say why a run says nothing about the model, and what to do; "" where it does."""
    bad = trust.bad(data["trust"])
    if not bad:
        return ""
    text = (f"the {name} {data['trust'][name]['figure']}" for name in bad)
    cures = (data["trust"][name]["advice"] for name in bad)
    return f"{'; '.join(text)}. What to do: {'; '.join(dict.fromkeys(cures))}."


def unanswered(data: dict[str, Any]) -> str:
    """Say how many queries the model did not answer; "" for none."""
    errors = sum(row["errors"] for row in data["searches"])
    if not errors:
        return ""
    queries = totals(data)["queries"]
    return (
        f"The model gave no usable answer to {count(errors)} of "
        f"{plural(queries, 'query', 'queries')}: these errors are no flips, and are kept apart."
    )


def verdict(data: dict[str, Any]) -> str:
    """Sum the report up in one sentence, which never prints a hit rate as a probability.

    Where the run cannot be trusted it says so, counts what was found, and nothing else.
    """
    sums, worst = totals(data), weakest(data)
    if trust.bad(data["trust"]):
        flips = sum(row["flips"] for row in data["searches"])
        return (
            f"Undecided: this run cannot be trusted, so its {plural(flips, 'flip')} in "
            f"{plural(sums['queries'], 'query', 'queries')} say nothing about the model."
        )
    clauses = [probability(data)]
    if sums["confirmed"] == 0:
        clauses.append(
            f"no search found a confirmed failure in {plural(sums['queries'], 'query', 'queries')}"
        )
    else:
        clauses.append(
            f"all searches together found {plural(sums['confirmed'], 'confirmed failure')} "
            f"({count(sums['distinct'])} distinct) in {plural(sums['modes'], 'mode')}"
            + _graded(data["grades"])
        )
    if worst is not None:
        clauses.append(
            f"class {worst[0]} has the most distinct ones ({count(worst[2])}, "
            f"mostly predicted {worst[1]}), which real rows do not deny"
        )
    sentence = "; ".join(clauses) + "."
    return sentence[0].upper() + sentence[1:]


def _graded(grades: dict[str, Any]) -> str:
    """Write how many failures have a small q; "" where nothing corrects it."""
    if grades["confirmed"] is None:
        return ""
    good = count(grades["confirmed"])
    return f", {good} of them at q \N{LESS-THAN OR EQUAL TO} {grades['q']:g}"


_COLUMNS = (
    ("search", "name", str),
    ("seed", "seed", str),
    ("queries", "queries", count),
    ("training", "training_queries", count),
    ("flips", "flips", count),
    ("realistic", "realistic", count),
    ("confirmed", "confirmed", count),
    ("distinct", "distinct", count),
    ("modes", "modes", count),
    ("10th at", "tenth_confirmed_at", count),
    ("per 1k", "confirmed_per_1k", number),
    ("x random", "lift_over_random", number),
)


def table(data: dict[str, Any]) -> str:
    """Lay the searches out as a table of plain text."""
    cells = [[title for title, _, _ in _COLUMNS]]
    cells += [[write(row[key]) for _, key, write in _COLUMNS] for row in data["searches"]]
    return _aligned(cells)


def classes(data: dict[str, Any]) -> str:
    """Lay the classes out as a table of plain text, those with the most failures first."""
    rows = sorted(data["classes"], key=lambda row: (-row["distinct"], -row["errors"]["share"]))
    cells = [["class", "real refused", "real errors", "of rows", "confirmed", "distinct"]]
    cells += [
        [
            str(row["class"]), percent(row["refused"]["share"]), percent(row["errors"]["share"]),
            count(row["errors"]["rows"]), count(row["confirmed"]), count(row["distinct"]),
        ]
        for row in rows[:LISTED]
    ]  # fmt: skip
    lines = [_aligned(cells), by_class.sentence(data["classes"])]
    if len(rows) > LISTED:
        lines.append(f"{len(rows) - LISTED} more classes stand in report.json.")
    return "\n".join(line for line in lines if line)


def borne_out(data: dict[str, Any]) -> str:
    """Name the modes that real rows bear out, the first of them; "" where there are none."""
    found = [mode for mode in data["modes"] if mode["near"]["borne_out"]]
    if not found:
        return ""
    named = [
        f"{mode['condition']} > {mode['prediction']}: right on {beside(mode['near'])}"
        for mode in found[:LISTED]
    ]
    head = f"Real rows bear out {plural(len(found), 'mode')} of {count(len(data['modes']))}"
    return "\n".join([f"{head}, by the rows nearest to it:", *named])


def beside(near: dict[str, Any]) -> str:
    """Write the model's accuracy on the real rows nearest to a mode, and on the others."""
    own, other = near["accuracy"], near["elsewhere"]
    return (
        f"{percent(own['share'])} {interval(own['low'], own['high'])} of the "
        f"{count(own['rows'])} real rows nearest to it, on {percent(other['share'])} "
        f"{interval(other['low'], other['high'])} of the others"
    )


def _aligned(cells: list[list[str]]) -> str:
    """Lay rows of cells out as plain text, the first as the head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def lights(data: dict[str, Any]) -> str:
    """Write the lights, a line each, with what to do where one is not good."""
    lines = []
    for name, light in data["trust"].items():
        if name == "controls":
            continue
        do = f" ({light['advice']})" if light["advice"] else ""
        lines.append(f"{name:<9}  {light['light']:<8}  {light['figure']}{do}")
    return "\n".join(["Can this run be trusted?", *lines])


def asked(data: dict[str, Any]) -> str:
    """Say how often the model is right on real rows as it is asked, and the audit; "": unknown."""
    own, audit = data["model"].get("test_accuracy"), data["judge"].get("accuracy")
    if own is None:
        return ""
    beside = "" if audit is None else f", the audit on {percent(audit['share'])}"
    return f"right on {percent(own)} of untouched real rows as it is asked{beside}"


def text(data: dict[str, Any], page: str | None) -> str:
    """Write the summary that `print(report)` shows."""
    name = f"{data['model']['name']} on {data['data']['name']}"
    parts = [
        ": ".join(filter(None, (name, asked(data)))),
        lights(data),
        verdict(data),
        table(data),
        "Counts of a search are what it found on its budget, not probabilities.",
        classes(data),
    ]
    if found := rates.lines(data):
        parts.append("\n".join(found))
    parts.append("\n".join(verdicts.worth(data)))
    if silent := unanswered(data):
        parts.append(silent)
    if real := borne_out(data):
        parts.append(real)
    if why := undecided(data):
        parts.append(f"Not trusted: {why}")
    if page is not None:
        parts.append(f"Report: {page}")
    return "\n\n".join(parts).replace(SPACE, " ")


def markdown(summary: str) -> str:
    """Return the summary for a page that breaks lines: tables alone keep their columns."""
    return "\n\n".join(map(_block, summary.split("\n\n")))


def _block(part: str) -> str:
    lines = part.split("\n")
    if any(line.startswith("---") for line in lines):
        return fenced(part)
    return "\n".join([unmarked(lines[0]), *(f"- {unmarked(line)}" for line in lines[1:])])
