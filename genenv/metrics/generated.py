"""What a trained generator is worth: GAN-train accuracy and agreement, by SVM and small network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.classifier import fit_classifier, steps_to_fit
from genenv.generators import Generator
from genenv.metrics.efficacy import Predict, Rows, agreement, estimator, gan_train

GENERATED = 10_000  # samples behind GAN-train accuracy and agreement
SVM_NUMBERS = 4_000_000  # most rows x features that the SVM is fitted on or asked
# Endings of what stands in metrics.json but is no curve: counts, and what no training changes.
ASIDE = ("_samples", "agreement_real", "purity_k_means", "variance_of_features")


def generator_metrics(
    generator: Generator,
    real: Rows,
    unseen: Rows,
    test: Rows,
    advance: Callable[[int], None] | None = None,
) -> dict[str, float]:
    """GAN-train accuracy (SVM, small network) and agreement of a conditional generator.

    10,000 samples stand against all rows of the generator, at most 10,000. The SVM's time grows
    with the square of its rows: it gets 4,000,000 numbers at most (rows x features), which is every
    row of the digits and 5,102 of 28 x 28 pixels.

    Parameters
    ----------
    generator
        Conditional.
    real
        What it was trained on: (n, *units.shape) in the data's units, class indices (n,).
    unseen
        All rows that it did not see: the SVM behind agreement is fitted on them.
    test
        Some or all of `unseen`: GAN-train accuracies are of them.
    advance
        Called with the training steps of the small networks, `metric_steps(len(real))` in all.

    Returns
    -------
    Shares from 0 to 1: `agreement`, and `gan_train_*` beside `real_train_*`, the same classifier
    trained on the generator's own rows; * is `svm` and `network`. `agreement_real`: what the same
    judge says of those rows. And `agreement_samples`, `gan_train_*_samples`: how many samples.

    Raises
    ------
    Mistake
        The generator is not conditional, or there are no rows.
    """
    x, label = generator.sample(GENERATED, seed=0)
    if label is None:
        raise checks.Mistake("a conditional generator", "one without classes", "fit it on labels")
    units = generator.units
    outputs = len(generator.classes)
    real = _some(real, GENERATED)
    few = SVM_NUMBERS // units.size

    def svm(rows: NDArray[Any], own: NDArray[np.int64]) -> Predict:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

        if units.one_scale:  # one scale for all pixels; columns have a unit each
            return estimator(lambda: SVC(C=10))(rows, own)
        return estimator(lambda: make_pipeline(StandardScaler(), SVC(C=10)))(rows, own)

    def network(rows: NDArray[Any], own: NDArray[np.int64]) -> Predict:
        fitted = fit_classifier(units.classifiers[0], rows, own, units, outputs, 0, advance)
        return lambda other: fitted(units.encode(units.tensor(other))).argmax(1).numpy()

    asked = _some((x, label), few)
    judge = svm(*_some(unseen, few))
    by_svm = gan_train(svm, asked, _some(real, few), test)
    by_network = gan_train(network, (x, label), real, test)
    return {
        "agreement": agreement(lambda *_: judge, unseen, asked),
        "agreement_real": agreement(lambda *_: judge, unseen, _some(real, few)),
        "agreement_samples": float(len(asked[0])),
        "gan_train_svm": by_svm.generated,
        "real_train_svm": by_svm.real,
        "gan_train_network": by_network.generated,
        "real_train_network": by_network.real,
        "gan_train_svm_samples": float(len(asked[0])),
        "gan_train_network_samples": float(len(x)),
    }


def curves(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures that TensorBoard shows, under their tags."""
    return {
        f"metrics/{key}": value
        for key, value in figures.items()
        if isinstance(value, float | int) and not key.endswith(ASIDE)
    }


def metric_steps(rows: int) -> int:
    """Return the training steps that `generator_metrics` takes for so many real rows."""
    return steps_to_fit(GENERATED) + steps_to_fit(min(rows, GENERATED))


def _some(rows: Rows, most: int) -> Rows:
    """Return all rows, or `most` of them by chance."""
    if len(rows[0]) <= most:
        return rows
    chosen = seeding.numpy_generator(0, "some").permutation(len(rows[0]))[:most]
    return rows[0][chosen], rows[1][chosen]
