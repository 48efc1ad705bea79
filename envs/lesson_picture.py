"""The picture of a lesson."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv.codecs import Codec
from genenv.envs import pictures


def page(
    shown: NDArray[np.float32],
    units: Codec,
    law: NDArray[np.float32],
    curve: NDArray[np.float64],
    decisions: int,
    lines: Sequence[str],
) -> NDArray[np.uint8]:
    """Draw samples, the law of labels and the accuracy so far: (height, width, 3).

    Parameters
    ----------
    shown, units
        A square number of samples (n, numbers) in [-1, 1], and what they are.
    law
        Probabilities of labels (classes,).
    curve, decisions
        The accuracy at the start and after each decision, and how many of these there are at most.
    lines
        What stands below.
    """
    samples = _samples(shown, units)
    bars = pictures.bars(law / max(float(law.max()), 1e-9), [pictures.BLUE] * len(law))
    panel = pictures.curves([(curve, pictures.GOOD)], 0.0, 1.0, decisions + 1)
    return pictures.page([samples, bars, panel], lines)


def _samples(shown: NDArray[np.float32], units: Codec) -> Any:
    """Lay images out in a square; of vectors and rows, draw the numbers of the first."""
    if not units.channels:
        return pictures.sample(shown[0])
    shown = shown.reshape(len(shown), *units.shape)
    side = int(len(shown) ** 0.5)
    framed = np.pad(shown, [(0, 0), (0, 1), (0, 1)] + [(0, 0)] * (shown.ndim - 3))
    tall = [np.concatenate(list(framed[i : i + side]), 1) for i in range(0, side**2, side)]
    return pictures.enlarged(np.concatenate(tall))
