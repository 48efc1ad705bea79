"""P(failure) under the generator's own law, with an interval: one estimator a file."""

from __future__ import annotations

from genenv.rate.plain import Rate, from_counts, monte_carlo

__all__ = ["Rate", "from_counts", "monte_carlo"]
