"""Figures of the page: SVG whose colours are the page's CSS variables, and PNG as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.drawing.inline import SERIES, VARIABLES, one_axes, styled, svg
from genenv.drawing.numbers import Numbers
from genenv.report.evidence import Curve, Evidence
from genenv.wording import shortened

_DASHES: tuple[Any, ...] = ("solid", (0, (6, 2)), (0, (2, 1.5)))
_STEPS = 240  # points of a drawn curve
_TICKS = 24  # classes on the axes of the confusion
_NAME = 14  # letters of a class on an axis


def _thinned(curve: Curve) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep at most _STEPS of the points where the curve rises, and its end."""
    rises = np.flatnonzero(np.diff(curve.confirmed, prepend=0) > 0)
    wanted = np.geomspace(1, max(len(rises), 1), _STEPS).round().astype(int) - 1
    kept = np.unique(np.append(rises[np.unique(wanted)], len(curve.queries) - 1))
    return curve.queries[kept], curve.confirmed[kept]


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Push label heights (ascending order kept) at least a gap apart, mean unchanged."""
    order = np.argsort(heights, kind="stable")
    spread = np.array(heights, float)[order]
    for _ in range(100):
        short = gap - np.diff(spread)
        if (short <= 1e-9).all():
            break
        push = np.maximum(short, 0) / 2
        spread[:-1] -= push
        spread[1:] += push
    placed = np.empty_like(spread)
    placed[order] = spread
    return placed.tolist()  # type: ignore[no-any-return]


def series_colours(searches: Iterable[tuple[str, bool]]) -> dict[str, int]:
    """Give each search its colour: 0 is the control's, the others follow in order of appearance.

    Parameters
    ----------
    searches
        Names, and whether each samples the law; a name may come several times.
    """
    samples_law = dict(searches)
    others = [name for name, control in samples_law.items() if not control]
    colours = {name: 1 + i % (len(SERIES) - 1) for i, name in enumerate(others)}
    return dict.fromkeys(samples_law, 0) | colours


def confirmed_against_queries(curves: Sequence[Curve]) -> str | None:
    """Draw confirmed failures against queries, one line a search and seed, both axes logarithmic.

    Returns
    -------
    An SVG element, or None when no search confirmed a failure.
    """
    found = [curve for curve in curves if len(curve.confirmed) and curve.confirmed[-1] > 0]
    if not found:
        return None
    colours = series_colours((curve.search, curve.samples_law) for curve in curves)
    names = list(colours)
    with styled("curves"):
        figure, axes = one_axes(4.6, 4.0)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for curve in found:
            index = colours[curve.search]
            dash = _DASHES[names.index(curve.search) // len(SERIES) % len(_DASHES)]
            style = {"color": SERIES[index], "linestyle": dash if index else (0, (3, 2))}
            axes.step(*_thinned(curve), where="post", linewidth=1.5, **style)
        top = max(curve.confirmed[-1] for curve in found)
        right = max(curve.queries[-1] for curve in found)
        first = min(curve.queries[np.argmax(curve.confirmed > 0)] for curve in found)
        axes.set_xlim(min(first * 0.8, right / 10), right * 1.02)
        axes.set_ylim(0.8, max(top, 10) * 1.4)
        if top >= 10:
            axes.axhline(10, color=VARIABLES["line"], linewidth=0.8)
        _label_ends(axes, found, colours, right)
        _plain_ticks(axes)
        axes.set_xlabel("queries to the model under test")
        axes.set_ylabel("confirmed failures")
        title = "Confirmed failures against queries, one line a search"
        return svg(figure, title, _points(found))


def _points(curves: Sequence[Curve]) -> Numbers:
    """Tell what `confirmed_against_queries` draws."""
    rows = [
        (curve.search, curve.seed, *map(int, point))
        for curve in curves
        for point in zip(*_thinned(curve), strict=True)
    ]
    return Numbers(("search", "seed", "queries", "confirmed"), rows)


def _label_ends(axes: Any, curves: Sequence[Curve], colours: Mapping[str, int], right: int) -> None:
    """Write each search's name beside the end of its lines, in place of a legend."""
    low, high = np.log10(axes.get_ylim())
    shown = [name for name in colours if any(curve.search == name for curve in curves)]
    ends = [
        np.median([np.log10(curve.confirmed[-1]) for curve in curves if curve.search == name])
        for name in shown
    ]
    for name, height in zip(shown, _apart(ends, 0.065 * (high - low)), strict=True):
        axes.annotate(
            shortened(name, _NAME),
            (right, 10**height),
            (5, 0),
            textcoords="offset points",
            va="center",
            color=SERIES[colours[name]],
            annotation_clip=False,
        )


def _plain_ticks(axes: Any) -> None:
    """Write 1,000 instead of 10³."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axis.set_minor_formatter(NullFormatter())
        axis.set_tick_params(which="minor", length=0)


def confusion(evidence: Evidence) -> str | None:
    """Draw distinct confirmed failures, condition by prediction; None when there is none.

    With many classes only those that fail or are predicted most are shown.
    """
    failures, kept = evidence.failures, evidence.failures.distinct
    if not kept.any():
        return None
    size = len(evidence.classes)
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (failures.label[kept], failures.prediction[kept]), 1)
    if size > _TICKS:
        weight = counts.sum(0) + counts.sum(1)
        shown = np.sort(np.argsort(-weight, kind="stable")[: min(_TICKS, (weight > 0).sum())])
    else:
        shown = np.arange(size)
    names = [shortened(evidence.class_name(i), _NAME) for i in shown]
    with styled("confusion"):
        title = "Distinct confirmed failures, condition by prediction"
        drawn = counts[np.ix_(shown, shown)]
        return svg(_confusion(drawn, names), title, _pairs(drawn, shown, evidence))


def _pairs(counts: NDArray[np.int64], shown: NDArray[Any], evidence: Evidence) -> Numbers:
    """Tell what `confusion` draws, by the whole names of the classes."""
    names = [evidence.class_name(i) for i in shown]
    pairs = ((names[i], names[j], int(counts[i, j])) for i, j in np.argwhere(counts))
    return Numbers(("condition", "predicted", "distinct"), list(pairs))


def _confusion(counts: NDArray[np.int64], names: Sequence[str]) -> Any:
    from matplotlib.patches import Rectangle

    size = len(names)
    figure, axes = one_axes(4.6, 4.2 if size > 6 else 3.4)
    for (row, column), value in np.ndenumerate(counts):
        if row == column:
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, fc=VARIABLES["line"], alpha=0.45, lw=0)
            )
        elif value:
            shade = 0.12 + 0.63 * value / counts.max()
            axes.add_patch(
                Rectangle(
                    (column - 0.5, row - 0.5), 1, 1, fc=VARIABLES["accent"], alpha=shade, lw=0
                )
            )
        if value and size <= 16:
            axes.text(column, row, f"{value}", ha="center", va="center", size=8)
    upright = max(map(len, names)) <= 3
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), aspect="equal")
    axes.set_xticks(range(size), names, rotation=0 if upright else 90)
    axes.set_yticks(range(size), names)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlabel("predicted as")
    axes.set_ylabel("condition")
    return figure


def png(image: NDArray[np.uint8]) -> str:
    """Turn one picture (h, w, 1) or (h, w, 3) of uint8 into a data URI."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
