"""What is measured of a learner's answers to samples whose label is known."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15  # of confidence, in the calibration error
FEW = 10  # accepted samples under which their accuracy is not drawn: one of them is 10 % or more

Figures = dict[str, float | None]
Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]


def figures(log_p: Array, label: NDArray[np.int64], accepted: Flags) -> Figures:
    """Measure one learner on one batch of samples.

    Parameters
    ----------
    log_p
        Log-probabilities (n, classes).
    label
        Conditions, or true labels, (n,).
    accepted
        (n,): both gates of the audit take the sample for an instance of its label.

    Returns
    -------
    agreement (share of all samples with the label as answer), accepted (share), accepted_samples
    (their number), accuracy_accepted (agreement among these; None if there are none), confidence
    (mean largest probability), entropy (mean, nat), calibration_error (Guo et al., arXiv
    1706.04599, equation 3, 15 bins) and margin (mean of log p of the label - log p of the best
    other, nat).
    """
    p = np.exp(log_p)
    hit = log_p.argmax(1) == label
    confidence = p.max(1)
    return {
        "agreement": float(hit.mean()),
        "accepted": float(accepted.mean()),
        "accepted_samples": int(accepted.sum()),
        "accuracy_accepted": float(hit[accepted].mean()) if accepted.any() else None,
        "confidence": float(confidence.mean()),
        "entropy": float(-(p * log_p).sum(1).mean()),
        "calibration_error": calibration_error(confidence, hit),
        "margin": float(margins(log_p, label).mean()),
    }


def drawn(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of curves without an accuracy that rests on fewer than 10 accepted samples."""
    return row if row["accepted_samples"] >= FEW else row | {"accuracy_accepted": None}


def margins(log_p: Array, label: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log p of the label - log p of the best other class, (n,), nat."""
    rows = np.arange(len(label))
    others = log_p.astype(np.float64, copy=True)
    own = others[rows, label]
    others[rows, label] = -np.inf
    return own - others.max(1)  # type: ignore[no-any-return]


def calibration_error(confidence: Array, hit: Flags) -> float:
    """Mean distance of confidence and accuracy over bins of confidence, weighted by their rows."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    rows = np.bincount(place, minlength=BINS)
    sure = np.bincount(place, confidence, BINS)
    right = np.bincount(place, hit, BINS)
    return float(np.abs(sure - right).sum() / rows.sum())


def half_margin(strengths: NDArray[np.float64], margin: NDArray[np.float64]) -> float | None:
    """Find the strength at which the mean margin falls to half of that at strength 0.

    Parameters
    ----------
    strengths, margin
        (k,) each, strengths rising from 0.

    Returns
    -------
    Interpolated linearly at the first crossing; None if it never falls so far, or if the margin is
    not above 0 at strength 0.
    """
    half = margin[0] / 2
    below = np.flatnonzero(margin <= half)
    if margin[0] <= 0 or not len(below):
        return None
    at = below[0]
    share = (margin[at - 1] - half) / (margin[at - 1] - margin[at])
    return float(strengths[at - 1] + share * (strengths[at] - strengths[at - 1]))


def between(answers: list[NDArray[np.int64]]) -> float | None:
    """Mean share of samples on which two learners answer alike, over pairs; None of fewer than 2.

    Parameters
    ----------
    answers
        Predicted classes (n,), one array a learner.
    """
    shares = [float((a == b).mean()) for a, b in combinations(answers, 2)]
    return float(np.mean(shares)) if shares else None
