"""Plain Monte Carlo: independent draws, counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from genenv import checks, intervals
from genenv.noise import Gaussian

CHUNK = 4096


@dataclass(frozen=True)
class Rate:
    """An estimated probability with its 95 % interval."""

    method: str
    estimate: float
    low: float
    high: float
    samples: int  # independent draws behind the estimate

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def from_counts(failures: int, samples: int, method: str = "monte carlo") -> Rate:
    """Estimate a probability from independent draws.

    The interval is Wilson's (1927); without a failure it ends at the exact one-sided bound.

    Parameters
    ----------
    failures, samples
        Draws that failed, and all draws, at least one.
    method
        What the draws were, in words.

    Raises
    ------
    Mistake
        There is no draw, or more failures than draws.
    """
    checks.integer("samples", samples)
    if not 0 <= failures <= samples:
        raise checks.Mistake(f"0 to {samples} failures", failures, "count them again")
    if failures == 0:
        return Rate(method, 0.0, 0.0, intervals.at_most(0, samples), samples)
    low, high = intervals.wilson(failures, samples)
    return Rate(method, failures / samples, low, high, samples)


def monte_carlo(
    severity: Callable[[Tensor], Tensor], base_dim: int, samples: int, seed: int
) -> Rate:
    """Estimate P(severity(e) > 0) for e ~ N(0, I) by plain sampling.

    Parameters
    ----------
    severity
        (batch, base_dim) -> (batch,); above 0 means failed.
    base_dim
        Number of standard-normal coordinates.
    samples
        Draws, at least one.
    seed
        Address of the draws.

    Raises
    ------
    Mistake
        There is no draw or no coordinate, or the severities have another shape or are not finite.
    """
    checks.integer("samples", samples)
    noise = Gaussian(base_dim)
    failures = 0
    for start in range(0, samples, CHUNK):
        e = noise.base(min(CHUNK, samples - start), seed, start)
        values = severity(e)
        checks.shape("severity(e)", values, (len(e),))
        checks.finite("severity(e)", values.detach().cpu().numpy())
        failures += int((values > 0).sum())
    return from_counts(failures, samples)
