"""Thresholds of the two gates, realism and label, calibrated on real rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genenv import checks
from genenv.judge.oracles import Oracle, mean_probability

REALISM_QUANTILE = 0.975
WRONG_AMONG_ACCEPTED = 0.01


@dataclass(frozen=True)
class Gates:
    """Realism threshold and label cut of one copy."""

    threshold: float  # realism: largest mean distance accepted
    cut: float  # label: least mean probability accepted


def label_cut(p: Tensor, label: Tensor) -> float:
    """Find the least probability t at which at most 1 % of the accepted rows are wrong.

    A row is accepted as its likeliest class where that class has probability t or more. The share
    of wrong ones need not fall as t rises: of all values that keep it at 1 %, the least is taken.

    Parameters
    ----------
    p, label
        Mean probabilities (n, classes) and true labels (n,) of calibration rows.

    Raises
    ------
    Mistake
        There is no such value.
    """
    top, guess = p.max(1)
    top, order = top.sort(descending=True, stable=True)
    wrong = (guess != label)[order].cumsum(0)
    share = wrong / torch.arange(1, len(top) + 1)
    last = torch.ones_like(top, dtype=torch.bool)  # of equal values: t accepts all or none
    last[:-1] = top[1:] < top[:-1]
    fits = torch.nonzero((share <= WRONG_AMONG_ACCEPTED) & last).flatten()
    if len(fits) == 0:
        raise checks.Mistake(
            f"the oracles to be right on {1 - WRONG_AMONG_ACCEPTED:.0%} of some calibration rows",
            "a wrong answer at their greatest confidence",
            "check the labels of the held-out data, or give more of them",
        )
    return float(top[fits[-1]])


def realism_threshold(distances: Tensor) -> float:
    """Return the 97.5th percentile of the calibration rows' distances (n,)."""
    return float(np.quantile(distances.numpy(), REALISM_QUANTILE))


def calibrate(oracles: list[Oracle], distances: Tensor, u: Tensor, label: Tensor) -> Gates:
    """Set both gates of a copy.

    Parameters
    ----------
    oracles
        Of this copy.
    distances, u, label
        Realism distances (n,), samples (n, *units.layout) in [-1, 1] and true labels (n,) of the
        calibration rows.

    Raises
    ------
    Mistake
        The oracles are wrong at their greatest confidence: see `label_cut`.
    """
    with torch.no_grad():
        cut = label_cut(mean_probability(oracles, u), label)
    return Gates(realism_threshold(distances), cut)
