"""Does a row of a table hold together? Boosted trees that tell real rows from made ones.

Of two kinds, as many as there are real rows each. Put together: half have every column from another
row, half have about half of their columns from one other. Redrawn: some columns of a real row are
drawn evenly between their ends. A table's columns stay whole: the numbers of one column come from
one row.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genenv import seeding
from genenv.codecs import Codec
from genenv.judge.layout import lawful
from genenv.judge.trees import Trees, fit_boosting

REAL, TOGETHER, REDRAWN = range(3)  # outputs
TURNS = 300  # of rows of Adult put together 9 and 11 % pass after 100, 6 and 6 % here
DRAWN = 0.3  # of a redrawn row's columns, on average; one at the least


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


def redrawn(rows: Tensor, units: Codec, count: int, rng: torch.Generator) -> Tensor:
    """Draw some columns of real rows evenly between their ends: (n, width) -> (count, width)."""
    groups = _columns(units)
    columns = int(groups.max()) + 1
    kept = rows[torch.randint(0, len(rows), (count,), generator=rng)]
    low, high = rows.amin(0), rows.amax(0)
    even = low + (high - low) * torch.rand(kept.shape, generator=rng)
    drawn = torch.rand((count, columns), generator=rng) < DRAWN
    drawn[torch.arange(count), torch.randint(0, columns, (count,), generator=rng)] = True
    return lawful(torch.where(drawn[:, groups], even, kept), units)


def fit_swapped(rows: Tensor, units: Codec, seed: int) -> Trees:
    """Train a detector on real rows (n, width) and as many of each kind that is made."""
    rng, groups = seeding.torch_generator(seed, "swapped"), _columns(units)
    half = -(-len(rows) // 2)
    together = [kind(rows, groups, half, rng) for kind in (shuffled, crossed)]
    parts = {REAL: rows, TOGETHER: torch.cat(together)}
    parts[REDRAWN] = redrawn(rows, units, len(rows), rng)
    label = torch.cat([torch.full((len(part),), kind) for kind, part in parts.items()])
    return fit_boosting(torch.cat(list(parts.values())), label, len(parts), seed, TURNS)


def put_together(detector: Trees, rows: Tensor) -> Tensor:
    """Ask how likely rows (n, width) are made: (n,), float64, for many are almost surely."""
    return detector(rows)[:, TOGETHER:].double().sum(1)


def _columns(units: Codec) -> Tensor:
    """Return which column each number of a row is of, (width,); each its own but in a table."""
    return torch.arange(units.width) if units.groups is None else torch.tensor(units.groups)
