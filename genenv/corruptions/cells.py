"""Corruptions of single cells of a table: missing, mistaken, far out."""

from __future__ import annotations

import math

import torch
from scipy import special
from torch import Tensor

from genenv import checks
from genenv.codecs import Codec
from genenv.corruptions.base import Corruption
from genenv.corruptions.draws import hit, hit_either_side


class Missing(Corruption):
    """Cells go missing at random, and are imputed by their column's mean.

    Amount: the share of cells.
    """

    kind, domain = "missing", "vector"
    levels = (0.05, 0.1, 0.2, 0.35, 0.5)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, units.size)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Set 0, the mean of a standardised column, where e lies in its upper tail."""
        return u.masked_fill(hit(e, amount), 0.0)


class MissingNotAtRandom(Corruption):
    """Large values go missing more, and are imputed by their column's mean.

    P(missing | u) = Φ(Φ⁻¹(amount)·√(1 + b²) + b·u), b = 2: a probit model of what is missing
    (Heckman 1979, https://doi.org/10.2307/1912352).
    Amount: the share of cells in a column that is normal.
    """

    kind, domain = "missing-not-at-random", "vector"
    levels = (0.05, 0.1, 0.2, 0.35, 0.5)
    slope = 2.0  # b: how much more, in standard deviations of e for one of the column

    def __init__(self, units: Codec) -> None:
        super().__init__(units, units.size)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Set 0 where e lies below the probit of P(missing | u)."""
        middle = float(special.ndtri(amount)) * math.sqrt(1 + self.slope**2)
        return u.masked_fill(e < middle + self.slope * u, 0.0)


class UnitErrors(Corruption):
    """Cells are entered in a wrong unit: times ten, in the user's units.

    Amount: the share of cells.
    """

    kind, domain = "unit-errors", "vector"
    levels = (0.005, 0.01, 0.02, 0.05, 0.1)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, units.size)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Go to the user's units and back where e lies in its upper tail."""
        return torch.where(hit(e, amount), self.real.encode(10 * self.real.decode(u)), u)


class Outliers(Corruption):
    """Cells jump up or down by five standard deviations of their column.

    Amount: the share of cells.
    """

    kind, domain = "outliers", "vector"
    levels = (0.01, 0.03, 0.07, 0.15, 0.3)
    jump = 5.0  # standard deviations

    def __init__(self, units: Codec) -> None:
        super().__init__(units, units.size)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Add or take 5 where e lies in one of its tails."""
        return u + self.jump * hit_either_side(e, amount)


class CategoryShift(Corruption):
    """Cells of integer data become another whole number between the ends of their column.

    All others are equally likely. Amount: the share of cells.
    """

    kind, domain = "category-shift", "vector"
    levels = (0.02, 0.05, 0.1, 0.2, 0.4)

    def __init__(self, units: Codec) -> None:
        super().__init__(units, 2 * units.size)
        self.least = torch.tensor(units.least, dtype=torch.float64)
        self.others = torch.tensor(units.most, dtype=torch.float64) - self.least

    @classmethod
    def refusal(cls, units: Codec) -> checks.Mistake | None:
        """Refuse floats, too, whose columns list no categories."""
        if units.integer or units.kind != cls.domain:
            return super().refusal(units)
        return checks.Mistake(
            f"integer data for {cls.kind}, whose columns hold categories",
            units.dtype,
            "store categories as integers",
        )

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Of e the first half says which cells, the second half which value."""
        hitting, picking = torch.split(e, self.units.size, -1)
        own = self.real.decode(u).double().round() - self.least
        other = (torch.special.ndtr(picking.double()) * self.others).floor()
        other = torch.minimum(other, self.others - 1)  # where Φ(e) is 1
        other += other >= own
        shifted = self.real.encode(self.least + other)
        return torch.where(hit(hitting, amount) & (self.others > 0), shifted, u)
