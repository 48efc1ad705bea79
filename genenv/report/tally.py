"""From logs and replayed failures to the rows of report.json and the evidence of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import intervals, rate
from genenv.campaign import Log
from genenv.codecs import Codec
from genenv.counting import Counted, Counter, distinct
from genenv.failures import Confirmed
from genenv.judge import Belief, Judge, Neighbours, q_values
from genenv.noise import ball_radius
from genenv.report import leaves, rates
from genenv.report.apart import rules
from genenv.report.beyond import Beyond, Modes, Stretch, gathered
from genenv.report.evidence import EDGE, Curve, Failures
from genenv.report.near_rows import Untouched, near_rows
from genenv.report.variety import variety

GRADE = 0.05  # q up to which the headline counts failures

MASS = "mass", "mass_low", "mass_high"  # of a mode
UNSURE = (*MASS, "enrichment")  # of a mode, what a run says only where it can be trusted


@dataclass(frozen=True)
class Tally:
    """All logs with their confirmed failures, counted on the union."""

    logs: list[Log]
    confirmed: Confirmed  # in order of log and query
    group: NDArray[np.int64]  # (m,), condition x prediction
    samples: Tensor  # (m, size), in [-1, 1]
    features: Tensor  # (m, 64), where the audit puts them
    counted: Counted
    q: NDArray[np.float64]  # (m + k,), expected share of false ones among those as good or better:
    # of the failures that are held, then of the others
    belief: Belief  # behind q
    classes: tuple[int | str, ...]
    sure: NDArray[np.bool_]  # (n,), real rows that modes of a table are told from; others: all
    others: Beyond  # k failures that are counted and not held

    def of(self, log: Log) -> NDArray[np.bool_]:
        """(m,): which failures a log confirmed."""
        named = self.confirmed.search == log.search
        own: NDArray[np.bool_] = named & (self.confirmed.seed == log.seed)
        return own

    def searches(self, training_queries: dict[str, int]) -> list[dict[str, Any]]:
        """Make the rows of report.json's `searches`.

        Parameters
        ----------
        training_queries
            Queries that a search's training cost, by name; none for the others.
        """
        per_1k = self._random_per_1k()
        rows = []
        for log in self.logs:
            own, row = self.of(log), log.tally()
            keep = distinct(self.samples[own], self.group[own], self.counted.radius)
            rows.append(
                row
                | {
                    "training_queries": training_queries.get(log.search, 0),
                    "distinct": int(keep.sum()),
                    "modes": len(np.unique(self.counted.mode[own][keep])),
                    "lift_over_random": row["confirmed_per_1k"] / per_1k if per_1k else None,
                }
            )
        return rows

    def random_counts(self) -> tuple[int, int]:
        """Count confirmed failures and queries of all logs that sample the law; (0, 0): none."""
        own = [log for log in self.logs if log.samples_law]
        return sum(len(log.confirmed_at) for log in own), sum(len(log.verdict) for log in own)

    def by_control(self) -> dict[int, int]:
        """Count the failures of each mode that a search which samples the law confirmed."""
        drawn = np.isin(self.confirmed.search, [g.search for g in self.logs if g.samples_law])
        too = np.array([log.samples_law for log in self.logs])[self.others.log]
        found = np.concatenate([self.counted.mode[drawn], self.others.mode[too]])
        return {mode: int((found == mode).sum()) for mode in np.unique(self.counted.mode).tolist()}

    def rates(self) -> list[dict[str, Any]]:
        """Make report.json's `failure_probabilities`: what random's rows say of both events."""
        confirmed, queries = self.random_counts()
        flips = sum(log.tally()["flips"] for log in self.logs if log.samples_law)
        if not queries:
            return []
        method = rates.BY_CONTROL
        return [
            {"event": event, **rate.from_counts(count, queries, method).to_json()}
            for event, count in (("failure", flips), ("confirmed", confirmed))
        ]

    def _random_per_1k(self) -> float:
        confirmed, queries = self.random_counts()
        return 1000 * confirmed / queries if queries else 0.0

    def modes(
        self,
        untouched: Untouched,
        apart: Sequence[Any] | None = None,
        enriched: Mapping[int, dict[str, Any]] | None = None,
    ) -> list[dict[str, Any]]:
        """Make the rows of report.json's `modes`.

        Those that real rows bear out come first, then those that are the model's own beside a
        reference, then by mass under the prior, then by `distinct`.

        Parameters
        ----------
        untouched
            The user's test rows.
        apart
            What tells each mode from its class, in the order of ids, see `rules`; None: not known.
        enriched
            By id, how a reference fares, see `enrichment.enriched`; None: there is none.
        """
        ids = np.unique(self.counted.mode).tolist()
        apart = apart or [None] * len(ids)
        near = near_rows(untouched, self.features, self.counted.mode, ids)
        _, queries = self.random_counts()
        control = self.by_control()
        rows = []
        for mode, real, rule in zip(ids, near, apart, strict=True):
            own = self.counted.mode == mode
            first = int(np.argmax(own))
            others = self.others.of(mode)
            names = {self.logs[i].search for i in np.unique(others.log).tolist()}
            rows.append(
                {
                    "id": mode,
                    "condition": self.classes[self.confirmed.label[first]],
                    "prediction": self.classes[self.confirmed.prediction[first]],
                    "confirmed": int(own.sum()) + len(others),
                    "distinct": int(self.counted.distinct[own].sum()),
                    **_mass(control[mode], queries),
                    "apart": rule,
                    "moved": None,
                    "enrichment": (enriched or {}).get(mode),
                    "searches": sorted(names | set(self.confirmed.search[own].tolist())),
                    "near": real,
                }
            )
        return sorted(rows, key=_rank)

    def rules(
        self,
        units: Codec,
        real: tuple[NDArray[Any], NDArray[np.int64]],
        tested: tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]],
    ) -> list[Any]:
        """Say what tells each mode from its class's rows, in the order of ids: `apart.rules`."""
        own = self.confirmed.x, self.confirmed.label, self.counted.mode
        real = real[0][self.sure], real[1][self.sure]
        found = rules(units, own, real, np.unique(self.counted.mode).tolist(), tested)
        return [rule and rule | {"sure": not self.sure.all()} for rule in found]

    def variety(self) -> dict[str, Any]:
        """Make report.json's `variety`: how many modes there are, found and to be found."""
        kept = self.counted.distinct
        return variety(self.counted.mode[kept], self.group[kept])

    def grades(self) -> dict[str, Any]:
        """Make report.json's `grades`: how many failures are as good as the headline asks.

        Nothing is counted by a q that stands on the oracles' own p: that is far too good.
        """
        good, known = self.q <= GRADE, self.belief.rows > 0
        held = good[: len(self.confirmed)]
        return {
            "q": GRADE,
            "confirmed": int(good.sum()) if known else None,
            "distinct": int((held & self.counted.distinct).sum()) if known else None,
            "belief": self.belief.words,
        }

    def curves(self) -> tuple[Curve, ...]:
        """Trace confirmed failures against queries, a curve a log."""
        curves = []
        for log in self.logs:
            at = log.confirmed_at
            spent = len(log.verdict)
            queries = np.concatenate([[0], at, [spent]])
            confirmed = np.concatenate([[0], np.arange(1, len(at) + 1), [len(at)]])
            curves.append(Curve(log.search, log.seed, queries, confirmed, log.samples_law))
        return tuple(curves)

    def failures(
        self, reference: Tensor, real: NDArray[Any], real_label: NDArray[np.int64]
    ) -> Failures:
        """Collect what the page shows of each failure.

        Parameters
        ----------
        reference
            The rows `real` in [-1, 1]: the nearest is shown.
        real, real_label
            The generator's rows as stored (n, *units.shape), their class indices (n,).
        """
        confirmed = self.confirmed
        points = reference.flatten(1)
        near = Neighbours(points).nearest(self.samples)[:, 0].numpy()
        distance = (self.samples - points[near]).norm(dim=1).numpy()
        radius = ball_radius(confirmed.e.shape[1])
        return Failures(
            x=confirmed.x,
            label=confirmed.label,
            prediction=confirmed.prediction,
            output=confirmed.output,
            severity=confirmed.severity,
            e=confirmed.e,
            nearest=real[near],
            nearest_label=real_label[near],
            nearest_distance=distance,
            search=confirmed.search,
            seed=confirmed.seed,
            query=confirmed.index + 1,
            mode=self.counted.mode,
            on_edge=np.linalg.norm(confirmed.e, axis=1) >= EDGE * radius,
            distinct=self.counted.distinct,
            p=confirmed.p,
            q=self.q[: len(confirmed)],
        )


