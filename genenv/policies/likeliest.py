"""The likeliest failure of each mode: brought inward for as long as the policy fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.policies.episodes import BATCH, Episodes
from genenv.policies.ways import Failures
from genenv.rate.descent import descend

STEPS = 200  # inward and aside in turn
MOVED = BATCH  # modes, the least energetic first; the others keep what was found


def inward(
    episodes: Episodes,
    found: Failures,
    modes: Sequence[dict[str, Any]],
    seed: int,
    advance: Callable[[int], None],
) -> Failures:
    """Bring the least energetic failure of each mode nearer to no disturbance at all.

    Codes that come after the failure are 0. What it ends on still fails, so that its energy bounds
    the least one from above. It may have left its mode: the state is not held.

    Parameters
    ----------
    episodes, found
        Of the policy, and its failures.
    modes
        Rows of `ways.modes`.
    seed
        Address of the draws.
    advance
        Called with the steps done.

    Returns
    -------
    One failure a mode, in order, of the first `MOVED`.
    """
    rows = np.array([mode["example"] for mode in modes[:MOVED]], np.int64)
    start = found.start[rows]

    def fails(e: Tensor, label: Tensor) -> Tensor:
        advance(1)
        return torch.from_numpy(episodes.play(e.numpy(), label.numpy()).severity)

    begun = torch.from_numpy(_until(episodes, found.e[rows], found.played.steps[rows]))
    moved = descend(fails, begun, torch.from_numpy(start), STEPS, seed)[0].numpy()
    ended = _until(episodes, moved, episodes.play(moved, start).steps)
    return Failures(ended, start, found.search[rows], episodes.play(ended, start))


def with_energies(modes: Sequence[dict[str, Any]], moved: Failures) -> list[dict[str, Any]]:
    """Return the modes with the least energies that are known of them, and β = √(2 · energy)."""
    energies = moved.played.energy.tolist()
    return [
        mode | {"least_energy": energy, "beta": float(np.sqrt(2 * energy))}
        for mode, energy in zip(modes, energies, strict=False)
    ] + [mode | {"beta": None} for mode in modes[len(energies) :]]


def _until(
    episodes: Episodes, e: NDArray[np.float32], steps: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return codes (n, base_dim) whose part behind the end of their episode is 0."""
    used = np.ceil(steps / episodes.env.drive.window)[:, None]
    acts = np.repeat(np.arange(episodes.windows), episodes.each)[None] < used
    kept = np.concatenate([acts, np.ones((len(e), episodes.once), np.bool_)], 1)
    return np.where(kept, e, 0).astype(np.float32)
