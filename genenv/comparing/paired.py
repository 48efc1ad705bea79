"""The same samples of the generator's law, asked of two models: shares and their difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import files, intervals, reading
from genenv.judge import Verdict
from genenv.reading import Column

COLUMNS = {
    "e": Column("f", (None, None)),
    "label": Column("iu", (None,), 0),
    "verdict": Column("iu", (None,), 0),
    "search": Column("U", (None,)),
    "seed": Column("iu", (None,)),
}
FLIPS = Verdict.INVALID, Verdict.AMBIGUOUS, Verdict.CONFIRMED
EVENTS = {"failure": FLIPS, "confirmed": (Verdict.CONFIRMED,)}

ROW = np.dtype([("label", np.int64), ("asked", np.float64), ("verdict", np.int64)])
"""A query: its label, the sum of e (which tells it from another), its verdict."""

Draws = dict[tuple[str, int], NDArray[np.void]]
"""Search and seed -> its queries in order, (n,) of ROW."""


def draws(folder: Path, controls: set[str]) -> Draws:
    """Read the queries of searches that sample the law.

    Raises
    ------
    Mistake
        A shard is damaged.
    """
    parts: dict[tuple[str, int], list[NDArray[np.void]]] = {}
    for path in files.shards(folder / "findings"):
        columns = reading.arrays(path, COLUMNS)
        reading.check(path, columns, COLUMNS)
        for name in controls & set(columns["search"].tolist()):
            for seed in np.unique(columns["seed"][columns["search"] == name]):
                own = (columns["search"] == name) & (columns["seed"] == seed)
                parts.setdefault((name, int(seed)), []).append(_rows(columns, own))
    return {address: np.concatenate(found) for address, found in parts.items()}


def _rows(columns: dict[str, NDArray[Any]], own: NDArray[np.bool_]) -> NDArray[np.void]:
    rows = np.zeros(int(own.sum()), ROW)
    rows["label"] = columns["label"][own]
    rows["asked"] = columns["e"][own].sum(1, dtype=np.float64)
    rows["verdict"] = columns["verdict"][own]
    return rows


def events(first: Draws, second: Draws, judged_alike: bool) -> list[dict[str, Any]]:
    """Compare shares of events over the queries that both were asked.

    Parameters
    ----------
    first, second
        Of two runs on one generator.
    judged_alike
        Whether one judge gave the verdicts of both; else confirmed failures are not compared.

    Returns
    -------
    A row an event: `event`, `pairs`, `first`, `second` (shares), `difference`, `low`, `high`; none
    where the runs were asked nothing alike.
    """
    pairs = [_pairs(first[address], second[address]) for address in first.keys() & second.keys()]
    if not sum(len(pair) for pair in pairs):
        return []
    of_first, of_second = np.concatenate(pairs).T
    named = EVENTS if judged_alike else {"failure": FLIPS}
    return [_row(event, np.isin(of_first, v), np.isin(of_second, v)) for event, v in named.items()]


def _pairs(first: NDArray[np.void], second: NDArray[np.void]) -> NDArray[np.int64]:
    """(n, 2): the verdicts on what both were asked."""
    both = min(len(first), len(second))
    one, two = first[:both], second[:both]
    same = (one["label"] == two["label"]) & (one["asked"] == two["asked"])
    verdicts: NDArray[np.int64] = np.stack([one["verdict"], two["verdict"]], axis=1)
    alike: NDArray[np.int64] = verdicts[same]
    return alike


def _row(event: str, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> dict[str, Any]:
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    low, high = intervals.paired_shares(only_first, only_second, len(first))
    return {
        "event": event,
        "pairs": len(first),
        "first": float(first.mean()),
        "second": float(second.mean()),
        "difference": (only_second - only_first) / len(first),
        "low": low,
        "high": high,
    }
