"""Charts of vectors: real and generated rows, and what the critic thinks of the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv.codecs import Codec
from genenv.drawing.pixels import axes_of, canvas, drawn
from genenv.drawing.style import PAPER, styled
from genenv.generators import Generator
from genenv.networks import Critic
from genenv.networks.evaluating import evaluating

# blue and vermillion of Okabe and Ito's palette, which the colour-blind tell apart
REAL, MADE = "#0072B2", "#D55E00"
MARGIN = 0.12  # of the data's range, beyond which nothing is drawn
POINTS = 100  # a side of the grid on which the critic is asked
LEVELS = 14
PANELS = 11  # most columns whose distributions are drawn
BINS = 30
DOTS_ON_SURFACE = 400  # of each kind
PLANE_BOX, SCALE_BOX = (0.12, 0.1, 0.69, 0.83), (0.83, 0.1, 0.025, 0.83)  # of the figure


def vectors(real: NDArray[Any], made: NDArray[Any], units: Codec) -> NDArray[np.uint8]:
    """Draw real rows (n, d) and generated ones (m, d): one picture (h, w, 3).

    Two columns: as dots, side by side. Others: the distribution of each of the first eleven
    columns, and, from three on, all rows along the first two principal directions of the real ones.
    """
    if units.size == 2:
        return _side_by_side(real, made, units)
    panels = min(units.size, PANELS) + (units.size > 2)
    across = min(panels, 4)
    down = -(-panels // across)
    figure, axes = axes_of(2.6 * across, 2.1 * down + 0.3, down, across)
    spare = list(axes)
    if units.size > 2:
        _principal(spare.pop(0), real, made)
    for column in range(min(units.size, PANELS)):
        _distribution(spare.pop(0), real[:, column], made[:, column], column)
    for empty in spare:
        empty.axis("off")
    _legend(figure)
    return drawn(figure)


def surface(
    generator: Generator, critic: Critic | None, real: NDArray[Any], seed: int = 0
) -> NDArray[np.uint8] | None:
    """Draw the critic's raw score over the plane with real and generated rows: (h, w, 3).

    Parameters
    ----------
    generator
        Of vectors of two columns.
    critic
        Its score is the mean over the classes; one of packs is asked about packs of equal rows.
    real
        (n, 2) in the data's units, of which 400 are drawn.
    seed
        Address of the generated rows.

    Returns
    -------
    None where vectors have not two columns, there is no critic, or its scores are not finite.
    """
    units = generator.units
    if units.layout != (2,) or critic is None:
        return None
    x, y = _frame(units)
    columns = np.linspace(*x, POINTS), np.linspace(*y, POINTS)
    plane = np.stack(np.meshgrid(*columns), -1).reshape(-1, 2)
    score = _score(critic, units, plane).reshape(POINTS, POINTS)
    if not np.isfinite(score).all():
        return None
    low, high = np.quantile(score, [0.02, 0.98])
    levels = np.linspace(low, max(high, low + 1e-6 * max(abs(low), 1)), LEVELS)
    with styled():
        figure = canvas(5.4, 4.7, None)  # a layout engine would take as long as all the rest
        axes, scale = (figure.add_axes(box) for box in (PLANE_BOX, SCALE_BOX))
        filled = axes.contourf(*columns, score, levels, cmap="cividis", extend="both")
        made, _ = generator.sample(DOTS_ON_SURFACE, seed)
        for rows, size, face in ((real[:DOTS_ON_SURFACE], 26, "white"), (made, 7, MADE)):
            axes.scatter(*rows.T, s=size, c=face, edgecolors="black", linewidths=0.4)
        figure.colorbar(filled, scale, format="%.3g")
        _plane(axes, units)
        words = "critic's raw score; white: real rows, orange: generated rows"
        axes.set_title(words, loc="left", color=PAPER.ink)
        return drawn(figure)


def _score(critic: Critic, units: Codec, x: NDArray[Any]) -> NDArray[np.float64]:
    """Score rows (n, d) in the data's units: (n,), the mean over the classes."""
    device = next(critic.parameters()).device
    u = units.encode(units.tensor(x).to(device)).repeat_interleave(getattr(critic, "pack", 1), 0)
    labels = range(len(critic.classes)) if critic.classes else [None]
    with torch.no_grad(), evaluating(critic):
        scores = [
            critic(u, None if k is None else torch.full((len(u),), k, device=device))
            for k in labels
        ]
    mean: NDArray[np.float64] = torch.stack(scores).mean(0).double().cpu().numpy()
    return mean


def _side_by_side(real: NDArray[Any], made: NDArray[Any], units: Codec) -> NDArray[np.uint8]:
    figure, panels = axes_of(7.2, 3.7, 1, 2)
    for axes, rows, name, colour in zip(
        panels, (real, made), ("real", "generated"), (REAL, MADE), strict=True
    ):
        axes.scatter(*rows.T, s=3, c=colour, linewidths=0, alpha=0.5)
        axes.set_title(f"{name} ({len(rows):,} rows)", color=colour)
        _plane(axes, units)
    panels[1].set_ylabel("")
    return drawn(figure)


def _principal(axes: Any, real: NDArray[Any], made: NDArray[Any]) -> None:
    """Scatter along the first two principal directions of the real rows, columns standardised."""
    real, made = real.astype(np.float64), made.astype(np.float64)
    mean, spread = real.mean(0), real.std(0)
    spread[spread == 0] = 1
    real, made = (real - mean) / spread, (made - mean) / spread
    _, lengths, directions = np.linalg.svd(real, full_matrices=False)
    shares = lengths**2 / max((lengths**2).sum(), 1e-300)
    for rows, colour in ((real, REAL), (made, MADE)):
        axes.scatter(*(rows @ directions[:2].T).T, s=7, c=colour, linewidths=0, alpha=0.5)
    axes.set_xlabel(f"direction 1 ({shares[0]:.0%} of variance)")
    axes.set_ylabel(f"direction 2 ({shares[1]:.0%})")


def _distribution(axes: Any, real: NDArray[Any], made: NDArray[Any], column: int) -> None:
    """Draw the densities of one column over the range of its real rows and a bit beyond."""
    low, high = float(real.min()), float(real.max())
    room = MARGIN * (high - low) or 0.5
    edges = np.linspace(low - room, high + room, BINS + 1)
    axes.hist(real, edges, density=True, color=REAL, alpha=0.45, linewidth=0)
    axes.hist(made, edges, density=True, color=MADE, histtype="step", linewidth=1.4)
    axes.set_xlabel(f"column {column}")
    axes.set_yticks([])


def _legend(figure: Any) -> None:
    from matplotlib.patches import Patch

    marks = [
        Patch(fc=REAL, alpha=0.5, label="real"),
        Patch(fc="none", ec=MADE, lw=1.4, label="generated"),
    ]
    figure.legend(handles=marks, loc="outside upper left", ncols=2, frameon=False)


def _frame(units: Codec) -> list[tuple[float, float]]:
    """Return the limits of both axes: the data's range and a margin."""
    low, high = (np.broadcast_to(np.array(side, float), 2) for side in (units.least, units.most))
    room = np.where(high > low, MARGIN * (high - low), 0.5)
    return [(float(a), float(b)) for a, b in zip(low - room, high + room, strict=True)]


def _plane(axes: Any, units: Codec) -> None:
    x, y = _frame(units)
    axes.set(xlim=x, ylim=y, xlabel="column 0", ylabel="column 1")
