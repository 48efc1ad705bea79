"""In how many ways a regressor fails: rules on the columns that cover its failures, in turn.

Too high and too low are told apart. Of each, the rule that holds more often of the failures than of
real rows, by the most, is a mode; then the failures that it leaves are looked at again. Real rows
that set nothing bear a mode out where the model errs more than the audit on those that its rule
holds of, more clearly than chance would have it: oracles that are wrong together at the edge of the
data make modes, too, and these are not borne out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from genenv import factors, intervals, rate
from genenv.codecs import Codec
from genenv.failures import Confirmed
from genenv.regression.beside import Beside
from genenv.report import enrichment
from genenv.report.apart import path_to

DEPTHS = (1, 2, 3, 4)  # steps of a rule
WORTH = 0.3  # by how much a rule must hold more often of the failures than of real rows
SLIGHT = 0.03  # of that, for which no further step is taken
LEAST = 5  # failures that a mode needs
MOST = 6  # modes on one side
Q = 0.1  # share of modes called borne out that may be so by chance
SIDES = {"too high": 1, "too low": -1}

Path = tuple[tuple[int, bool, float], ...]


@dataclass(frozen=True)
class Untouched:
    """Real rows that set nothing, what the model says of them and what the audit does."""

    x: NDArray[Any]  # (n, *units.shape)
    model: NDArray[np.float64]  # (n,), |answer - value|, in the target's unit
    audit: NDArray[np.float64]  # (n,), |mean - value|


def modes(
    units: Codec,
    found: Confirmed,
    real: NDArray[Any],
    untouched: Untouched,
    law: tuple[NDArray[np.str_], int],
    scale: float,
    other: Beside | None = None,
) -> list[dict[str, Any]]:
    """Group confirmed failures by rules; those with the most mass come first.

    Parameters
    ----------
    units
        Of the rows.
    found
        Confirmed failures of all searches; `output` holds answer, mean and half-width.
    real
        Stored real rows (n, *units.shape) that the rules are told from.
    untouched
        On which each rule is tried.
    law
        Names of the searches that sample the law, and how many draws they made.
    scale
        Standard deviation of the target.
    other
        What a sibling fails on, of the same draws; None: there is none.

    Returns
    -------
    Rows of `modes` in report.json: `id`, `side`; `rule` in words and as `steps` (factor, above,
    threshold), see `factors`, `holds`, the shares of the side's
    failures and of real rows that it holds of, and `near`, the mean errors on untouched real rows
    inside and outside of it (None: the failures that no rule covers); `failures`; `mass` with its
    interval; `enrichment`, how often the sibling fails in it, see `report.document` (None: there is
    none); `deviation`, the median from the guide's mean in the target's unit; `examples`, the
    numbers of the most severe ones. Those that are borne out come first. `near` holds also `q`, the
    share of modes that are as clearly borne out by chance, among those as clear, and `borne_out`.
    """
    shown, rows, tried = (
        factors.factors(units.tensor(x), units).numpy() for x in (found.x, real, untouched.x)
    )
    made: list[dict[str, Any]] = []
    theirs = _Theirs(units, other)
    side = _side(found)
    for name, sign in SIDES.items():
        own = np.flatnonzero(side == sign)
        for path, members in _covered(shown, own, rows):
            row: dict[str, Any] = dict.fromkeys(("rule", "steps", "holds", "near"))
            if path:
                row["steps"] = [[at, bool(above), cut] for at, above, cut in path]
                row["rule"] = " and ".join(factors.step(units, *step) for step in path)
                row["holds"] = {
                    "failures": len(members) / len(own), "real": float(inside(rows, path).mean())
                }  # fmt: skip
                row["near"] = _near(untouched, inside(tried, path))
            away = np.abs(found.output[members, 0] - found.output[members, 1]) * scale
            worst = members[np.argsort(-found.severity[members], kind="stable")]
            made.append({
                "side": name,
                **row,
                "failures": len(members),
                **_mass(drawn := int(np.isin(found.search[members], law[0]).sum()), law[1]),
                "enrichment": (drawn, theirs.take(sign, path)),
                "deviation": float(np.median(away)),
                "examples": worst[:3].tolist(),
            })  # fmt: skip
    theirs.enter(made)
    _weigh([row["near"] for row in made if row["near"]])
    made.sort(key=lambda row: (not _borne_out(row), -(row["mass"] or 0.0), -row["failures"]))
    return [{"id": number, **row} for number, row in enumerate(made)]


def assigned(units: Codec, found: Confirmed, real: NDArray[Any]) -> NDArray[np.int64]:
    """Return the mode of each failure, (m,), see `modes`; numbers are in no order."""
    shown, rows = (factors.factors(units.tensor(x), units).numpy() for x in (found.x, real))
    mode, number = np.zeros(len(found), np.int64), 0
    for sign in SIDES.values():
        for _, members in _covered(shown, np.flatnonzero(_side(found) == sign), rows):
            mode[members] = number
            number += 1
    return mode


def _side(found: Confirmed) -> NDArray[np.float32]:
    """(m,): 1 where the model is too high, -1 where it is too low."""
    return np.asarray(np.sign(found.output[:, 0] - found.output[:, 1]))


def _weigh(near: list[dict[str, Any]]) -> None:
    """Put in the place of each mode's chance `q` and whether it is borne out."""
    found = intervals.q_values(np.clip([row.pop("chance") for row in near], 0, 1)) if near else ()
    for row, q in zip(near, found, strict=True):
        row |= {"q": float(q), "borne_out": bool(q <= Q)}


