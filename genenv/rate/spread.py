"""Intervals of estimates that are no plain counts: on the log scale, from one run or several."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import norm, t

from genenv.rate.plain import Rate

WIDER = 1.15  # true spread of a run of subset simulation over what it can tell of itself: 0.96 to
# 1.21 on half-spaces, two of them, and the outside of a ball (scripts/rare_events.py --set)


def log_interval(estimate: float, variation: float) -> tuple[float, float]:
    """Return estimate · exp(±1.96 variation), at most 1: 95 % where the log is near normal."""
    reach = math.exp(norm.ppf(0.975) * variation)
    return estimate / reach, min(estimate * reach, 1.0)


def from_runs(method: str, estimates: Sequence[float], samples: int, bound: float) -> Rate:
    """Take the mean of independent, unbiased estimates, with a Student-t interval on its log.

    Parameters
    ----------
    method
        In words.
    estimates
        At least two, each 0 or more.
    samples
        Queries behind all of them.
    bound
        What stands as `high` where all are 0.
    """
    values = np.asarray(estimates)
    mean = float(values.mean())
    if mean == 0:
        return Rate(method, 0.0, 0.0, bound, samples)
    variation = float(values.std(ddof=1)) / math.sqrt(len(values)) / mean
    reach = math.exp(float(t.ppf(0.975, len(values) - 1)) * variation)
    return Rate(method, mean, mean / reach, min(mean * reach, 1.0), samples)


def together(method: str, rates: Sequence[Rate], weights: Sequence[float]) -> Rate:
    """Add up independent estimates with log-normal intervals, each times its weight.

    Parameters
    ----------
    method
        In words.
    rates
        At least one; those of estimate 0 add their bound to `high`.
    weights
        One each, 0 or more.
    """
    pairs = list(zip(rates, weights, strict=True))
    samples = sum(rate.samples for rate in rates)
    rest = sum(weight * rate.high for rate, weight in pairs if rate.estimate == 0)
    found = [(weight * rate.estimate, _variation(rate)) for rate, weight in pairs if rate.estimate]
    estimate = sum(part for part, _ in found)
    if estimate == 0:
        return Rate(method, 0.0, 0.0, min(rest, 1.0), samples)
    variation = math.sqrt(sum((part * spread) ** 2 for part, spread in found)) / estimate
    low, high = log_interval(estimate, variation)
    return Rate(method, estimate, low, min(high + rest, 1.0), samples)


def _variation(rate: Rate) -> float:
    """Coefficient of variation that a log-normal interval stands for."""
    return math.log(rate.high / rate.low) / (2 * float(norm.ppf(0.975)))
