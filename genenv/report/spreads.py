"""How generated rows are spread over each column of a table, beside the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.codecs import Codec, Rows
from genenv.drawing.inline import SERIES, VARIABLES, one_axes, styled, svg
from genenv.drawing.numbers import Numbers
from genenv.tables.column import Column
from genenv.wording import shortened

PARTS = 20  # of a number's range
APART = PARTS + 4  # where the missing stand
TAIL = 0.005  # of real rows at each end, that the outermost parts take
SHOWN = 12  # columns, those that are furthest apart
BARS = 6  # categories drawn, the most frequent ones
LETTERS = 12  # of a category
MISSING = "missing"


@dataclass(frozen=True, eq=False)
class Spread:
    """Shares of real and of generated rows in the parts of one column."""

    column: str
    """Its name."""
    names: tuple[str, ...]
    """Of categories, a name a part; of a number, its least and its largest value."""
    number: bool
    """Whether the parts follow each other along an axis."""
    real: NDArray[np.float64]
    """(parts,), of real rows; the last part is the missing values."""
    made: NDArray[np.float64]
    """(parts,), of generated rows."""

    @property
    def apart(self) -> float:
        """Total variation, half the sum of absolute differences: 0 alike, 1 nowhere together."""
        return float(np.abs(self.real - self.made).sum() / 2)


def spreads(units: Codec, real: NDArray[Any], made: NDArray[Any]) -> tuple[Spread, ...]:
    """Compare stored rows (n, *units.shape), real and generated, column by column; (): no table."""
    if not isinstance(units, Rows):
        return ()
    pairs = zip(units.features.columns, units.codes(real).T, units.codes(made).T, strict=True)
    return tuple(_spread(column, *codes) for column, *codes in pairs)


def _spread(column: Column, real: NDArray[np.float64], made: NDArray[np.float64]) -> Spread:
    if column.discrete:
        parts = len(column.values)
        names = tuple(map(str, column.values))
        shares = [_shares(codes, np.arange(parts + 1) - 0.5) for codes in (real, made)]
        return Spread(column.name, names, False, *shares)
    known = real[~np.isnan(real)]
    low, high = np.quantile(known, [TAIL, 1 - TAIL])
    edges = np.linspace(low, high if high > low else low + 1, PARTS + 1)
    told = column.decode(np.array([low, high]).round() if column.step == 1 else edges[[0, -1]])
    shares = [_shares(np.clip(codes, edges[0], edges[-1]), edges) for codes in (real, made)]
    return Spread(column.name, tuple(_end(value) for value in told), True, *shares)


def _shares(codes: NDArray[np.float64], edges: NDArray[Any]) -> NDArray[np.float64]:
    missing = np.isnan(codes)
    counts = np.histogram(codes[~missing], edges)[0]
    return np.append(counts, missing.sum()) / len(codes)


def _end(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, int | float | np.number) else str(value)[:10]


def figures(found: Sequence[Spread]) -> list[str]:
    """Draw the columns that are furthest apart, in the order of the table, each an SVG element."""
    nearest = sorted(found, key=lambda each: -each.apart)[:SHOWN]
    shown = [each for each in found if each in nearest]
    return [_figure(each, f"spread-{i}") for i, each in enumerate(shown)]


def _figure(spread: Spread, salt: str) -> str:
    from markupsafe import escape

    with styled(salt):
        figure, axes = one_axes(2.2, 1.6)
        (_steps if spread.number else _bars)(axes, spread)
        axes.set_title(f"{shortened(spread.column, 22)}  {spread.apart:.3f}", loc="left")
        axes.tick_params(length=0)
        title = f"{spread.column}: real and generated rows, total variation {spread.apart:.3f}"
        return svg(figure, str(escape(title)), _parts(spread))


def _parts(spread: Spread) -> Numbers:
    """Tell what a figure draws: the shares of each value, or of each part of a number's range."""
    names = list(spread.names)
    if spread.number:
        least, largest = spread.names
        between = (f"part {i} of {PARTS}" for i in range(2, PARTS))
        names = [f"part 1 of {PARTS}, from {least}", *between, f"part {PARTS}, to {largest}"]
    shares = zip(spread.real.tolist(), spread.made.tolist(), strict=True)
    rows = [(name, *pair) for name, pair in zip([*names, MISSING], shares, strict=True)]
    return Numbers((spread.column, "real", "generated"), rows)


def _steps(axes: Any, spread: Spread) -> None:
    """Draw a number: real rows as an area, generated ones as a line; the missing stand apart."""
    parts = np.arange(PARTS + 1)
    axes.stairs(spread.real[:-1], parts, fill=True, color=SERIES[0], alpha=0.35)
    axes.stairs(spread.made[:-1], parts, color=SERIES[1], linewidth=1.3)
    if spread.real[-1] or spread.made[-1]:
        axes.bar([APART], [spread.real[-1]], 1.6, color=SERIES[0], alpha=0.35)
        axes.hlines(spread.made[-1], APART - 0.8, APART + 0.8, color=SERIES[1], linewidth=1.3)
        axes.text(APART, 0, f"\n{MISSING}", ha="center", va="top", color=VARIABLES["muted"])
    axes.set_xticks([0, PARTS], spread.names)
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _bars(axes: Any, spread: Spread) -> None:
    """Draw categories: a bar of real rows, and a stroke where the generated ones end."""
    names = [*spread.names, MISSING]
    order = np.argsort(-spread.real, kind="stable")[:BARS]
    kept = np.sort([i for i in order if spread.real[i] or spread.made[i]])
    at = np.arange(len(kept))
    axes.barh(at, spread.real[kept], 0.7, color=SERIES[0], alpha=0.35)
    axes.vlines(spread.made[kept], at - 0.42, at + 0.42, color=SERIES[1], linewidth=1.8)
    axes.set_yticks(at, [shortened(names[i], LETTERS) for i in kept])
    axes.set_ylim(max(len(kept), 2) - 0.4, -0.6)
    axes.set_xticks([])
    axes.axvline(0, color=VARIABLES["line"], linewidth=0.8)
    axes.spines[["left", "bottom"]].set_visible(False)
