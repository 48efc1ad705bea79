"""The picture of a lesson, and what it needs to know of each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.codecs import Codec
from genenv.envs import pictures

SHOWN = 16  # samples in a picture


class Blackboard:
    """The last batch of each row, the law of its labels, and the curve of the accuracy.

    Parameters
    ----------
    rows, classes, width, decisions
        Of the batch; laws have `classes` probabilities, samples `width` numbers, and curves a point
        more than `decisions`.
    """

    def __init__(self, rows: int, classes: int, width: int, decisions: int) -> None:
        self.law = np.zeros((rows, classes), np.float32)
        self.shown = np.zeros((rows, SHOWN, width), np.float32)
        self.curve = np.zeros((rows, decisions + 1))

    def clear(self, rows: NDArray[np.int64]) -> None:
        """Forget the batches of these rows."""
        self.law[rows] = 0
        self.shown[rows] = 0

    def taught(self, rows: NDArray[np.int64], law: NDArray[np.float64], x: Tensor) -> None:
        """Take laws (k, classes), and some of the samples (k, batch, width), of both kinds."""
        self.law[rows] = law
        self.shown[rows] = x[:, torch.linspace(0, x.shape[1] - 1, SHOWN).long()].numpy()

    def page(self, row: int, decided: int, units: Codec, lines: Sequence[str]) -> NDArray[np.uint8]:
        """Draw a row after so many decisions, see `page`."""
        curve = self.curve[row, : decided + 1]
        decisions = self.curve.shape[1] - 1
        return page(self.shown[row], units, self.law[row], curve, decisions, lines)


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
