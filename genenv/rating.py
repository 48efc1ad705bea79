"""How often a model fails under the generator's own law: counted, and where that is rare, climbed.

Monte Carlo goes first. Where it saw fewer than ten events, subset simulation climbs what a search
may climb, the model's severity and the guide's margins, a label a run; how often the audit confirms
what it ends on is asked of the audit afterwards, which nothing has climbed. Importance sampling
around the likeliest failures is a check beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import rate, seeding
from genenv.asked import Asked
from genenv.rate import Rate
from genenv.rate.descent import descend
from genenv.rate.spread import from_runs, together
from genenv.rate.strata import stratified
from genenv.rate.subset import Run

FAILURE, CONFIRMED = "failure", "confirmed"
ENOUGH = 10  # events, from which counting says more than climbing
RUNS = 10  # independent runs of subset simulation, whose spread is the interval
LEAST_RUNS = 3  # below which no interval is stated
LEVELS = 5  # that a label's run takes, about
PER_LEVEL = (100, 1000)  # queries a level and label: at least, at most
DRAWN = 0.3  # share of the budget that is drawn where no search sampled the law
CHECKED = 0.1  # share of the budget for the likeliest failures, and as much for the check by them
JUDGED = 64  # samples that a label's run ended on of which the audit is asked, at most
NEGLIGIBLE = 1e-3  # of the bound that counting gives: rarer labels are followed no further
CENTRES = 32  # failures that are brought towards the origin
SUBSET = "subset simulation, a run a label"
CHECK = "importance sampling around the likeliest failures, a rough check"


@dataclass(frozen=True)
class Seen:
    """What independent draws from the generator's law showed."""

    queries: int
    failure: int
    confirmed: int

    def of(self, event: str) -> int:
        """Return how many draws showed an event."""
        return self.failure if event == FAILURE else self.confirmed


@dataclass(frozen=True)
class Rated:
    """Rows of `failure_probabilities`, and what they cost."""

    rows: tuple[dict[str, Any], ...]
    queries: int
    energy: float | None  # ½‖e‖² of the likeliest failure that the guide accepts; None: none known
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        beta = None if self.energy is None else math.sqrt(2 * self.energy)
        return {
            "queries": self.queries, "least_energy": self.energy, "beta": beta,
            "told": list(self.notes), "rows": list(self.rows),
        }  # fmt: skip


def rated(asked: Asked, seen: Seen | None, method: str, budget: int, seed: int) -> Rated:
    """Estimate P(failure) and P(confirmed failure).

    Parameters
    ----------
    asked
        Generator, model, guide and audit.
    seen
        What the run's control counted; None: it had none, and a share of the budget is drawn.
    method
        How `seen` came about, in words; what is drawn here is "monte carlo".
    budget
        Queries to the model, at most but for the last run's overshoot of a level.
    seed
        Address of all draws.
    """
    if seen is None:
        seen = Seen(*asked.drawn(round(DRAWN * budget), seed))
        method = "monte carlo"
    counted = {e: rate.from_counts(seen.of(e), seen.queries, method) for e in (FAILURE, CONFIRMED)}
    rare = [event for event in counted if seen.of(event) < ENOUGH]
    share = (1 - 2 * CHECKED) * (budget - asked.queries) / max(len(rare), 1)
    climbs = {e: _Climb(asked, e, counted[e], round(share), seeding.fold(seed, e)) for e in rare}
    estimates = {event: climb.estimate() for event, climb in climbs.items()}
    found = [pair for climb in climbs.values() for pair in climb.found]
    found = found or asked.failing(seed, CHECKED * budget)
    centres = _centres(asked, found, round(CHECKED * budget), seed)
    said = [sentence for climb in climbs.values() for sentence in climb.notes]
    rows: list[dict[str, Any]] = []
    for event, plain in counted.items():
        rows.append(_row(event, plain))
        made = estimates.get(event)
        if made is not None and _agree(made, plain):
            check = _check(asked, event, centres, round(CHECKED * budget / len(rare)), seed)
            rows += [_row(event, each) for each in (*check, made)]
        elif made is not None:
            said.append(_disagreement(event, made))
    energy = None if centres is None else float(centres.energy.min())
    return Rated(tuple(rows), asked.queries, energy, tuple(said))


