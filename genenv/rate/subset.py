"""Subset simulation: a rare probability as a product of larger ones, level by level.

Au and Beck 2001 (https://doi.org/10.1016/S0266-8920(01)00019-4), with preconditioned Crank-Nicolson
moves (Papaioannou et al. 2015, https://doi.org/10.1016/j.probengmech.2015.06.006).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genenv import checks, seeding
from genenv.noise import Gaussian
from genenv.rate.plain import Rate
from genenv.rate.spread import WIDER, from_runs, log_interval

SHARE = 0.1  # of a level's samples that start the chains of the next
ACCEPTANCE = 0.44  # that the step of the moves aims at (Papaioannou et al. 2015, §3.3)
FIRST_STEP = 0.8  # of the moves, 1: independent of where they start
REDRAWN = 0.2  # probability that a discrete coordinate is drawn anew in a move

Severity = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Run:
    """One run: its estimate, and where its last level lies."""

    estimate: float  # P(severity > 0); 0 where no sample reached it
    variation: float  # coefficient of variation as one run can tell it; it understates
    bound: float  # P of the deepest level reached; P(severity > 0) where `estimate` is above 0
    queries: int
    e: Tensor  # (failing, base_dim), samples of the last level that failed

    @property
    def rate(self) -> Rate:
        """The estimate with its 95 % interval on the log scale, widened for shared ancestors."""
        if self.estimate == 0:
            return Rate("subset simulation", 0.0, 0.0, self.bound, self.queries)
        low, high = log_interval(self.estimate, WIDER * self.variation)
        return Rate("subset simulation", self.estimate, low, high, self.queries)


def subset_simulation(
    severity: Severity,
    base_dim: int,
    per_level: int,
    seed: int,
    runs: int = 1,
    discrete: Sequence[bool] | None = None,
    least: float = 1e-9,
) -> Rate:
    """Estimate a small P(severity(e) > 0) for e ~ N(0, I).

    A single run knows its own spread only from its chains, whose levels share ancestors: its
    interval is widened by what repeated runs on known problems show (`spread.WIDER`). From several
    runs the interval is that of their mean. It is an estimate, not a certificate: a failure region
    that no chain leads to is missed in silence.

    Parameters
    ----------
    severity
        (batch, base_dim) -> (batch,); above 0 means failed. It must rise towards failures.
    base_dim
        Number of standard-normal coordinates.
    per_level
        Samples a level, at least 20; a tenth of them start the next level's chains.
    seed
        Address of the draws.
    runs
        Independent runs.
    discrete
        (base_dim,), coordinates of which severity is a step function: they are drawn anew with
        probability 0.2 a move in place of a small step. None: none.
    least
        A run gives up once the probability of its level is below this.

    Returns
    -------
    The rate; `samples` counts the queries of all runs. Where no run reached a failure, estimate 0
    and as `high` the probability of the deepest level reached, which is no confidence bound.

    Raises
    ------
    Mistake
        Fewer than 20 samples a level, no run, or severities of another shape or not finite.
    """
    checks.integer("runs", runs)
    done = [
        climb(severity, base_dim, per_level, seeding.fold(seed, r), discrete, least)
        for r in range(runs)
    ]
    if runs == 1:
        return done[0].rate
    return from_runs(
        "subset simulation",
        [run.estimate for run in done],
        sum(run.queries for run in done),
        max(run.bound for run in done),
    )


def climb(
    severity: Severity,
    base_dim: int,
    per_level: int,
    seed: int,
    discrete: Sequence[bool] | None = None,
    least: float = 1e-9,
) -> Run:
    """Make one run; arguments and errors as those of `subset_simulation`."""
    checks.integer("per_level", per_level)
    if per_level < 2 / SHARE:
        raise checks.Mistake(f"per_level of at least {2 / SHARE:.0f}", per_level, "give more")
    ask = _Counted(severity)
    redrawn = torch.zeros(base_dim, dtype=torch.bool)
    if discrete is not None:
        checks.shape("discrete", np.asarray(discrete), (base_dim,))
        redrawn = torch.as_tensor(np.asarray(discrete, np.bool_))
    e = Gaussian(base_dim).base(per_level, seed)
    level = _Level(e[:, None], ask(e)[:, None])
    probability = 1.0
    squares = 0.0
    step = FIRST_STEP
    depth = 0
    while probability > least:
        threshold = min(level.threshold(), 0.0)
        inside = level.value > threshold
        share = float(inside.double().mean())
        if share == 0:  # one value everywhere: nothing leads further
            break
        probability *= share
        squares += level.variation(inside) ** 2
        if threshold >= 0:
            return Run(probability, squares**0.5, probability, ask.queries, level.e[inside])
        random = seeding.torch_generator(seed, "subset", depth)
        level, step = _chains(level, inside, threshold, ask, random, step, per_level, redrawn)
        depth += 1
    return Run(0.0, math.inf, probability, ask.queries, e[:0])


class _Counted:
    """The severity, checked and counted."""

    def __init__(self, severity: Severity) -> None:
        self.severity = severity
        self.queries = 0

    def __call__(self, e: Tensor) -> Tensor:
        value = self.severity(e)
        checks.shape("severity(e)", value, (len(e),))
        checks.finite("severity(e)", value.detach().cpu().numpy())
        self.queries += len(e)
        return value.detach().double().cpu()


@dataclass(frozen=True)
class _Level:
    """Samples of one level, a row a chain."""

    e: Tensor  # (chains, length, base_dim)
    value: Tensor  # (chains, length), severities

    def threshold(self) -> float:
        """Find the value that a tenth of the samples exceed; below the top where more are there.

        Once a tenth has failed, how severely does not matter: all may be alike.
        """
        ordered = self.value.flatten().sort(descending=True).values
        value = ordered[round(SHARE * len(ordered))]
        if value > 0:
            return 0.0
        lower = ordered[ordered < value]
        return float(lower[0] if value == ordered[0] and len(lower) else value)

    def variation(self, inside: Tensor) -> float:
        """Coefficient of variation of the share inside: Au and Beck 2001, eqs. 25 to 29."""
        chains, length = inside.shape
        share = float(inside.double().mean())
        if share == 1:
            return 0.0
        rows = inside.double()
        variance = share * (1 - share)
        gamma = 0.0
        for lag in range(1, length):
            product = float((rows[:, :-lag] * rows[:, lag:]).mean())
            gamma += 2 * (1 - lag / length) * (product - share**2) / variance
        return math.sqrt((1 - share) / (share * chains * length) * (1 + max(gamma, 0.0)))


def _chains(
    level: _Level,
    inside: Tensor,
    threshold: float,
    ask: _Counted,
    random: torch.Generator,
    step: float,
    per_level: int,
    redrawn: Tensor,
) -> tuple[_Level, float]:
    """Grow a chain from every sample inside, in shuffled order; returns the adapted step too."""
    starts, value = level.e[inside], level.value[inside]
    order = torch.randperm(len(starts), generator=random)
    e, value = starts[order], value[order]
    length = max(per_level // len(e), 2)
    states, values = [e], [value]
    for _ in range(length - 1):
        noise = torch.randn(e.shape, generator=random)
        moved = math.sqrt(1 - step**2) * e + step * noise
        anew = torch.rand(e.shape, generator=random) < REDRAWN
        moved = torch.where(redrawn, torch.where(anew, noise, e), moved)
        new = ask(moved)
        kept = new > threshold
        e, value = torch.where(kept[:, None], moved, e), torch.where(kept, new, value)
        states.append(e)
        values.append(value)
        step = min(step * math.exp((float(kept.double().mean()) - ACCEPTANCE) / length**0.5), 1.0)
    return _Level(torch.stack(states, 1), torch.stack(values, 1)), step
