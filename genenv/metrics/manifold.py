"""Precision and recall, density and coverage: by balls around the rows of either set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from genenv.metrics.base import BLOCK, Array, Metric, pieces

NEAREST = 3  # neighbours in a ball of precision and recall
DENSE = 5  # neighbours in a ball of density and coverage
# Balls are closed, and equal distances differ by rounding: of the radius, and of the squares that
# a distance is a difference of.
SLACK, ROUNDING = 1e-9, 1e-12


class Manifold(Metric):
    """How much of one set lies in balls around the other.

    Each row's ball reaches to its k-th nearest row of its own set, itself excluded; k = 3 in
    Kynkäänniemi et al. (arXiv 1904.06991), k = 5 in Naeem et al. (arXiv 2002.09797).

    - `precision`: share of generated rows in a ball of a real one. Features of a network may put
      what is nothing like the data into these balls: read it with recall and a distance.
    - `recall`: share of real rows in a ball of a generated one.
    - `density`: balls of real rows that a generated one lies in, over k; about 1 for equal laws,
      more where samples gather in the middle of the data, so no aim of its own.
    - `coverage`: share of real rows whose ball holds a generated one; for equal laws and numbers
      it is about 1 − 2⁻ᵏ = 0.97.
    """

    keys = ("precision", "recall", "density", "coverage")
    larger_is_better = True
    least = DENSE + 1

    def measure(self, real: Array, fake: Array) -> dict[str, float]:
        """Compare all pairs, a block of real rows at a time."""
        centre = real.mean(0, dtype=np.float64)  # or far from 0 distances would be all rounding
        x, y = (next(pieces(a, len(a), centre)) for a in (real, fake))
        narrow, wide = _radii(x)
        precise = torch.zeros(len(y), dtype=torch.bool)
        recalled = covered = held = 0
        reach = _radii(y)[0]
        for rows, squares in _blocks(x, y):
            precise |= (squares <= narrow[rows, None]).any(0)
            recalled += int((squares <= reach).any(1).sum())
            inside = squares <= wide[rows, None]
            held += int(inside.sum())
            covered += int(inside.any(1).sum())
        return {
            "precision": float(precise.double().mean()),
            "recall": recalled / len(x),
            "density": held / (DENSE * len(y)),
            "coverage": covered / len(x),
        }


def _radii(x: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distances to the third and to the fifth neighbour: (n, d) -> (n,), (n,)."""
    parts = []
    for rows, squares in _blocks(x, x):
        squares.diagonal(rows.start).fill_(torch.inf)  # a row is no neighbour of itself
        parts.append(squares.topk(DENSE, dim=1, largest=False).values)
    radii = torch.cat(parts) * (1 + SLACK) + ROUNDING * x.square().sum(1, keepdim=True)
    return radii[:, NEAREST - 1], radii[:, DENSE - 1]


def _blocks(x: Tensor, y: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield squared distances (rows of x, all of y), a block of rows of x at a time.

    Every block lies in the same memory: fresh ones would scatter small results between them, and
    the process would grow by all of the distances.
    """
    step, lengths = max(1, BLOCK // len(y)), y.square().sum(1)
    memory = torch.empty(min(step, len(x)), len(y), dtype=torch.float64)
    for at in range(0, len(x), step):
        part = x[at : at + step]
        squares = torch.addmm(lengths, part, y.T, alpha=-2, out=memory[: len(part)])
        yield slice(at, at + len(part)), squares.add_(part.square().sum(1)[:, None])
