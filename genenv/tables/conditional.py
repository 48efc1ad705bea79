"""How far rows under a condition are from the real ones in the laws of the other columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genenv import seeding
from genenv.tables.cells import Floats
from genenv.tables.likeness import parts_of
from genenv.tables.schema import Schema

RESAMPLED = 400  # times, for the interval
LEVELS = 0.05, 0.95

Parts = NDArray[np.int64]


@dataclass(frozen=True)
class Apart:
    """Mean total variation of columns from held-out real rows: 0 equal, 1 nothing in common."""

    made: float
    """Of generated rows."""
    real: float
    """Of the real rows that were learned from: what chance alone brings."""
    low: float
    """Lower end of the bootstrap interval of made / real, 90 %, about the ratio itself: rows that
    are drawn again and again bring both distances up, and the ratio towards 1."""
    high: float
    """Its upper end."""

    def __str__(self) -> str:
        ratio = self.made / self.real
        return (
            f"other columns {self.made:.3f} from held-out rows, real rows {self.real:.3f}: "
            f"{ratio:.2f} x [{self.low:.2f}, {self.high:.2f}]"
        )


def apart(
    made: Floats, learned: Floats, held_out: Floats, schema: Schema, fixed: set[str], seed: int
) -> Apart:
    """Compare rows that all fulfil a condition.

    Parameters
    ----------
    made, learned, held_out
        Codes (n, columns) of generated rows, of real ones that were learned from and of real ones
        that were not. Give as many generated as learned ones: fewer are further from any.
    schema
        Of the rows.
    fixed
        Names of columns that the condition speaks of, which are not compared.
    seed
        Address of the resampled rows.
    """
    columns = [i for i, name in enumerate(schema.names) if name not in fixed]
    groups = [
        np.stack([parts_of(schema.columns[i], rows[:, i], learned[:, i]) for i in columns], axis=1)
        for rows in (made, learned, held_out)
    ]
    rng = seeding.numpy_generator(seed, "conditional")
    ratios = []
    for _ in range(RESAMPLED):
        again = [rows[rng.integers(len(rows), size=len(rows))] for rows in groups]
        ratios.append(variation(again[0], again[2]) / variation(again[1], again[2]))
    own, real = variation(groups[0], groups[2]), variation(groups[1], groups[2])
    low, high = own / real * np.quantile(ratios, LEVELS) / np.median(ratios)
    return Apart(own, real, float(low), float(high))


def variation(rows: Parts, other: Parts) -> float:
    """Return the total variation of columns of parts (n, columns), on average."""
    states = int(max(rows.max(), other.max())) + 1
    shares = [
        np.stack([np.bincount(column, minlength=states) / len(each) for column in each.T])
        for each in (rows, other)
    ]
    return float(0.5 * np.abs(shares[0] - shares[1]).sum(axis=1).mean())
