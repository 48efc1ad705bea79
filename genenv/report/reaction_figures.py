"""Figures of the study of reactions: small multiples, a colour a learner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from genenv.reactions import generation_rows, measures
from genenv.report.small_multiples import DOTTED, SHARED, Legend, Line, Row, grid, legend_of

MARGIN = 0.02  # of shares, beyond what is drawn
QUANTITIES = {  # column of the rows of curves -> heading, unit on the axis
    "accepted": ("Share of samples that the audit accepts", "share"),
    "confidence": ("Confidence: mean probability of the answer", "probability"),
    "entropy": ("Entropy of the learner's probabilities", "nats"),
    "calibration_error": ("Expected calibration error", "probability"),
}


def reactions(content: dict[str, Any], source: str) -> str | None:
    """Draw agreement (solid) and accuracy among accepted samples (dotted) against strength.

    Parameters
    ----------
    content
        Of react.json.
    source
        latent, sample or real; a panel a kind of noise, None where there is none.
    """
    noises = [name for name in content["noises"] if name.startswith(f"{source}:")]
    if not noises:
        return None

    def lines(noise: str) -> Iterator[Line]:
        for i, learner in enumerate(content["learners"]):
            own = _curves(content, noise, learner)
            yield Line(f"{learner}, all samples", own, "agreement", "strength", i)
            kept = [measures.drawn(row) for row in own]
            named = f"{learner}, accepted ones"
            yield Line(named, kept, "accuracy_accepted", "strength", i, DOTTED)

    legend = legend_of(content["learners"]) | {
        "solid: all samples": (SHARED, 0),
        "dotted: accepted ones": (SHARED, DOTTED),
    }
    return grid(
        source, noises, lines, ("strength", "share"), "Agreement against strength", legend,
        head=lambda noise: noise.partition(":")[2], ends=_ends(content),
    )  # fmt: skip


def _curves(content: dict[str, Any], noise: str, learner: str) -> list[Row]:
    return [r for r in content["curves"] if (r["noise"], r["learner"]) == (noise, learner)]


def _ends(content: dict[str, Any]) -> tuple[float, float]:
    """Return one range of agreement for the noises of all sources, to tenths, with a margin."""
    shown = [measures.drawn(row) for row in content["curves"]]
    values = [row[key] for row in shown for key in ("agreement", "accuracy_accepted")]
    least = min(value for value in values if value is not None)
    return float(np.floor(10 * least)) / 10 - MARGIN, 1 + MARGIN


def quantity(content: dict[str, Any], key: str) -> str | None:
    """Draw one of QUANTITIES against strength, a panel a noise.

    What is accepted is the same for all learners: one grey line.
    """
    title, unit = QUANTITIES[key]
    is_shared = key == "accepted"
    learners = content["learners"][:1] if is_shared else content["learners"]

    def lines(noise: str) -> Iterator[Line]:
        for i, learner in enumerate(learners):
            own, name = _curves(content, noise, learner), "all" if is_shared else learner
            yield Line(name, own, key, "strength", SHARED if is_shared else i)

    legend = {} if is_shared else legend_of(learners)
    return grid(key, content["noises"], lines, ("strength", unit), title, legend)


def between(content: dict[str, Any]) -> str | None:
    """Draw the agreement between learners, a panel a noise; None of a single learner."""
    found = {row["noise"] for row in content["between"] if row["between"] is not None}

    def lines(noise: str) -> Iterator[Line]:
        own = [row for row in content["between"] if row["noise"] == noise]
        yield Line("all pairs", own, "between", "strength", SHARED)

    noises = [noise for noise in content["noises"] if noise in found]
    return grid("between", noises, lines, ("strength", "share"), "Agreement between learners", {})


def sizes(content: dict[str, Any]) -> list[int]:
    """Return the sizes of real data that learners learned from, the largest first."""
    return sorted({row["size"] for row in content["shares"]}, reverse=True)


def shares(content: dict[str, Any], size: int) -> str | None:
    """Draw gain over `size` real rows alone against the share of generated ones, by filter."""
    taught = [row for row in content["shares"] if row["size"] == size]
    filters = list(dict.fromkeys(row["filter"] for row in taught))

    def lines(kept: str) -> Iterator[Line]:
        for i, learner in enumerate(content["learners"]):
            own = [
                {**row, "percent": 100 * row["share"], "points": 100 * row["gain"]}
                for row in taught
                if row["learner"] == learner and (row["filter"] == kept or row["share"] == 0)
            ]
            yield Line(learner, own, "points", "percent", i)

    words = f"Gain over {size} real rows alone against the share of generated ones"
    legend, axes = legend_of(content["learners"]), ("generated, %", "gain, points")
    return grid(
        f"shares-{size}", filters, lines, axes, words, legend,
        head=lambda kept: f"filter {kept}", level=0.0,
    )  # fmt: skip


def lessons(content: dict[str, Any]) -> str | None:
    """Draw accuracy on real rows while a network learns, a panel a schedule."""
    schedules = list(dict.fromkeys(row["schedule"] for row in content["lessons"]))

    def lines(schedule: str) -> Iterator[Line]:
        for i, learner in enumerate(content["learners"]):
            own = [
                {"step": step, "accuracy": accuracy}
                for row in content["lessons"]
                if (row["learner"], row["schedule"]) == (learner, schedule)
                for step, accuracy in zip(row["steps"], row["accuracy"], strict=True)
            ]
            yield Line(learner, own, "accuracy", "step", i)

    words = "Accuracy on real rows while a network learns"
    watched = {row["learner"] for row in content["lessons"]}
    whole = legend_of(content["learners"])
    legend: Legend = {name: style for name, style in whole.items() if name in watched}
    return grid("lessons", schedules, lines, ("step", "accuracy"), words, legend)


def generations(content: dict[str, Any]) -> str | None:
    """Draw what each generation keeps, a colour an arm, a panel a quantity; None without any."""
    arms = generation_rows.arms(content)

    def lines(quantity: str) -> Iterator[Line]:
        for i, arm in enumerate(arms):
            own = [
                {"generation": row["generation"], "value": generation_rows.value(row, quantity)}
                for row in generation_rows.of_arm(content, arm)
            ]
            yield Line(arm, own, "value", "generation", i)
            if quantity == "spread":
                shrinking = generation_rows.line(content, arm)
                yield Line(f"{arm}, spread · cᵗ", shrinking, "value", "generation", i, DOTTED)

    words = "What each generation keeps, by what it learned from"
    names = generation_rows.quantities(content) if arms else []
    legend = legend_of(arms) | {"dotted: spread · cᵗ": (SHARED, DOTTED)}
    return grid("generations", names, lines, ("generation", "share"), words, legend)
