"""P(failure) under the generator's own law, with an interval: one estimator a file."""

from __future__ import annotations

from genenv.rate.importance import importance_sampling
from genenv.rate.plain import Rate, from_counts, monte_carlo
from genenv.rate.strata import stratified
from genenv.rate.subset import subset_simulation

__all__ = [
    "Rate",
    "from_counts",
    "importance_sampling",
    "monte_carlo",
    "stratified",
    "subset_simulation",
]
