"""A rate over labels: one estimate a label, weighted by how often the label is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import Tensor

from genenv import checks, seeding
from genenv.rate.plain import Rate
from genenv.rate.spread import WIDER, log_interval
from genenv.rate.subset import Run, Severity, climb

Labelled = Callable[[Tensor, int], Tensor]
"""((batch, base_dim), label) -> (batch,); above 0 means failed."""


def stratified(
    severity: Labelled,
    base_dim: int,
    weights: Sequence[float],
    per_level: int,
    seed: int,
    discrete: Sequence[bool] | None = None,
    least: float = 1e-9,
) -> tuple[Rate, tuple[Run, ...]]:
    """Estimate P(failure) = Σ π_y P_y by one subset simulation a label.

    Chains whose label is frozen, or proposed like a coordinate, lose rare failures of one class to
    a class that merely comes close to failing; a run a label cannot.

    Parameters
    ----------
    severity
        Of base vectors under one label.
    base_dim, per_level, seed, discrete, least
        Of each label's run, see `subset.subset_simulation`.
    weights
        (labels,), the shares π with which labels are drawn; they sum to 1.

    Returns
    -------
    The rate, and the run of each label. Labels whose run found nothing add nothing to the estimate
    and the probability of their deepest level to `high`.

    Raises
    ------
    Mistake
        Weights that are negative or do not sum to 1; what `subset_simulation` refuses.
    """
    if min(weights, default=-1.0) < 0 or not math.isclose(sum(weights), 1.0, abs_tol=1e-6):
        raise checks.Mistake("shares of labels that sum to 1", list(weights), "divide by their sum")
    runs = tuple(
        climb(_under(severity, label), base_dim, per_level, key, discrete, least)
        for label, key in enumerate(seeding.fold(seed, "label", y) for y in range(len(weights)))
    )
    queries = sum(run.queries for run in runs)
    rest = sum(w * run.bound for w, run in zip(weights, runs, strict=True) if run.estimate == 0)
    parts = [w * run.estimate for w, run in zip(weights, runs, strict=True)]
    estimate = sum(parts)
    method = "subset simulation, a run a label"
    if estimate == 0:
        return Rate(method, 0.0, 0.0, min(rest, 1.0), queries), runs
    found = [(part, run.variation) for part, run in zip(parts, runs, strict=True) if part > 0]
    variation = math.sqrt(sum((part * spread) ** 2 for part, spread in found)) / estimate
    low, high = log_interval(estimate, WIDER * variation)
    return Rate(method, estimate, low, min(high + rest, 1.0), queries), runs


def _under(severity: Labelled, label: int) -> Severity:
    return lambda e: severity(e, label)
