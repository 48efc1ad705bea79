"""Figures of the study of reactions: small multiples, a colour a learner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from genenv.drawing.inline import SERIES, VARIABLES, panels, styled, svg
from genenv.reactions import generation_rows, measures

ACROSS = 4  # panels in a row
WIDE, ROW = 9.6, 1.8  # inches: a figure, a row of panels with what is below and above it
LEFT, RIGHT, ABOVE, TITLE, BELOW = (
    0.55,
    0.05,
    0.25,
    0.22,
    0.42,
)  # inches around panels; legend above
MARGIN = 0.02  # of shares, beyond what is drawn
NAME = 24  # letters of a learner's name in a legend
QUANTITIES = {  # column of the rows of curves -> heading, unit on the axis
    "accepted": ("Share of samples that the audit accepts", "share"),
    "confidence": ("Confidence: mean probability of the answer", "probability"),
    "entropy": ("Entropy of the learner's probabilities", "nats"),
    "calibration_error": ("Expected calibration error", "probability"),
}
DASHES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)), (0, (1, 3)))

Row = dict[str, Any]
Style = tuple[str, Any]  # colour and dashes of a line
Legend = dict[str, Style]


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
    if not noises:
        return None
    ends = _ends(content)

    def draw(axes: Any, noise: str) -> None:
        for i, learner in enumerate(content["learners"]):
            own = [r for r in content["curves"] if (r["noise"], r["learner"]) == (noise, learner)]
            _line(axes, own, "agreement", "strength", i, 0)
            kept = [measures.drawn(row) for row in own]
            _line(axes, kept, "accuracy_accepted", "strength", i, 2)
        axes.set_ylim(*ends)
        axes.set_title(noise.partition(":")[2], size=8.5, color=VARIABLES["ink"])

    legend = _legend(content["learners"]) | {
        "solid: all samples": (VARIABLES["muted"], DASHES[0]),
        "dotted: accepted ones": (VARIABLES["muted"], DASHES[2]),
    }
    words = "Agreement against strength"
    return _grid(source, noises, draw, "strength", "share", words, legend)


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

    def draw(axes: Any, noise: str) -> None:
        for i, learner in enumerate(learners):
            own = [r for r in content["curves"] if (r["noise"], r["learner"]) == (noise, learner)]
            _line(axes, own, key, "strength", -1 if is_shared else i, 0)
        axes.set_title(noise, size=8.5, color=VARIABLES["ink"])

    legend = {} if is_shared else _legend(learners)
    return _grid(key, content["noises"], draw, "strength", unit, title, legend)


def between(content: dict[str, Any]) -> str | None:
    """Draw the agreement between learners, a panel a noise; None of a single learner."""
    found = {row["noise"] for row in content["between"] if row["between"] is not None}

    def draw(axes: Any, noise: str) -> None:
        own = [row for row in content["between"] if row["noise"] == noise]
        _line(axes, own, "between", "strength", -1, 0)
        axes.set_title(noise, size=8.5, color=VARIABLES["ink"])

    noises = [noise for noise in content["noises"] if noise in found]
    return _grid("between", noises, draw, "strength", "share", "Agreement between learners", {})


def sizes(content: dict[str, Any]) -> list[int]:
    """Return the sizes of real data that learners learned from, the largest first."""
    return sorted({row["size"] for row in content["shares"]}, reverse=True)


def shares(content: dict[str, Any], size: int) -> str | None:
    """Draw gain over `size` real rows alone against the share of generated ones, by filter."""
    taught = [row for row in content["shares"] if row["size"] == size]
    filters = list(dict.fromkeys(row["filter"] for row in taught))

    def draw(axes: Any, kept: str) -> None:
        axes.axhline(0, color=VARIABLES["line"], linewidth=0.8)
        for i, learner in enumerate(content["learners"]):
            own = [
                {**row, "percent": 100 * row["share"], "points": 100 * row["gain"]}
                for row in taught
                if row["learner"] == learner and (row["filter"] == kept or row["share"] == 0)
            ]
            _line(axes, own, "points", "percent", i, 0)
        axes.set_title(f"filter {kept}", size=8.5, color=VARIABLES["ink"])

    words = f"Gain over {size} real rows alone against the share of generated ones"
    legend = _legend(content["learners"])
    return _grid(f"shares-{size}", filters, draw, "generated, %", "gain, points", words, legend)


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
    watched = {row["learner"] for row in content["lessons"]}
    legend = {
        name: style for name, style in _legend(content["learners"]).items() if name in watched
    }
    return _grid("lessons", schedules, draw, "step", "accuracy", words, legend)


def generations(content: dict[str, Any]) -> str | None:
    """Draw what each generation keeps, a colour an arm, a panel a quantity; None without any."""
    arms = generation_rows.arms(content)

    def draw(axes: Any, quantity: str) -> None:
        for i, arm in enumerate(arms):
            own = [
                {"generation": row["generation"], "value": generation_rows.value(row, quantity)}
                for row in generation_rows.of_arm(content, arm)
            ]
            _line(axes, own, "value", "generation", i, 0)
            if quantity == "spread":
                _line(axes, generation_rows.line(content, arm), "value", "generation", i, 2)
        axes.set_title(quantity, size=8.5, color=VARIABLES["ink"])

    words = "What each generation keeps, by what it learned from"
    names = generation_rows.quantities(content) if arms else []
    legend = _legend(arms) | {"dotted: spread · cᵗ": (VARIABLES["muted"], DASHES[2])}
    return _grid("generations", names, draw, "generation", "share", words, legend)


def _style(learner: int, dash: int) -> Style:
    """Return the colour of a learner and the dash of a kind of line; colours repeat after five."""
    return SERIES[(learner + 1) % len(SERIES)], DASHES[
        (dash + max(learner, 0) // len(SERIES)) % len(DASHES)
    ]


def _legend(learners: Sequence[str]) -> Legend:
    return {name: _style(i, 0) for i, name in enumerate(learners)}


def _line(axes: Any, rows: Sequence[Row], key: str, by: str, learner: int, dash: int) -> None:
    places, means, lows, highs = band(rows, key, by)
    if places:
        colour, dashes = _style(learner, dash)
        axes.plot(places, means, color=colour, linestyle=dashes, linewidth=1.4)
        if lows != highs:
            axes.fill_between(places, lows, highs, color=colour, alpha=0.15, linewidth=0)


def _grid(
    salt: str,
    names: Sequence[str],
    draw: Callable[[Any, str], None],
    across: str,
    up: str,
    title: str,
    legend: Legend,
) -> str | None:
    """Draw a panel a name, under a legend of lines; None without names."""
    if not names:
        return None
    rows = -(-len(names) // ACROSS)
    with styled(salt):
        figure, axes = panels(len(names), ACROSS, WIDE, ROW * rows + ABOVE)
        figure.set_layout_engine(None)  # of many panels an engine takes seconds a figure
        figure.subplots_adjust(
            left=LEFT / WIDE,
            right=1 - RIGHT / WIDE,
            top=1 - (ABOVE + TITLE) / (ROW * rows + ABOVE),
            bottom=BELOW / (ROW * rows + ABOVE),
            wspace=0.08,
            hspace=(BELOW + TITLE) / (ROW - BELOW - TITLE),
        )
        for panel, name in zip(axes, names, strict=True):
            draw(panel, name)
        for panel in axes[-ACROSS:]:  # the lowest ones
            panel.set_xlabel(across)
            panel.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        for panel in axes[::ACROSS]:
            panel.set_ylabel(up)
        _show(figure, legend)
        return svg(figure, title)


def _show(figure: Any, legend: Legend) -> None:
    from matplotlib.lines import Line2D

    if legend:
        lines = [Line2D([], [], color=c, linestyle=d, linewidth=1.4) for c, d in legend.values()]
        names = [name if len(name) <= NAME else f"{name[:NAME]}…" for name in legend]
        place = {"loc": "upper left", "ncols": min(len(names), 6), "frameon": False}
        figure.legend(lines, names, fontsize=8.5, handlelength=2.4, **place)
