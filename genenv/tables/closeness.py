"""How near rows come to those that a generator learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.tables.cells import Floats
from genenv.tables.schema import Schema

MOST_ASKED = 2_000  # rows whose nearest is looked for
MOST_LEARNED = 20_000  # rows that it is looked for among


def closest(rows: Floats, learned: Floats, schema: Schema, seed: int) -> float:
    """Return the median distance of rows to the closest learned row, by Gower's measure.

    A column whose values are a list counts 1 where they differ, a number its distance in ranges of
    the column; the distance of rows is the mean over columns (Gower 1971). A missing number lies in
    the middle of the range, and half a range aside. Held-out rows give the figure of a generator
    that remembers nobody: below it, it does.

    Parameters
    ----------
    rows, learned
        Codes (n, columns), NaN where a value is missing.
    schema
        Of both.
    seed
        Address of the learned rows that are looked among, where there are more than MOST_LEARNED.
    """
    from sklearn.neighbors import NearestNeighbors

    rng = seeding.numpy_generator(seed, "closest")
    among = learned[rng.permutation(len(learned))[:MOST_LEARNED]]
    index = NearestNeighbors(n_neighbors=1, metric="cityblock", algorithm="brute")
    index.fit(_spread(among, schema))
    distance, _ = index.kneighbors(_spread(rows[:MOST_ASKED], schema))
    return float(np.median(distance)) / len(schema.columns)


def copies(rows: Floats, learned: Floats) -> float:
    """Return the share of rows that equal one of the learned rows in every column."""
    known = set(_keys(learned))
    return float(np.mean([key in known for key in _keys(rows)]))


def _spread(codes: Floats, schema: Schema) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Lay rows out so that the sum of absolute differences is Gower's, times the columns."""
    parts = []
    for column, own in zip(schema.columns, codes.T, strict=True):
        missing = np.isnan(own)
        if column.discrete:
            states = np.where(missing, len(column.values), own).astype(np.int64)
            parts.append(np.eye(len(column.values) + 1)[states] / 2)
            continue
        assert column.low is not None
        assert column.high is not None
        share = (own - column.low) / ((column.high - column.low) or 1.0)
        parts.append(np.where(missing, 0.5, share)[:, None])
        parts.append(missing[:, None] / 2)
    return np.concatenate(parts, axis=1).astype(np.float32)


def _keys(rows: Floats) -> list[bytes]:
    plain: NDArray[np.float64] = np.where(np.isnan(rows), np.inf, rows) + 0.0  # -0.0 is 0.0
    return [row.tobytes() for row in plain]
