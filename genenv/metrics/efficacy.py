"""What generated samples are good for: training a classifier, and keeping their condition.

Read the two together: a generator that collapsed to a few clear samples a class agrees with its
condition perfectly and trains badly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks

Rows = tuple[NDArray[Any], NDArray[np.int64]]  # x (n, ...), class index (n,)
Predict = Callable[[NDArray[Any]], NDArray[np.int64]]  # x (n, ...) -> class index (n,)
Fit = Callable[[NDArray[Any], NDArray[np.int64]], Predict]


@dataclass(frozen=True)
class Efficacy:
    """Accuracies from 0 to 1 on the same real test rows."""

    generated: float
    """Of the classifier trained on generated samples alone."""
    real: float
    """Of the same classifier trained on real rows."""

    @property
    def gap(self) -> float:
        """What is lost by training on generated samples; negative where something is won."""
        return self.real - self.generated


def gan_train(fit: Fit, generated: Rows, real: Rows, test: Rows) -> Efficacy:
    """Train on generated samples, test on real ones; and on real rows for comparison.

    GAN-train accuracy of Shmelkov et al. (arXiv 1807.09499, section 3).

    Parameters
    ----------
    fit
        (x, label) -> predict, where predict is x -> class indices; see `estimator`.
    generated, real, test
        Samples with class indices; test rows must be in neither of the others.

    Raises
    ------
    Mistake
        Rows and labels differ in number, or there are none.
    """
    for name, rows in {"generated": generated, "real": real, "test": test}.items():
        _check(name, rows)
    accuracy = [_accuracy(fit(*rows), test) for rows in (generated, real)]
    return Efficacy(*accuracy)


def agreement(fit: Fit, reference: Rows, generated: Rows) -> float:
    """Share of generated samples that a classifier of real rows puts into their condition.

    Parameters
    ----------
    fit
        See `gan_train`.
    reference
        Real rows that the generator did not see.
    generated
        Samples with the class indices that they were made for.

    Raises
    ------
    Mistake
        Rows and labels differ in number, or there are none.
    """
    _check("reference", reference)
    _check("generated", generated)
    return _accuracy(fit(*reference), generated)


def estimator(make: Callable[[], Any]) -> Fit:
    """Turn a maker of scikit-learn classifiers into a `Fit`; samples are flattened to rows."""

    def fit(x: NDArray[Any], label: NDArray[np.int64]) -> Predict:
        fitted = make().fit(x.reshape(len(x), -1), label)
        return lambda rows: np.asarray(fitted.predict(rows.reshape(len(rows), -1)))

    return fit


def _accuracy(predict: Predict, rows: Rows) -> float:
    predicted = predict(rows[0])
    checks.shape("predictions", predicted, (len(rows[1]),))
    return float((predicted == rows[1]).mean())


def _check(name: str, rows: Rows) -> None:
    if not len(rows[0]) or len(rows[0]) != len(rows[1]):
        raise checks.Mistake(
            f"{name} samples with a label each",
            f"{len(rows[0])} samples and {len(rows[1])} labels",
            "give as many labels as samples, at least one",
        )
