"""The study of reactions in words, as a printed table and as one self-contained page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genenv import files
from genenv.reactions import measures
from genenv.report import help_words
from genenv.report import reaction_figures as figures
from genenv.report.numerals import NONE, count, number, percent, points
from genenv.report.reaction_words import heat, mean, sentences
from genenv.report.template import template
from genenv.wording import unmarked

SOURCES = {
    "latent": "Latents of the generator change",
    "sample": "Generated samples are corrupted",
    "real": "Real rows are corrupted",
}
LOOKED_AT = (1, 3, 5)  # strengths in tables

Row = dict[str, Any]


def by_learner(content: dict[str, Any]) -> list[Row]:
    """Return a row a learner: means over generated noises at strengths 0, 1, 3 and 5."""
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
        rows.append(found)
    return rows


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
    """Return what the command prints: the sentences, and the tables that they rest on."""
    lines = sentences(content)
    if content["curves"]:
        lines += ["", *_table(content)]
    if content["helps"]:
        lines += ["", *aligned(help_words.table(content["helps"]))]
    if content["metrics"]:
        lines += ["", *aligned(measured(content))]
    if content["order"]:
        lines += ["", order_sentence(content)]
    said = [f"\n{sentence}" for sentence in content["told"]]
    return "\n".join([*lines, *said])


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table in columns, the first to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]


def measured(content: dict[str, Any]) -> list[list[str]]:
    """Return a row a metric, of generated rows and of other real ones, below a head."""
    rows = [
        [row["figure"], *map(_figure, (row["generated"], row["real"]))]
        for row in content["metrics"]
    ]
    return [["metric", "generated", "real"], *rows]


def _figure(value: float) -> str:
    return number(value) if abs(value) >= 10 else f"{value:.3f}"


def _table(content: dict[str, Any]) -> list[str]:
    wide = max(16, *map(len, content["learners"]))
    head = f"{'learner':{wide}} {'agreement at 0':>14} {'1':>7} {'3':>7} {'5':>7} "
    lines = [f"{head}{'accepted, 3':>12}"]
    for row in by_learner(content):
        cells = [percent(row[f"agreement_{s}"]) for s in (0, *LOOKED_AT)]
        lines.append(
            f"{row['learner']:{wide}} {cells[0]:>14} {cells[1]:>7} {cells[2]:>7} {cells[3]:>7} "
            f"{percent(row['accepted_3']):>12}"
        )
    return lines


def markdown(content: dict[str, Any]) -> str:
    """Return the same as Markdown, for TensorBoard's tab Text."""
    lines = [f"- {unmarked(sentence)}" for sentence in sentences(content)]
    if content["curves"]:
        lines += [
            "",
            "| learner | agreement at 0 | 1 | 3 | 5 | accepted, 3 |",
            "|---|---|---|---|---|---|",
        ]
        for row in by_learner(content):
            cells = [percent(row[f"agreement_{s}"]) for s in (0, *LOOKED_AT)]
            cells = [unmarked(row["learner"]), *cells, percent(row["accepted_3"])]
            lines.append(f"| {' | '.join(cells)} |")
    if content["helps"]:
        lines += ["", *_marked(help_words.table(content["helps"]))]
    if content["metrics"]:
        lines += ["", *_marked(measured(content))]
    if content["order"]:
        lines += ["", unmarked(order_sentence(content))]
    return "\n".join(lines)


def _marked(rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table, its head first, in Markdown."""
    head, *others = rows
    rule = ["---"] * len(head)
    return [f"| {' | '.join(map(unmarked, row))} |" for row in (head, rule, *others)]


def write_page(
    content: dict[str, Any], path: Path, strips: Mapping[str, str] | None = None
) -> None:
    """Write one HTML document without script, which loads nothing.

    Parameters
    ----------
    content
        Of react.json.
    path
        Of the document.
    strips
        Pictures of what each strength is, see `strength_pictures.strips`; None: none are shown.
    """
    from markupsafe import Markup

    filters: dict[str, Callable[..., Any]] = {
        "percent": percent,
        "count": count,
        "points": points,
        "decided": help_words.decided,
    }
    page = template("react.html", filters)
    drawn: dict[Any, str | None] = {s: figures.reactions(content, s) for s in SOURCES}
    drawn |= {key: figures.quantity(content, key) for key in figures.QUANTITIES}
    drawn |= {size: figures.shares(content, size) for size in figures.sizes(content)}
    drawn |= {"generations": figures.generations(content)}
    drawn |= {"between": figures.between(content), "lessons": figures.lessons(content)}
    text = page.render(
        content=content,
        sentences=sentences(content),
        learners=by_learner(content),
        heat=heat(content),
        strips=strips or {},
        order=order_sentence(content) if content["order"] else "",
        # What reaction_figures.py writes is markup of our own; matplotlib escapes its text.
        figures={name: None if svg is None else Markup(svg) for name, svg in drawn.items()},
        sources=SOURCES,
        few=measures.FEW,
        quantities={key: title for key, (title, _) in figures.QUANTITIES.items()},
        sizes={size: _per_class(content, size) for size in figures.sizes(content)},
        halves=_halves(content),
        forgetting=_forgetting(content),
        measured=measured(content)[1:],
        dash=NONE,
    )
    files.write_atomically(path, lambda file: file.write(text.encode()))


def _halves(content: dict[str, Any]) -> list[tuple[str, list[float | None]]]:
    """Return a row a noise: the half-margin strength of each learner."""
    found = {(r["noise"], r["learner"]): r["half_margin_strength"] for r in content["half_margins"]}
    return [
        (noise, [found[noise, learner] for learner in content["learners"]])
        for noise in content["noises"]
    ]


def _per_class(content: dict[str, Any], size: int) -> list[tuple[str, str, list[float]]]:
    """Return rows of learner, what it learned from, and mean accuracy over seeds by class."""
    asked = {
        "real rows alone": (0, "none"),
        "as many generated": (0.5, "none"),
        "generated alone": (1, "none"),
    }
    rows = []
    for learner in content["learners"]:
        own = [r for r in content["shares"] if (r["learner"], r["size"]) == (learner, size)]
        for words, mixture in asked.items():
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