def tally(
    logs: list[Log],
    confirmed: Confirmed,
    judge: Judge,
    reference: NDArray[Any],
    reference_label: NDArray[np.int64],
    classes: tuple[int | str, ...],
    stretches: Iterable[Stretch] = (),
) -> Tally:
    """Count the failures of all searches.

    Parameters
    ----------
    logs, confirmed
        Of all searches, the failures in the order of the logs.
    judge
        Whose features tell modes apart.
    reference, reference_label
        Real rows as stored (n, *units.shape) and their class indices: the yardstick.
    classes
        The user's own names.
    stretches
        More failures, of which there are too many to be held.
    """
    units = judge.units
    real, samples = (units.encode(units.tensor(x)).flatten(1) for x in (reference, confirmed.x))
    counter = Counter(real, judge.features(reference), torch.from_numpy(reference_label))
    group = confirmed.pair
    features = judge.features(confirmed.x)
    counted = counter.count(samples, features, group)
    sure = np.ones(len(reference), np.bool_)
    if units.groups is not None:
        sure = leaves.told_from(judge, reference, reference_label)
        own = confirmed.x, confirmed.label, group
        beside = reference[sure], reference_label[sure]
        counted = replace(counted, mode=leaves.modes(units, own, beside))
    others = gathered(stretches, Modes(samples, group, counted), units)
    belief = judge.belief
    q = q_values(belief.corrected(np.concatenate([confirmed.p, others.p])))
    return Tally(
        logs, confirmed, group, samples, features, counted, q, belief, classes, sure, others
    )


def _mass(count: int, queries: int) -> dict[str, float | None]:
    """Share of the control's samples with its interval; of an unseen mode the exact bound."""
    if not queries:
        return dict.fromkeys(MASS)
    if not count:
        return dict(zip(MASS, (None, 0.0, intervals.at_most(0, queries)), strict=True))
    return dict(zip(MASS, (count / queries, *intervals.wilson(count, queries)), strict=True))


def _rank(mode: dict[str, Any]) -> tuple[bool, float, float, int, int]:
    beside = mode["enrichment"]
    own = beside["low"] if beside is not None and beside["alarm"] else 0.0
    mass = mode["mass"] or 0
    return not mode["near"]["borne_out"], -own, -mass, -mode["distinct"], mode["id"]
