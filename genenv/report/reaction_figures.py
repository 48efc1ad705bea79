"""Figures of the study of reactions: small multiples, a colour a learner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from genenv.report.drawing import SERIES, VARIABLES, panels, styled, svg

ACROSS = 4  # panels in a row
DASHES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)), (0, (1, 3)))

Row = dict[str, Any]


def band(
    rows: Sequence[Row], key: str, by: str
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return the values of `by`, and the mean, least and largest of `key` over seeds at each.

    Rows whose `key` is None are left out; a value without any other has none.
    """
    found: dict[float, list[float]] = {}
    for row in rows:
        if row[key] is not None:
            found.setdefault(row[by], []).append(row[key])
    places = sorted(found)
    values = [np.array(found[place]) for place in places]
    means, lows, highs = ([float(f(v)) for v in values] for f in (np.mean, np.min, np.max))
    return places, means, lows, highs


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

    def draw(axes: Any, noise: str) -> None:
        for i, learner in enumerate(content["learners"]):
            own = [r for r in content["curves"] if (r["noise"], r["learner"]) == (noise, learner)]
            _line(axes, own, "agreement", "strength", i, 0)
            _line(axes, own, "accuracy_accepted", "strength", i, 2)
        axes.set_title(noise.partition(":")[2], size=8.5, color=VARIABLES["ink"])

    return _grid(source, noises, draw, "strength", "share", "Agreement against strength")


def shares(content: dict[str, Any]) -> str | None:
    """Draw gain over real rows alone against the share of generated ones, a panel a filter."""
    size = max((row["size"] for row in content["shares"]), default=0)
    filters = list(dict.fromkeys(row["filter"] for row in content["shares"]))

    def draw(axes: Any, kept: str) -> None:
        axes.axhline(0, color=VARIABLES["line"], linewidth=0.8)
        for i, learner in enumerate(content["learners"]):
            own = [
                {**row, "percent": 100 * row["share"], "points": 100 * row["gain"]}
                for row in content["shares"]
                if row["learner"] == learner
                and row["size"] == size
                and (row["filter"] == kept or row["share"] == 0)
            ]
            _line(axes, own, "points", "percent", i, 0)
        axes.set_title(f"filter {kept}", size=8.5, color=VARIABLES["ink"])

    words = "Gain over real rows alone against the share of generated ones"
    return _grid("shares", filters, draw, "generated, %", "gain, points", words)


def lessons(content: dict[str, Any]) -> str | None:
    """Draw accuracy on real rows while a network learns, a panel a schedule."""
    schedules = list(dict.fromkeys(row["schedule"] for row in content["lessons"]))

    def draw(axes: Any, schedule: str) -> None:
        for i, learner in enumerate(content["learners"]):
            own = [
                {"step": step, "accuracy": accuracy}
                for row in content["lessons"]
                if (row["learner"], row["schedule"]) == (learner, schedule)
                for step, accuracy in zip(row["steps"], row["accuracy"], strict=True)
            ]
            _line(axes, own, "accuracy", "step", i, 0)
        axes.set_title(schedule, size=8.5, color=VARIABLES["ink"])

    words = "Accuracy on real rows while a network learns"
    return _grid("lessons", schedules, draw, "step", "accuracy", words)


def _line(axes: Any, rows: Sequence[Row], key: str, by: str, learner: int, dash: int) -> None:
    places, means, lows, highs = band(rows, key, by)
    if places:
        colour = SERIES[(learner + 1) % len(SERIES)]
        dash = (dash + learner // len(SERIES)) % len(DASHES)
        axes.plot(places, means, color=colour, linestyle=DASHES[dash], linewidth=1.4)
        if lows != highs:
            axes.fill_between(places, lows, highs, color=colour, alpha=0.15, linewidth=0)


def _grid(
    salt: str,
    names: Sequence[str],
    draw: Callable[[Any, str], None],
    across: str,
    up: str,
    title: str,
) -> str | None:
    """Draw a panel a name; None without names."""
    if not names:
        return None
    rows = -(-len(names) // ACROSS)
    with styled(salt):
        figure, axes = panels(rows, ACROSS, 9.6, 0.6 + 1.7 * rows)
        for panel, name in zip(axes.flat, names, strict=False):
            draw(panel, name)
        for panel in axes.flat[len(names) :]:
            panel.set_axis_off()
        figure.supxlabel(across, size=8.5, color=VARIABLES["muted"])
        figure.supylabel(up, size=8.5, color=VARIABLES["muted"])
        return svg(figure, title)
