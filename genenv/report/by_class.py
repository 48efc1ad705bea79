"""What a run says class by class: refused real rows, the model's real errors, confirmed failures.

A search finds what its judge lets it find. Where the order of the classes by confirmed failures is
not that of the model's errors on real rows, the one is no news of the other, and no class is named
as the worst.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from genenv import intervals

Row = dict[str, Any]


def by_class(
    classes: Sequence[int | str],
    refused: Sequence[Mapping[str, Any]],
    label: NDArray[np.int64],
    answer: NDArray[np.int64],
    modes: Sequence[Mapping[str, Any]],
) -> list[Row]:
    """Make the rows of report.json's `classes`, in the order of the classes.

    Parameters
    ----------
    classes
        The user's own names.
    refused
        Of each class, the share of untouched real rows that the judge refuses.
    label, answer
        Class indices of untouched real rows and the model's answers to them, (n,) each.
    modes
        Of report.json, whose failures are counted.
    """
    wrong = answer != label
    return [
        {
            "class": name,
            "refused": dict(refused[c]),
            "errors": _share(wrong[label == c]),
            "confirmed": _sum(modes, name, "confirmed"),
            "distinct": _sum(modes, name, "distinct"),
        }
        for c, name in enumerate(classes)
    ]


def _share(flags: NDArray[np.bool_]) -> Row:
    count, rows = int(flags.sum()), len(flags)
    low, high = intervals.wilson(count, rows)
    return {"share": count / max(rows, 1), "low": low, "high": high, "rows": rows}


def _sum(modes: Sequence[Mapping[str, Any]], condition: int | str, key: str) -> int:
    return sum(mode[key] for mode in modes if mode["condition"] == condition)


def order(rows: Sequence[Row]) -> float | None:
    """Return Spearman's rank correlation of real error shares and distinct confirmed failures.

    None where one of them is the same in every class, so that it orders nothing.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        found = stats.spearmanr(
            [row["errors"]["share"] for row in rows], [row["distinct"] for row in rows]
        ).statistic
    return float(found) if np.isfinite(found) else None


def worst(rows: Sequence[Row]) -> Row | None:
    """Return the class that has the most distinct failures, where real rows do not deny it.

    They do not where both orders agree on the whole, and the interval of this class's real errors
    reaches the largest share of errors that any class has.
    """
    agreed = order(rows) if len(rows) > 1 else None
    if agreed is None or agreed <= 0:
        return None
    first = max(rows, key=lambda row: row["distinct"])
    largest = max(row["errors"]["share"] for row in rows)
    return first if first["errors"]["high"] >= largest else None


def sentence(rows: Sequence[Row]) -> str:
    """Say why no class is named as the worst; "" where one is, or nothing was confirmed."""
    if not sum(row["distinct"] for row in rows) or worst(rows) is not None:
        return ""
    agreed = order(rows)
    if agreed is None:
        return (
            "No class is named as the worst: the model's errors on real rows, or what was "
            "confirmed, do not tell the classes apart."
        )
    return (
        "No class is named as the worst: confirmed failures and the model's errors on real rows "
        f"order the classes differently (rank correlation {agreed:.2f})."
    )
