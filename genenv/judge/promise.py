"""The label gate's cut, and what it promises: Learn-then-Test on rows that no member had seen.

Cuts are tried from the strictest down, a fixed sequence that stops at the first that fails, so
that no correction for many tests is due (arXiv 2110.01052, fixed sequence testing). Of n rows with
k wrong ones, a share of α wrong is refuted where P(Bin(n, α) <= k) <= δ.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

WRONG_CONTRADICTIONS, LEAST_CONTRADICTIONS = 0.2, 25
WRONG_ACCEPTED, LEAST_ACCEPTED = 0.01, 400
RISK = 0.1  # δ
FLOOR = 0.9  # of tempered probability
KEPT = 0.75  # share that a cut has to accept: of the rows that the audit is as sure of as that, if
# a promise holds for it; without one of all rows

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Promise:
    """A cut and the rule it was set by."""

    cut: float  # least probability accepted
    rule: str  # contradictions, accepted, or fallback
    tested: float  # the cut that passed the rule's test, before the floor
    rows: int  # that the test stood on
    wrong: int  # of these
    met: bool  # whether a promise stands

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @property
    def words(self) -> str:
        """Say what is promised about real rows."""
        return {
            "contradictions": "at most 20 % wrong where it contradicts the model, by a 90 % bound",
            "accepted": "at most 1 % wrong of what it accepts, by a 90 % bound",
            "fallback": "nothing: the cut of least error that accepts three quarters of real rows",
        }[self.rule]


def set_cut(
    top: Numbers, right: Flags, sensible: Flags, contradicts: Flags | None = None
) -> Promise:
    """Choose the cut by the first rule that passes; never below 0.9.

    Parameters
    ----------
    top, right
        Probability of the likeliest class and whether it is the label's, (n,), of rows that no
        member behind them had seen.
    sensible
        Whether the realism gate accepts the row, (n,).
    contradicts
        Whether the model under test had not seen the row and answers otherwise than the likeliest
        class, (n,); None: no model is known.
    """
    top = np.asarray(top, np.float64)
    found = None
    if contradicts is not None:
        part = sensible & contradicts
        limits = WRONG_CONTRADICTIONS, LEAST_CONTRADICTIONS
        found = _descend(top[part], right[part], *limits, "contradictions")
    if found is None or _kept(top, sensible, found.cut) < KEPT:
        limits = WRONG_ACCEPTED, LEAST_ACCEPTED
        found = _descend(top[sensible], right[sensible], *limits, "accepted")
    if found is None or _kept(top, sensible, found.cut) < KEPT:
        found = _fallback(top, right, sensible)
    cut = max(found.cut, FLOOR)
    return Promise(cut, found.rule, found.tested, found.rows, found.wrong, found.met)


def _kept(top: Numbers, sensible: Flags, cut: float) -> float:
    """Return the share accepted of the rows that the audit is sure of: few if labels are noisy."""
    sure = sensible & (top >= FLOOR)
    return float((sensible & (top >= cut)).sum() / max(sure.sum(), 1))


def _stretches(top: Numbers, right: Flags) -> tuple[Numbers, Numbers, Numbers]:
    """Return all cuts, strictest first, with the rows they accept and the wrong ones of these."""
    order = np.argsort(-top, kind="stable")
    top = top[order]
    wrong = np.cumsum(~right[order])
    last = np.append(top[1:] < top[:-1], True)[: len(top)]  # of equal values: all or none
    accepted = np.arange(1, len(top) + 1)
    return top[last], accepted[last], wrong[last]


def _descend(top: Numbers, right: Flags, share: float, least: int, rule: str) -> Promise | None:
    """Go down from the strictest cut that accepts enough rows for as long as the tests pass.

    Where none fails, every cut below the least value accepts the same rows and passes as well: the
    floor alone limits it.
    """
    cuts, accepted, wrong = _stretches(top, right)
    cuts, accepted, wrong = (part[accepted >= least] for part in (cuts, accepted, wrong))
    failed = np.flatnonzero(binom.cdf(wrong, accepted, share) > RISK)
    passed = failed[0] if len(failed) else len(cuts)
    if not passed:
        return None
    i = passed - 1
    tested = float(cuts[i])
    cut = tested if len(failed) else 0.0
    return Promise(cut, rule, tested, int(accepted[i]), int(wrong[i]), met=True)


def _fallback(top: Numbers, right: Flags, sensible: Flags) -> Promise:
    """Take the cut of least error among those that accept three quarters of all rows."""
    cuts, accepted, wrong = _stretches(top[sensible], right[sensible])
    enough = np.flatnonzero(accepted >= KEPT * len(top))
    if not len(enough):
        return Promise(FLOOR, "fallback", FLOOR, 0, 0, met=False)
    i = enough[np.argmin(wrong[enough] / accepted[enough])]
    cut = float(cuts[i])
    return Promise(cut, "fallback", cut, int(accepted[i]), int(wrong[i]), met=False)
