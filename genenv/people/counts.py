"""Counts as people correct them: a stratum a verdict, with intervals that hold for few answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from genenv import checks, intervals

POWERED = (
    150  # answers from which the audit's own probability may help; below, it covers too little
)


@dataclass(frozen=True)
class Corrected:
    """How many of the flips are failures, as far as people's answers tell."""

    precision: float
    """Share of confirmed failures in which people see the condition."""
    low: float
    high: float
    labels: int
    """Answers behind all strata."""
    failures: float
    """Flips of any verdict in which people would see the condition."""
    failures_low: float
    failures_high: float
    flips: int

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def corrected(
    flips: Mapping[str, int],
    seen: Mapping[str, NDArray[np.bool_]],
    stratum: str = "confirmed",
    predicted: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> Corrected:
    """Correct the count of failures by what people saw in a sample of each stratum.

    Shares have Wilson intervals (at no answer: 0 to 1); the sum over strata has the square-root
    interval of its parts (Zou and Donner 2008, https://doi.org/10.1002/sim.3095).

    Parameters
    ----------
    flips
        Verdict -> how many flips have it.
    seen
        Verdict -> whether people saw the condition, (answers,).
    stratum
        The verdict whose precision is asked.
    predicted
        The audit's probabilities for the answered samples of `stratum` (answers,) and for all of
        its flips (n,): from 150 answers on they narrow its interval, see `powered`.

    Raises
    ------
    Mistake
        No answer on `stratum`.
    """
    answers = {name: np.asarray(seen.get(name, np.zeros(0, np.bool_))) for name in flips}
    if not len(answers.get(stratum, ())):
        raise checks.Mistake(f"answers on {stratum} samples", "none", "answer some of them")
    total = below = above = 0.0
    for name, count in flips.items():
        share, low, high = _share(answers[name])
        total += count * share
        below += (count * (share - low)) ** 2
        above += (count * (high - share)) ** 2
    share, low, high = _share(answers[stratum])
    if predicted is not None and len(answers[stratum]) >= POWERED:
        share, low, high = powered(answers[stratum], *predicted)
    count = sum(flips.values())
    return Corrected(
        precision=share,
        low=low,
        high=high,
        labels=sum(map(len, answers.values())),
        failures=total,
        failures_low=max(total - math.sqrt(below), 0.0),
        failures_high=min(total + math.sqrt(above), float(count)),
        flips=count,
    )


def _share(seen: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return the share seen and its interval; of no answer 0.5 in 0 to 1."""
    low, high = intervals.wilson(int(seen.sum()), len(seen))
    return (float(seen.mean()) if len(seen) else 0.5), low, high


def powered(
    seen: NDArray[np.bool_], p: NDArray[np.floating[Any]], every: NDArray[np.floating[Any]]
) -> tuple[float, float, float]:
    """Estimate a share from answers and a prediction of them: PPI++ (arXiv 2311.01453, eq. 5).

    λ is the one of least variance, clipped to [0, 1]; at 0 it is the plain mean.

    Parameters
    ----------
    seen, p
        People's answers (n,) and what was predicted for the same samples (n,).
    every
        Predictions for samples without an answer, (m,).

    Returns
    -------
    Estimate, low and high of its 95 % interval.

    Raises
    ------
    Mistake
        Fewer than 150 answers, where such intervals cover too little.
    """
    if len(seen) < POWERED:
        raise checks.Mistake(f"at least {POWERED} answers", len(seen), "use `corrected`")
    y = seen.astype(np.float64)
    n = len(seen)
    m = len(every)
    spread = np.concatenate([p, every]).var(ddof=1)
    covariance = np.cov(y, p)[0, 1]
    weight = float(np.clip(covariance / ((1 + n / m) * spread), 0, 1)) if spread > 0 else 0.0
    estimate = float((y - weight * p).mean() + weight * every.mean())
    variance = (y - weight * p).var(ddof=1) / n + weight**2 * every.var(ddof=1) / m
    half = float(norm.ppf(0.975)) * math.sqrt(variance)
    return estimate, max(estimate - half, 0.0), min(estimate + half, 1.0)
