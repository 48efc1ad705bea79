"""Does a row of a table hold together? Boosted trees that tell real rows from rows put together.

Half of the latter have every column from another row, half have about half of their columns from
one other. A table's columns stay whole: the numbers of one column come from one row.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genenv import seeding
from genenv.judge.trees import Trees, fit_boosting

TOGETHER = 2  # outputs: real, and put together


def shuffled(rows: Tensor, groups: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Draw every column by itself: (n, width) -> (count, width).

    Parameters
    ----------
    rows
        Real ones.
    groups
        (width,), which column each number is of: 0, 1, ...
    count
        Rows to make.
    rng
        Draws the parents.
    """
    columns = int(groups.max()) + 1
    place = torch.randint(0, len(rows), (count, columns), generator=rng)
    return rows.gather(0, place[:, groups])


def crossed(rows: Tensor, groups: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Take about half of the columns from a second row: (n, width) -> (count, width)."""
    one, two = torch.randint(0, len(rows), (2, count), generator=rng)
    columns = int(groups.max()) + 1
    first = torch.rand((count, columns), generator=rng) < 0.5
    return torch.where(first[:, groups], rows[one], rows[two])


def fit_swapped(rows: Tensor, groups: Tensor, seed: int) -> Trees:
    """Train a detector on real rows (n, width) and as many that are put together."""
    rng = seeding.torch_generator(seed, "swapped")
    half = -(-len(rows) // 2)
    made = [kind(rows, groups, half, rng) for kind in (shuffled, crossed)]
    both = torch.cat([rows, *made])
    label = torch.arange(len(both)) >= len(rows)
    return fit_boosting(both, label.long(), TOGETHER, seed)


def put_together(detector: Trees, rows: Tensor) -> Tensor:
    """Ask how likely rows (n, width) are put together: (n,)."""
    return detector(rows)[:, 1]
