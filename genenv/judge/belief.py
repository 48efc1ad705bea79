"""How likely an accepted failure is true: the audit's p, corrected where it contradicts a model.

p is calibrated on all real rows, of which nearly all are easy. A failure is a row on which the
audit contradicts the model under test, and on real rows of that kind it is wrong far more often
than p says. So p is corrected on just these rows, by a line in log-odds (Platt 1999).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

LEAST = 25  # contradictions that a correction is fitted on
LEAST_P = 1e-6  # probability, so that no log-odds are infinite


@dataclass(frozen=True)
class Belief:
    """A line in the log-odds of p."""

    slope: float = 1.0
    offset: float = 0.0
    rows: int = 0  # contradictions that it was fitted on; 0: p is taken as it is
    wrong: int = 0  # of these
    model: str = "the model"  # that it was fitted beside

    def corrected(self, p: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probability that the condition holds, from the audit's: (n,) -> (n,)."""
        odds = self.slope * _log_odds(p) + self.offset
        return np.asarray(1 / (1 + np.exp(-odds)))

    @property
    def words(self) -> str:
        """Say what stands behind it."""
        if self.rows:
            return (
                f"corrected on the {self.rows} real rows of which the audit, however unsure, takes "
                f"another class for the likeliest than {self.model} ({self.wrong} wrong)"
            )
        return (
            f"by the oracles' own p, since fewer than {LEAST} real rows are known of which the "
            "audit takes another class for the likeliest than the model: that is too good for "
            "searched samples, so nothing is counted by it"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def fit_belief(p: NDArray[Any], right: NDArray[np.bool_]) -> Belief:
    """Fit the correction on contradictions that no member behind p had seen.

    Parameters
    ----------
    p, right
        The audit's probability of the class that it names (n,), and whether that is the label (n,).

    Returns
    -------
    The line that is likeliest, if slope and offset are normal around those of p as it is, 1 and 0,
    with unit variance: little evidence moves p little. Its slope is 0 or more: a surer audit is
    never believed less. Of fewer than 25 rows, p as it is.
    """
    rows = len(p)
    if rows < LEAST:
        return Belief()
    odds, sign = _log_odds(p), np.where(right, 1.0, -1.0)

    def unlikely(line: NDArray[np.float64]) -> float:
        evidence = np.logaddexp(0, -sign * (line[0] * odds + line[1])).sum()
        return float(evidence + ((line[0] - 1) ** 2 + line[1] ** 2) / 2)

    slope, offset = minimize(unlikely, [1.0, 0.0], bounds=[(0, None), (None, None)]).x
    return Belief(float(slope), float(offset), rows, rows - int(right.sum()))


def _log_odds(p: Any) -> NDArray[np.float64]:
    inside = np.clip(np.asarray(p, np.float64), LEAST_P, 1 - LEAST_P)
    return np.asarray(np.log(inside / (1 - inside)))