def _borne_out(row: dict[str, Any]) -> bool:
    return bool(row["near"] and row["near"]["borne_out"])


class _Theirs:
    """The failures of a sibling, each of which counts for the first mode whose rule holds."""

    def __init__(self, units: Codec, other: Beside | None) -> None:
        self.draws = 0 if other is None else other.draws
        self.left = np.zeros(0, np.float32) if other is None else other.side.copy()
        x = None if other is None or not len(other.x) else units.tensor(other.x)
        self.shown = np.zeros((0, 0)) if x is None else factors.factors(x, units).numpy()

    def take(self, sign: int, path: Path) -> int:
        """Count what is left on a side and inside a rule, and take it out."""
        if not len(self.left):
            return 0
        own = (self.left == sign) & inside(self.shown, path)
        self.left[own] = 0
        return int(own.sum())

    def enter(self, made: list[dict[str, Any]]) -> None:
        """Put in the place of counts what they say; None where nothing was asked."""
        counts = {i: row["enrichment"] for i, row in enumerate(made)}
        found = enrichment.of_counts(counts, self.draws) if self.draws else {}
        for i, row in enumerate(made):
            row["enrichment"] = found.get(i)


def _covered(
    shown: NDArray[Any], own: NDArray[np.int64], real: NDArray[Any]
) -> list[tuple[Path, NDArray[np.int64]]]:
    """Cover failures by rules, one after the other; the last has none, if any are left."""
    found: list[tuple[Path, NDArray[np.int64]]] = []
    while len(own) >= LEAST and len(found) < MOST:
        path = _best(shown[own], real)
        if path is None:
            break
        held = inside(shown[own], path)
        found.append((path, own[held]))
        own = own[~held]
    return [*found, ((), own)] if len(own) else found


def _best(failing: NDArray[Any], real: NDArray[Any]) -> Path | None:
    """Return the shortest rule that is about as good as the best; None: none is worth it."""
    found = [_rule(failing, real, depth) for depth in DEPTHS]
    most = max(gain for gain, _ in found)
    if most < WORTH:
        return None
    return next(path for gain, path in found if gain >= most - SLIGHT)


def _rule(failing: NDArray[Any], real: NDArray[Any], depth: int) -> tuple[float, Path]:
    from sklearn.tree import DecisionTreeClassifier

    rows = np.concatenate([failing, real])
    fails = np.arange(len(rows)) < len(failing)
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=max(2, len(failing) // 10), class_weight="balanced",
        random_state=0,
    ).fit(rows, fails)  # fmt: skip
    leaves = tree.apply(rows)
    gains = {
        int(leaf): float((leaves[fails] == leaf).mean() - (leaves[~fails] == leaf).mean())
        for leaf in np.unique(leaves)
    }
    best = max(gains, key=lambda leaf: gains[leaf])
    return gains[best], tuple(path_to(tree.tree_, best))


def inside(values: NDArray[Any], path: Sequence[Sequence[Any]]) -> NDArray[np.bool_]:
    """Tell which rows of factors (n, factors) a rule holds of, (n,)."""
    steps = [(values[:, at] > cut) == above for at, above, cut in path]
    held: NDArray[np.bool_] = np.logical_and.reduce([np.ones(len(values), np.bool_), *steps])
    return held


def _mass(own: int, draws: int) -> dict[str, Any]:
    """Return the share of all draws that so many are, with a 95 % interval, or a bound."""
    if not draws:
        return {"mass": None, "mass_low": None, "mass_high": None}
    made = rate.from_counts(own, draws)
    return {"mass": made.estimate if own else None, "mass_low": made.low, "mass_high": made.high}


def _near(untouched: Untouched, held: NDArray[np.bool_]) -> dict[str, Any]:
    """Say how the model and the audit err on untouched real rows inside and outside a rule."""
    answered = np.isfinite(untouched.model)
    own = held & answered
    chance = _chance(untouched.model[own] - untouched.audit[own])
    told: dict[str, Any] = {"rows": int(held.sum()), "chance": chance}
    for where, mask in (("inside", held & answered), ("outside", ~held & answered)):
        for name in ("model", "audit"):
            own = getattr(untouched, name)[mask]
            told[f"{name}_{where}"] = float(own.mean()) if len(own) else None
    return told


def _chance(more: NDArray[np.float64]) -> float:
    """P(the model errs by so much more than the audit, were it not to err more), by signed ranks.

    Wilcoxon's test, one-sided, of differences (n,) on real rows; 1 where there is none.
    """
    differ = more[more != 0]
    return float(wilcoxon(differ, alternative="greater").pvalue) if len(differ) else 1.0
