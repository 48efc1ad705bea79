"""Weights of the members' answers, their common temperature, and how well they are calibrated."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from torch import Tensor

LEAST = 1e-6  # probability, so that no logarithm is infinite
TURNS = 200  # of expectation maximisation, far beyond the point where the weights stand still
PRIOR = 0.5  # rows of evidence for equal weights, as a share of all: no make is left alone
BINS = 10


def log_loss(p: Tensor, label: Tensor) -> float:
    """Return the mean negative log-probability of the labels: (n, outputs), (n,), in nats."""
    own = p.gather(1, label[:, None])
    return float(-own.clamp_min(LEAST).log().mean())


def weights(p: Tensor, label: Tensor) -> Tensor:
    """Weigh makes by their log-loss: tempered answers (makes, n, outputs), (n,) -> (makes,).

    Expectation maximisation of the mixture's likelihood, with half as many rows again that speak
    for all makes alike: a weak one weighs little, and none judges alone.
    """
    own = p.double().gather(2, label.expand(len(p), -1)[:, :, None]).squeeze(2).clamp_min(LEAST)
    even = torch.full((len(p),), 1 / len(p), dtype=torch.float64)
    weight = even
    for _ in range(TURNS):
        share = weight[:, None] * own
        weight = ((share / share.sum(0)).mean(1) + PRIOR * even) / (1 + PRIOR)
    return weight.float()


def tempered(p: Tensor, temperature: float) -> Tensor:
    """Raise probabilities (n, outputs) to the power 1 / temperature, rows summing to one."""
    return (p.clamp_min(LEAST).log() / temperature).softmax(1)


def fit_temperature(p: Tensor, label: Tensor) -> float:
    """Find the temperature of least log-loss between 0.25 and 4: (n, outputs), (n,)."""
    found = minimize_scalar(
        lambda t: log_loss(tempered(p, float(np.exp(t))), label),
        bounds=(np.log(0.25), np.log(4.0)),
        method="bounded",
    )
    return float(np.exp(found.x))


def calibration(top: NDArray[Any], right: NDArray[np.bool_]) -> dict[str, Any]:
    """Compare confidence with accuracy in ten bins of equal width.

    Parameters
    ----------
    top, right
        Probability of the likeliest class (n,), and whether it was the label's (n,).

    Returns
    -------
    `error`, the expected calibration error (arXiv 1706.04599, eq. 3), and `bins`: rows,
    confidence and accuracy of each that has rows.
    """
    place = np.minimum((top * BINS).astype(np.int64), BINS - 1)
    bins = [
        {
            "rows": int((place == b).sum()),
            "confidence": float(top[place == b].mean()),
            "accuracy": float(right[place == b].mean()),
        }
        for b in range(BINS)
        if (place == b).any()
    ]
    gaps = [b["rows"] * abs(b["confidence"] - b["accuracy"]) for b in bins]
    return {"error": float(sum(gaps) / max(len(top), 1)), "bins": bins}
