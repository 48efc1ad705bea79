"""The contract of a metric: two sets of features in, named numbers out; it never sees a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks

Array = NDArray[np.floating[Any]]  # features, (rows, columns)

BLOCK = 1 << 20  # numbers held at once by what compares all rows of two sets: 8 MB, as a cache has


class Metric(ABC):
    """A comparison of generated with real features.

    All sums are float64 and by torch, whose thread count a run sets; NumPy's and SciPy's linear
    algebra would take every core.
    """

    keys: ClassVar[tuple[str, ...]]
    """Names of the numbers."""
    larger_is_better: ClassVar[bool] = False
    """Of all its numbers."""
    least: ClassVar[int] = 2
    """Rows that each set must have."""

    @abstractmethod
    def measure(self, real: Array, fake: Array) -> dict[str, float]:
        """(n, d), (m, d), finite -> a number under each of `keys`."""

    @final
    def __call__(self, real: Array, fake: Array) -> dict[str, float]:
        """Compare two sets of features.

        Parameters
        ----------
        real, fake
            (n, d) and (m, d), of real and of generated samples.

        Raises
        ------
        Mistake
            Too few rows, different widths, NaN or infinities.
        """
        for name, x in {"real features": real, "generated features": fake}.items():
            checks.shape(name, x, (None, None))
            if len(x) < self.least:
                raise checks.Mistake(
                    f"{self.least} rows or more of {name} for {', '.join(self.keys)}",
                    len(x),
                    "give more",
                )
            checks.finite(name, x)
        if real.shape[1] != fake.shape[1]:
            raise checks.Mistake(
                f"generated features of {real.shape[1]} columns, as the real ones have",
                fake.shape[1],
                "take both from the same network",
            )
        return self.measure(real, fake)


def pieces(x: Array, rows: int, centre: Array | None = None) -> Iterator[Tensor]:
    """Yield (rows, d) float64 at a time, less a centre (d,)."""
    for at in range(0, len(x), rows):
        piece = x[at : at + rows].astype(np.float64)
        yield torch.from_numpy(piece if centre is None else piece - centre)
