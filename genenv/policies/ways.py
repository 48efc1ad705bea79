"""In how many distinct ways a policy fails: failures whose episodes go through like states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering

from genenv import rate
from genenv.policies.asking import drawn
from genenv.policies.episodes import Episodes, Played

ORDINARY = 256  # draws from the law whose states give each coordinate its scale
MOST = 1_000  # failures that are grouped: of more the likeliest, told
APART = 1.0  # standard deviations of ordinary states, root mean square over moments and coordinates


@dataclass(frozen=True)
class Failures:
    """Confirmed failures, a row each."""

    e: NDArray[np.float32]  # (m, base_dim)
    start: NDArray[np.int64]  # (m,)
    search: NDArray[np.str_]  # (m,)
    played: Played


@dataclass(frozen=True)
class Control:
    """What the searches that draw from the law itself asked."""

    names: frozenset[str]
    draws: int  # 0: there was none, or not all of its failures are grouped

    def mass(self, own: int) -> dict[str, Any]:
        """Return the share of all draws that so many are, with a 95 % interval, or a bound."""
        if not self.draws:
            return {"mass": None, "mass_low": None, "mass_high": None}
        made = rate.from_counts(own, self.draws)
        return {
            "mass": made.estimate if own else None, "mass_low": made.low, "mass_high": made.high,
        }  # fmt: skip


def modes(found: Failures, scale: NDArray[np.float32], control: Control) -> list[dict[str, Any]]:
    """Group failures by their paths; the least energetic first.

    Two failures belong together where their states, at eight even shares of the episode, differ by
    less than a standard deviation of ordinary episodes (average linkage).

    Parameters
    ----------
    found
        Of all searches.
    scale
        See `ordinary_scale`.
    control
        By which a mode has its mass under the law.

    Returns
    -------
    Rows of `modes` in report.json.
    """
    if not len(found.start):
        return []
    points = (found.played.path / scale).reshape(len(found.start), -1)
    used = max(int((scale < np.inf).sum()) * points.shape[1] // len(scale), 1)
    group = np.zeros(len(points), np.int64)
    if len(points) > 1:
        distance = APART * float(np.sqrt(used))
        made = AgglomerativeClustering(None, linkage="average", distance_threshold=distance)
        group = made.fit_predict(points)
    rows = [
        _row(found, np.flatnonzero(group == number), control) for number in range(group.max() + 1)
    ]
    rows.sort(key=lambda row: row["least_found"])
    return [{"id": number, **row} for number, row in enumerate(rows)]


def _row(found: Failures, own: NDArray[np.int64], control: Control) -> dict[str, Any]:
    energy, steps = found.played.energy[own], found.played.steps[own]
    least = int(own[energy.argmin()])
    return {
        "failures": len(own),
        **control.mass(int(np.isin(found.search[own], list(control.names)).sum())),
        "starts": np.unique(found.start[own]).tolist(),
        "searches": np.unique(found.search[own]).tolist(),
        "least_found": float(energy.min()),
        "least_energy": float(energy.min()),
        "steps": [int(steps.min()), int(np.median(steps)), int(steps.max())],
        "example": least,
    }


def ordinary_scale(episodes: Episodes, seed: int) -> NDArray[np.float32]:
    """Return how far each coordinate of a state spreads in draws from the law, (columns,).

    Infinite where it never moves, so that it tells nothing apart.
    """
    path = episodes.play(*drawn(episodes, ORDINARY, seed)).path
    spread = path.reshape(-1, path.shape[2]).std(0)
    scale: NDArray[np.float32] = np.where(spread > 1e-6, spread, np.inf).astype(np.float32)
    return scale
