"""Counting the modes of stacked digits, by a classifier of the digits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks
from genenv.classifier import fit_classifier
from genenv.data import Dataset, hold_out
from genenv.data.stacked_digits import CHANNELS, check_stackable

SAMPLES = 25_600  # of the protocol
RIGHT = 0.97  # share of held-out digits, below which a classifier is too weak to count by
CHUNK = 2048  # pictures classified at once


class StackedModes:
    """Counts the triples of classes that samples cover, as PacGAN does (arXiv 1712.04086, 4.3).

    A small CNN is trained on four fifths of the digits.

    Parameters
    ----------
    digits
        What was stacked.
    seed
        Address of the split and of the classifier.

    Attributes
    ----------
    accuracy : float
        Of the classifier on the last fifth. Each of three channels is taken wrongly so often: a
        classifier of 97 % moves 9 % of the samples to another mode.

    Raises
    ------
    Mistake
        Digits that cannot be stacked, or a classifier that is right on less than 97 %.
    """

    def __init__(self, digits: Dataset, seed: int = 0) -> None:
        check_stackable(digits)
        self.units = digits.units
        self.classes = len(digits.classes)
        rows, (x, label) = hold_out(digits, seed)
        kind = digits.units.classifiers[0]
        self._classifier = fit_classifier(kind, *digits.pick(rows), self.units, self.classes, seed)
        self.accuracy = float((self._classes_of(x) == label).mean())
        if self.accuracy < RIGHT:
            raise checks.Mistake(
                f"a classifier right on {RIGHT:.0%} of held-out digits or more to count modes by",
                f"{self.accuracy:.1%} on {len(x):,} of {digits.name}",
                "give more digits, or clearer ones",
            )

    def __call__(self, x: NDArray[Any]) -> dict[str, float]:
        """Count.

        Parameters
        ----------
        x
            Samples (n, h, w, 3) in the digits' units; the protocol has n = 25,600.

        Returns
        -------
        `modes`, how many of K³ triples there are; `reverse_kl` in nats, of their histogram against
        uniform. A perfect sampler has about (K³ - 1)/2n, 0.02 of ten classes.

        Raises
        ------
        Mistake
            Samples of another shape.
        """
        checks.shape("samples", x, (None, *self.units.shape[:2], CHANNELS))
        shape = (len(x), *self.units.shape)
        mode = np.zeros(len(x), np.int64)
        for channel in range(CHANNELS):
            mode = mode * self.classes + self._classes_of(x[..., channel].reshape(shape))
        possible = self.classes**CHANNELS
        counts = np.bincount(mode, minlength=possible)
        share = counts[counts > 0] / max(len(x), 1)
        kl = float((share * np.log(share * possible)).sum()) if len(share) else np.inf
        return {"modes": int((counts > 0).sum()), "reverse_kl": kl}

    def _classes_of(self, x: NDArray[Any]) -> NDArray[np.int64]:
        parts = [
            self._classifier(self.units.encode(self.units.tensor(x[at : at + CHUNK]))).argmax(1)
            for at in range(0, len(x), CHUNK)
        ]
        return np.concatenate([part.numpy() for part in parts] or [np.empty(0, np.int64)])
