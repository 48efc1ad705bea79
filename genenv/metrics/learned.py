"""Features that genenv learns itself: the last hidden layer of a small classifier."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import files, seeding
from genenv.classifier import Classifier, fit_classifier, steps_to_fit
from genenv.codecs import Codec
from genenv.metrics.features import Features, SampleFeatures, device_of
from genenv.networks.weights import digest

FIT_ROWS = 10_000  # most rows that the classifier is trained on


class ClassifierFeatures(Features):
    """The last hidden layer, 64 numbers, of a classifier of the data's classes.

    Parameters
    ----------
    classifier
        In eval mode and frozen, as `fit_classifier` and `Classifier.load` leave it.
    """

    name = "classifier"

    def __init__(self, classifier: Classifier) -> None:
        super().__init__(classifier.units)
        self.classifier = classifier

    @classmethod
    def fit(
        cls,
        x: NDArray[Any],
        label: NDArray[np.int64],
        units: Codec,
        outputs: int,
        advance: Callable[[int], None] | None = None,
    ) -> ClassifierFeatures:
        """Train one on 10,000 real rows at most; the seed of a run does not change it.

        Its features are scaled to a mean square of 1, or else the kernel would see their cubes.

        Parameters
        ----------
        x, label
            Stored samples (n, *units.shape) and their class indices (n,).
        units, outputs
            Of the data; number of classes.
        advance
            Called with 1 after each step, `own_steps` in all.
        """
        chosen = seeding.numpy_generator(0, "features", "rows").permutation(len(x))[:FIT_ROWS]
        kind = units.classifiers[0]
        seed = seeding.fold(0, "features")
        x, label = x[chosen], label[chosen]
        features = cls(fit_classifier(kind, x, label, units, outputs, seed, advance))
        _shrink(features.classifier, float(np.sqrt(np.square(features(x)).mean())))
        return features

    @classmethod
    def load(cls, path: Path) -> ClassifierFeatures:
        """Read what `save` wrote; executes nothing."""
        return cls(Classifier.load(path))

    def save(self, path: Path) -> None:
        """Write the classifier to one safetensors file, whole or not at all."""
        files.placed(path, self.classifier.save)

    def of(self, x: Tensor) -> Tensor:
        """See `Features.of`."""
        return self.classifier.features(self.units.encode(x.to(device_of(self.classifier))))

    @property
    def sha256(self) -> str:
        """Digest of the weights and their names."""
        return digest(self.classifier)


def _shrink(classifier: Classifier, factor: float) -> None:
    """Divide the features by a factor above 0; what the head makes of them stays."""
    assert isinstance(classifier.body, nn.Sequential)
    for weight in classifier.body[-2].parameters():  # of the layer before the last ReLU
        weight.div_(factor)
    classifier.head.weight.mul_(factor)


def own_features(
    x: NDArray[Any],
    label: NDArray[np.int64] | None,
    units: Codec,
    outputs: int,
    path: Path | None = None,
    advance: Callable[[int], None] | None = None,
) -> Features:
    """Choose features for data: those of a classifier for labelled images, else the samples.

    Parameters
    ----------
    x, label
        Stored samples (n, *units.shape) that the generator learns from, and class indices (n,).
    units, outputs
        Of the data; number of classes.
    path
        Where the classifier is kept: read if it is there, else trained and written. None: nowhere.
    advance
        Called with 1 after each step of `own_steps`.
    """
    if not own_steps(len(x), label, units):
        return SampleFeatures(x, units)
    if path is not None and path.is_file():
        return ClassifierFeatures.load(path)
    assert label is not None
    features = ClassifierFeatures.fit(x, label, units, outputs, advance)
    if path is not None:
        features.save(path)
    return features


def own_steps(rows: int, label: NDArray[np.int64] | None, units: Codec) -> int:
    """Return the training steps behind `own_features`, 0 where the samples are their own."""
    if label is None or not units.learned_features:
        return 0
    return steps_to_fit(min(rows, FIT_ROWS))
