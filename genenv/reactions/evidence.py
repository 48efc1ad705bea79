"""What trials say: helps, hurts, or no evidence, with an interval and a p-value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from genenv import intervals, seeding
from genenv.reactions.helps import Trials

ERRS = 0.05  # share of runs in which nothing helps that say so anywhere
LEVEL = 1 - 2 * ERRS  # of the interval: each of its ends is a bound of 95 %
SHARED = 0.5  # of the overlap of trials, which their paired differences have in common
ALONE = "repeated"  # the null that gain, low and high are over: the real rows alone

Row = dict[str, Any]


def judged(trials: Sequence[Trials], seed: int) -> list[Row]:
    """Return a row a learner, number of real rows, and way.

    Parameters
    ----------
    trials
        All of a run: Holm's correction is over them together.
    seed
        Of the draws of permutations.

    Returns
    -------
    learner; real_rows and generated_rows of a trial; way (add, replace); verdict (helps: better
    than every null; hurts: worse than the real rows alone; no evidence); accuracy, and gain over
    the real rows alone with low and high; p that it helps and p_hurts, one-sided, corrected; null
    (the one that is hardest to beat) and gain_over_null; worst_class_gain, and calibration_gain,
    by how much the expected calibration error falls.
    """
    rows = [_row(found, way, seed) for found in trials for way in found.made]
    for key in ("p", "p_hurts"):
        for row, p in zip(rows, intervals.holm([row[key] for row in rows]), strict=True):
            row[key] = float(p)
    for row in rows:
        hurts = "hurts" if row["p_hurts"] <= ERRS else "no evidence"
        row["verdict"] = "helps" if row["p"] <= ERRS else hurts
    return rows


def _row(found: Trials, way: str, seed: int) -> Row:
    names = [arm.partition(":")[2] for arm in found.hit if arm.startswith(f"{way}:")]
    over = {name: _Gain(found, way, name, seed) for name in names}
    hardest = max(names, key=lambda name: over[name].p)
    alone = over[ALONE]
    low, high = alone.interval()
    return {
        "learner": found.learner,
        "real_rows": found.size,
        "generated_rows": found.made[way],
        "way": way,
        "verdict": "",
        "accuracy": float(found.hit[way].mean()),
        "gain": alone.mean,
        "low": low,
        "high": high,
        "p": over[hardest].p,
        "p_hurts": alone.p_hurts,
        "null": hardest,
        "gain_over_null": over[hardest].mean,
        "worst_class_gain": _worst_class(found, way) - _worst_class(found, f"{way}:{ALONE}"),
        "calibration_gain": float((found.error[f"{way}:{ALONE}"] - found.error[way]).mean()),
        "trials": len(found.hit[way]),
    }


class _Gain:
    """Accuracy with generated rows less that with a null, over paired trials.

    The trials share real rows, generated rows and test rows, so that their spread alone is too
    narrow. The variance is s² (1/trials + SHARED · ρ), with ρ the share of all real rows that a
    trial takes, and that of the mean over the test rows beside it. Where trials correlate as much
    as they overlap, the second term is ρ/(1 - ρ) (Nadeau and Bengio 2003, Inference for the
    generalization error); paired differences correlate less: 0.15 to 0.4 ρ was measured
    (docs/benchmarks/reactions.md).
    """

    def __init__(self, found: Trials, way: str, null: str, seed: int) -> None:
        apart = found.hit[way].astype(float) - found.hit[f"{way}:{null}"]
        by_trial: NDArray[np.float64] = apart.mean(1)
        self.count, self.mean = len(by_trial), float(by_trial.mean())
        of_trials = by_trial.var(ddof=1) * (1 / self.count + SHARED * found.size / found.rows)
        self.error = float(np.sqrt(of_trials + apart.mean(0).var(ddof=1) / apart.shape[1]))
        nothing = np.zeros(self.count)
        rng = [seeding.numpy_generator(seed, "evidence", side) for side in ("greater", "less")]
        self.p = max(intervals.paired(by_trial, nothing, rng[0], "greater"), self._tail(1))
        self.p_hurts = max(intervals.paired(by_trial, nothing, rng[1], "less"), self._tail(-1))

    def _tail(self, sign: int) -> float:
        if self.error == 0:
            return 1.0
        return float(stats.t.sf(sign * self.mean / self.error, self.count - 1))

    def interval(self) -> tuple[float, float]:
        """Return the bounds of the gain, of 95 % each."""
        reach = float(stats.t.ppf((1 + LEVEL) / 2, self.count - 1)) * self.error
        return self.mean - reach, self.mean + reach


def _worst_class(found: Trials, arm: str) -> float:
    """Return the least accuracy of a class that has test rows, mean over trials of each class."""
    by_class = [found.hit[arm][:, found.label == c].mean() for c in np.unique(found.label)]
    return float(min(by_class))
