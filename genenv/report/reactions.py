"""The study of reactions in words, as a printed table and as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genenv import files
from genenv.reactions import measures
from genenv.report import reaction_figures as figures
from genenv.report.numerals import NONE, count, percent
from genenv.report.template import template

SOURCES = {
    "latent": "Latents of the generator change",
    "sample": "Generated samples are corrupted",
    "real": "Real rows are corrupted",
}
LOOKED_AT = (1, 3, 5)  # strengths in tables

Row = dict[str, Any]


def mean(rows: Sequence[Row], key: str) -> float | None:
    """Mean of a column over rows that have it; None where none does."""
    values = [row[key] for row in rows if row[key] is not None]
    return float(np.mean(values)) if values else None


def by_learner(content: dict[str, Any]) -> list[Row]:
    """Return a row a learner: means over generated noises at strengths 0, 1, 3 and 5, and gains."""
    rows = []
    for learner in content["learners"]:
        own = [row for row in content["curves"] if row["learner"] == learner]
        made = [row for row in own if not row["noise"].startswith("real:")]
        halves = [
            row["half_margin_strength"]
            for row in content["half_margins"]
            if row["learner"] == learner and not row["noise"].startswith("real:")
        ]
        found: Row = {"learner": learner, "withstood": sum(half is None for half in halves)}
        for strength in (0, *LOOKED_AT):
            at = [row for row in made if row["strength"] == strength]
            found[f"agreement_{strength}"] = mean(at, "agreement")
            found[f"accepted_{strength}"] = mean(at, "accuracy_accepted")
        taught = [row for row in content["shares"] if row["learner"] == learner and row["share"]]
        found["gain"] = best_gain(taught)
        rows.append(found)
    return rows


def best_gain(taught: Sequence[Row]) -> Row | None:
    """Return the mixture with the largest mean gain over seeds, with its spread."""
    groups: dict[tuple[int, float, str], list[float]] = {}
    for row in taught:
        groups.setdefault((row["size"], row["share"], row["filter"]), []).append(row["gain"])
    if not groups:
        return None
    (size, share, kept), gains = max(groups.items(), key=lambda item: float(np.mean(item[1])))
    return {
        "size": size,
        "share": share,
        "filter": kept,
        "mean": float(np.mean(gains)),
        "least": min(gains),
        "most": max(gains),
    }


def order_sentence(content: dict[str, Any]) -> str:
    """Say whether learners order alike under accepted generated samples and real hard rows."""
    order = content["order"]
    found = order["correlation"]
    if found is None:
        return str(order["missing"])
    interval = f"[{found['low']:.2f}, {found['high']:.2f}]"
    if found["low"] > 0:
        says = "cells that are harder with generated samples are harder with real hard rows"
    elif found["high"] < 0:
        says = "cells that are harder with generated samples are easier with real hard rows"
    else:
        says = "the interval holds 0, so these data do not say that the orders agree"
    return (
        f"Over the {found['cells']} of {order['cells_all']} cells of learner and class that have "
        f"{order['least']} samples on both sides, accuracy on accepted generated samples and on "
        f"the {order['hard_rows']} hardest real rows have the rank correlation "
        f"{found['estimate']:.2f} {interval}: {says}. {order['hard']}"
    )


def summary(content: dict[str, Any]) -> str:
    """Return the table that the command prints."""
    wide = max(16, *map(len, content["learners"]))
    head = f"{'learner':{wide}} {'agreement at 0':>14} {'1':>7} {'3':>7} {'5':>7} "
    head += f"{'accepted, 3':>12}"
    lines = [f"{head}  best gain"]
    for row in by_learner(content):
        cells = [percent(row[f"agreement_{s}"]) for s in (0, *LOOKED_AT)]
        gain = "" if row["gain"] is None else _gain(row["gain"])
        lines.append(
            f"{row['learner']:{wide}} {cells[0]:>14} {cells[1]:>7} {cells[2]:>7} {cells[3]:>7} "
            f"{percent(row['accepted_3']):>12}  {gain}"
        )
    told = [f"\n{sentence}" for sentence in content["told"]]
    return "\n".join([*lines, f"\n{order_sentence(content)}", *told])


def markdown(content: dict[str, Any]) -> str:
    """Return the same table as Markdown, for TensorBoard's tab Text."""
    lines = [
        "| learner | agreement at 0 | 1 | 3 | 5 | accepted, 3 | largest gain |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in by_learner(content):
        cells = [percent(row[f"agreement_{s}"]) for s in (0, *LOOKED_AT)]
        gain = NONE if row["gain"] is None else _gain(row["gain"])
        cells = [row["learner"], *cells, percent(row["accepted_3"]), gain]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", order_sentence(content)])


def _gain(gain: Row) -> str:
    """Say what the best mixture brought."""
    points = f"{100 * gain['mean']:+.2f} points"
    spread = f" [{100 * gain['least']:+.2f}, {100 * gain['most']:+.2f}]"
    mixture = f"{gain['share']:.0%} generated, filter {gain['filter']}, {gain['size']:,} real rows"
    return f"{points}{spread if gain['least'] != gain['most'] else ''} ({mixture})"


def write_page(content: dict[str, Any], path: Path) -> None:
    """Write one HTML document without script, which loads nothing."""
    from markupsafe import Markup

    page = template("react.html", {"percent": percent, "count": count, "gain": _gain})
    drawn: dict[Any, str | None] = {s: figures.reactions(content, s) for s in SOURCES}
    drawn |= {key: figures.quantity(content, key) for key in figures.QUANTITIES}
    drawn |= {size: figures.shares(content, size) for size in figures.sizes(content)}
    drawn |= {"between": figures.between(content), "lessons": figures.lessons(content)}
    text = page.render(
        content=content,
        learners=by_learner(content),
        order=order_sentence(content),
        # What reaction_figures.py writes is markup of our own; matplotlib escapes its text.
        figures={name: None if svg is None else Markup(svg) for name, svg in drawn.items()},
        sources=SOURCES,
        few=measures.FEW,
        quantities={key: title for key, (title, _) in figures.QUANTITIES.items()},
        sizes={size: _per_class(content, size) for size in figures.sizes(content)},
        halves=_halves(content),
        forgetting=_forgetting(content),
        dash=NONE,
    )
    files.whole(path, lambda file: file.write(text.encode()))


def _halves(content: dict[str, Any]) -> list[tuple[str, list[float | None]]]:
    """Return a row a noise: the half-margin strength of each learner."""
    found = {(r["noise"], r["learner"]): r["half_margin_strength"] for r in content["half_margins"]}
    return [
        (noise, [found[noise, learner] for learner in content["learners"]])
        for noise in content["noises"]
    ]


def _per_class(content: dict[str, Any], size: int) -> list[tuple[str, str, list[float]]]:
    """Return rows of learner, what it learned from, and mean accuracy over seeds by class.

    From real rows alone, from the mixture of the largest gain, and from generated rows alone.
    """
    rows = []
    for learner in content["learners"]:
        own = [r for r in content["shares"] if (r["learner"], r["size"]) == (learner, size)]
        best = best_gain([row for row in own if row["share"]])
        asked: Row = {"real rows alone": (0, "none")}
        if best:
            words = f"{best['share']:.0%} generated, filter {best['filter']}"
            asked |= {words: (best["share"], best["filter"])}
        for words, mixture in (asked | {"100% generated, filter none": (1, "none")}).items():
            seeds = [r["per_class"] for r in own if (r["share"], r["filter"]) == mixture]
            if seeds:
                rows.append((learner, words, np.mean(seeds, 0).tolist()))
    return rows


def _forgetting(content: dict[str, Any]) -> list[tuple[str, str, float | None]]:
    """Return a row a network and change of share: the mean forgetting over seeds."""
    changed = [row for row in content["lessons"] if row["forgetting"] is not None]
    keys = dict.fromkeys((row["learner"], row["schedule"]) for row in changed)
    return [
        (
            *key,
            mean([r for r in changed if (r["learner"], r["schedule"]) == key], "forgetting"),
        )
        for key in keys
    ]
