"""Corruptions of a table's columns: exchanged, coarse, drifting."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genenv import checks, seeding
from genenv.codecs import Codec
from genenv.corruptions.base import Corruption
from genenv.corruptions.draws import even, hit


class SwappedColumns(Corruption):
    """Two cells of a row are entered in each other's column, in the user's units.

    The columns of each row are paired at random (of an odd number one stays alone).
    Amount: the share of pairs that are exchanged.
    """

    kind, domain = "swapped-columns", "vector"
    levels = (0.02, 0.04, 0.07, 0.12, 0.25)

    def __init__(self, units: Codec) -> None:
        self.pairs = units.size // 2
        super().__init__(units, units.size + self.pairs)

    @classmethod
    def refusal(cls, units: Codec) -> checks.Mistake | None:
        """Refuse a single column, too."""
        if units.size > 1 or units.kind != cls.domain:
            return super().refusal(units)
        return checks.Mistake(f"two columns or more for {cls.kind}", "one", "choose another kind")

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Of e the first coordinates order the columns into pairs, the others pick pairs."""
        ordering, picking = torch.split(e, [self.units.size, self.pairs], -1)
        order = ordering.argsort(dim=-1, stable=True)[:, : 2 * self.pairs]
        left, right = order[:, ::2], order[:, 1::2]
        x, swapped = self.real.decode(u), hit(picking, amount)
        exchanged = x.scatter(-1, left, x.gather(-1, right)).scatter(-1, right, x.gather(-1, left))
        touched = torch.zeros_like(u, dtype=torch.bool)
        touched = touched.scatter(-1, left, swapped).scatter(-1, right, swapped)
        return torch.where(touched, self.real.encode(exchanged), u)


class Rounding(Corruption):
    """Values are kept in coarse steps, counted from their column's mean.

    Amount: one step, in standard deviations of the column.
    """

    kind, domain = "rounding", "vector"
    levels = (0.3, 0.7, 1.2, 2.0, 3.0)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:  # noqa: ARG002
        """Go to the nearest multiple of the step."""
        return (u / amount).round() * amount


class Drift(Corruption):
    """An instrument drifts: all columns move on, each in its own direction, as time goes on.

    The direction, up or down, of a column is the same in every row; rows come at random times, even
    between 0 and 1. Amount: the way of a column by time 1, in its standard deviations.
    """

    kind, domain = "drift", "vector"
    levels = (0.25, 0.5, 1.0, 1.5, 2.5)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 1)
        keys = seeding.fold_rows(0, "drift", np.arange(units.size))
        self.direction = torch.from_numpy(seeding.normals(keys, 1)).sign().flatten()

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Return u + amount·time·direction, time = Φ(e)."""
        return u + amount * (even(e) + 1) / 2 * self.direction
