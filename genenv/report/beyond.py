"""Failures that are counted and not held in memory: to which mode each belongs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv.codecs import Codec
from genenv.columns import Columns
from genenv.counting import Counted, nearest
from genenv.failures import Confirmed

Stretch = tuple[NDArray[np.int16], Confirmed]
"""Failures with the numbers of their logs."""


@dataclass(frozen=True)
class Beyond(Columns):
    """Failures that are not held, one row each."""

    log: NDArray[np.int16]  # (k,), the number of its search and seed
    mode: NDArray[np.int64]  # (k,)
    p: NDArray[np.float32]  # (k,), the audit's probability that the condition holds

    def of(self, mode: int) -> Beyond:
        """Return those of a mode."""
        return self.rows(self.mode == mode)

    def note(self, held: int) -> str:
        """Say how many were looked at; "" where all were."""
        if not len(self):
            return ""
        return (
            f"{held:,} of {held + len(self):,} confirmed failures were looked at, the first of "
            "each search, class and answer: distinct ones were counted among these alone, a lower "
            "bound, and the others went to the mode of the nearest."
        )


class Modes:
    """Finds the mode of a failure: that of the nearest distinct one of its class and answer.

    Parameters
    ----------
    samples, group
        Failures that were counted, in [-1, 1] (m, size), and their class x answer (m,).
    counted
        What came of it.
    """

    def __init__(self, samples: Tensor, group: NDArray[np.int64], counted: Counted) -> None:
        kept = np.flatnonzero(counted.distinct)
        self._mode = counted.mode[kept]
        self._of = {
            each: (samples[kept[group[kept] == each]], self._mode[group[kept] == each])
            for each in np.unique(group[kept]).tolist()
        }

    def __call__(self, samples: Tensor, group: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return modes (k,) of samples (k, size) of groups (k,), of each of which one is known."""
        mode = np.zeros(len(group), np.int64)
        for each in np.unique(group).tolist():
            own = np.flatnonzero(group == each)
            known, modes = self._of[each]
            mode[own] = modes[nearest(samples[own], known)]
        return mode


def gathered(stretches: Iterable[Stretch], modes: Modes, units: Codec) -> Beyond:
    """Gather stretches of failures, each of which is let go when its modes are known."""
    nothing = np.zeros(0, np.int16), np.zeros(0, np.int64), np.zeros(0, np.float32)
    parts = [Beyond(*nothing)]
    for log, more in stretches:
        samples = units.encode(units.tensor(more.x)).flatten(1)
        parts.append(Beyond(log, modes(samples, more.pair), more.p))
    return Beyond.concatenate(parts)