class _Climb:
    """Independent runs of subset simulation to one event, within a budget."""

    def __init__(self, asked: Asked, event: str, counted: Rate, budget: int, seed: int) -> None:
        self.asked = asked
        self.event = event
        self.counted = counted
        self.budget, self.seed = budget, seed
        self.notes: list[str] = []
        self.found: list[tuple[Tensor, int]] = []  # failures that runs ended on, with their label

    def estimate(self) -> Rate | None:
        """Return the mean of the runs; None, with a sentence in `told`, where they say nothing."""
        least = LEAST_RUNS * self.asked.classes * LEVELS * PER_LEVEL[0]
        if self.budget < least:
            self.notes.append(
                f"P({self.event}) is rare: subset simulation takes about {least:,} queries or more "
                f"for it, and had {self.budget:,}; a larger --rate-budget makes room."
            )
            return None
        before = self.asked.queries
        estimates = []
        for run in range(RUNS):
            spent = self.asked.queries - before
            if run and spent * (run + 1) / run > self.budget:
                self.notes.append(f"P({self.event}): the budget ended after {run} of {RUNS} runs.")
                break
            estimates.append(self._run(seeding.fold(self.seed, run)))
        if len(estimates) < LEAST_RUNS or not any(estimates):
            self.notes.append(
                f"P({self.event}): {len(estimates)} runs of subset simulation say nothing of it "
                f"({sum(map(bool, estimates))} reached it); the bound by counting stands."
            )
            return None
        spent = self.asked.queries - before
        name = f"{SUBSET}, {len(estimates)} runs"
        return from_runs(name, estimates, spent, self.counted.high)

    def _run(self, seed: int) -> float:
        classes, noise = self.asked.classes, self.asked.noise
        per_level = self.budget // (RUNS * classes * LEVELS)
        severity = self.asked.severity if self.event == FAILURE else self.asked.margin
        _, runs = stratified(
            severity, noise.base_dim, [1 / classes] * classes,
            min(max(per_level, PER_LEVEL[0]), PER_LEVEL[1]), seed, self.asked.discrete,
            self.counted.high * NEGLIGIBLE,
        )  # fmt: skip
        self.found += [(run.e, label) for label, run in enumerate(runs) if len(run.e)]
        return sum(self._of_label(run, y, seed) / classes for y, run in enumerate(runs))

    def _of_label(self, run: Run, label: int, seed: int) -> float:
        """P(event | label) by one run: times the share that the audit confirms."""
        if run.estimate == 0 or self.event == FAILURE:
            return run.estimate
        rows = seeding.numpy_generator(seed, "judged", label).permutation(len(run.e))[:JUDGED]
        e = run.e[torch.from_numpy(rows)]
        return run.estimate * float(self.asked.confirms(e, label).mean())


@dataclass(frozen=True)
class _Centres:
    """The likeliest failures that are known."""

    e: Tensor  # (m, base_dim)
    label: NDArray[np.int64]  # (m,)
    energy: Tensor  # (m,)


def _centres(
    asked: Asked, found: Sequence[tuple[Tensor, int]], budget: int, seed: int
) -> _Centres | None:
    """Bring known failures towards the origin; None: none is known."""
    parts = [(e[:4], label) for e, label in found]
    if not parts:
        return None
    e = torch.cat([part for part, _ in parts])
    label = torch.cat([torch.full((len(part),), own) for part, own in parts])
    rows = torch.from_numpy(seeding.numpy_generator(seed, "centres").permutation(len(e))[:CENTRES])
    steps = max(budget // len(rows), 1)
    points, energy = descend(asked.margins, e[rows], label[rows], steps, seed)
    return _Centres(points, label[rows].numpy(), energy)


def _check(
    asked: Asked, event: str, centres: _Centres | None, budget: int, seed: int
) -> Sequence[Rate]:
    """Estimate an event by importance sampling, a label at a time; (): no centre is known."""
    if centres is None:
        return ()
    labels = np.unique(centres.label).tolist()
    each = budget // len(labels)
    parts = []
    for label in labels if each else ():
        own = centres.e[torch.from_numpy(centres.label == label)]
        fails = asked.shows(event, label)
        key = seeding.fold(seed, "check", event, label)
        parts.append(rate.importance_sampling(fails, own, each, key, width=1.0))
    return [together(CHECK, parts, [1 / asked.classes] * len(parts))] if parts else ()


def _agree(one: Rate, other: Rate) -> bool:
    return one.low <= other.high and other.low <= one.high


def _disagreement(event: str, made: Rate) -> str:
    return (
        f"P({event}): {made.method} says {made.estimate:.2g} [{made.low:.2g}, {made.high:.2g}], "
        "which counting contradicts: it is left out."
    )


def _row(event: str, made: Rate) -> dict[str, Any]:
    return {"event": event, **made.to_json()}
