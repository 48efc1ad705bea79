"""Which of my rows look like this? The real test rows nearest to each failure mode.

A mode is borne out where the model is wrong on its nearest real rows more often than on the others.
The rows are chosen by the features of the audit alone, which never saw the model, so that their
errors are a fair test of what was found on generated samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import hypergeom
from torch import Tensor

from genenv import intervals

SHARE, LEAST, MOST = 0.05, 10, 50  # of the test rows that are named for a mode
Q = 0.1  # share of modes called borne out that may be so by chance
BLOCK = 1024  # failures compared with all rows at once

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Untouched:
    """Real rows that set nothing, and what the model under test says of them."""

    row: NDArray[np.int64]  # (n,), their numbers in the user's data, from 0
    features: Tensor  # (n, 64), where the audit puts them
    right: NDArray[np.bool_]  # (n,), whether the model is


def near_rows(
    untouched: Untouched, features: Tensor, mode: NDArray[np.int64], ids: Sequence[int]
) -> list[Row]:
    """Find the real rows nearest to each mode, and how the model fares on them.

    Parameters
    ----------
    untouched
        The user's test rows.
    features, mode
        Of failures, where the audit puts them (m, 64), and their modes (m,).
    ids
        Of the modes that are asked for, in order; each has a failure.

    Returns
    -------
    A dict of `NEAR_KEYS` for each mode, see `report.document`.
    """
    count = min(len(untouched.row), max(LEAST, min(MOST, round(SHARE * len(untouched.row)))))
    found = [
        np.argsort(_distance(untouched.features, features[mode == i]), kind="stable")[:count]
        for i in ids
    ]
    wrong = np.array([int((~untouched.right[near]).sum()) for near in found], np.int64)
    total = int((~untouched.right).sum())
    # P(as many errors or more, were the slice drawn at random), Fisher's exact test, one-sided
    chance = hypergeom.sf(wrong - 1, len(untouched.row), total, count)
    q = intervals.q_values(np.clip(chance, 0, 1))
    return [_row(untouched, near, float(share)) for near, share in zip(found, q, strict=True)]


def _distance(rows: Tensor, failures: Tensor) -> NDArray[np.float32]:
    """Distance of each row (n, 64) to the nearest of the failures (m, 64): (n,)."""
    parts = [torch.cdist(rows, part).amin(1) for part in torch.split(failures, BLOCK)]
    return np.asarray(torch.stack(parts).amin(0).numpy())


def _row(untouched: Untouched, near: NDArray[np.int64], q: float) -> Row:
    inside = np.zeros(len(untouched.row), np.bool_)
    inside[near] = True
    return {
        "rows": untouched.row[near].tolist(),
        "accuracy": _accuracy(untouched.right[inside]),
        "elsewhere": _accuracy(untouched.right[~inside]),
        "q": q,
        "borne_out": q <= Q,
    }


def _accuracy(right: NDArray[np.bool_]) -> Row:
    count, rows = int(right.sum()), len(right)
    low, high = intervals.wilson(count, rows)
    return {"share": count / max(rows, 1), "low": low, "high": high, "rows": rows}
