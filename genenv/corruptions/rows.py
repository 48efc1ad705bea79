"""Corruptions of rows of mixed columns: cells that go missing, are mistaken, or measured badly."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor
from torch.nn import functional

from genenv import checks
from genenv.codecs import Codec, Rows
from genenv.corruptions.base import Corruption
from genenv.corruptions.draws import hit


class OfRows(Corruption):
    """What spoils rows of a table: each column has coordinates of e of its own."""

    domain = "table"
    draws = 1  # coordinates of e a column

    def __init__(self, units: Codec) -> None:
        if not isinstance(units, Rows):
            raise checks.Mistake(
                f"rows of a table for {self.kind}", f"{units.kind}s", "take others"
            )
        self.places = units.places
        super().__init__(units, self.draws * len(units.places))


class CellByCell(OfRows):
    """What spoils the cells of a column alike; a kind writes `cell`."""

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Change the cells of each column by its own coordinates of e."""
        made = u.clone()
        for number, place in enumerate(self.places):
            own = slice(place.u, place.u + place.wide)
            drawn = e[:, self.draws * number : self.draws * (number + 1)]
            made[:, own] = self.cell(u[:, own], drawn, amount, place.states, place.flagged)
        return made

    @abstractmethod
    def cell(self, u: Tensor, e: Tensor, amount: float, states: int, flagged: bool) -> Tensor:
        """Return the cells of one column.

        Parameters
        ----------
        u
            (n, wide): one-hot over `states`, or a standardised number and perhaps its flag.
        e
            (n, draws).
        amount
            Above 0, in the kind's own unit.
        states, flagged
            Of the column, see `codecs.places.Place`.
        """


class BlankCells(CellByCell):
    """Cells go missing at random where their column knows missing values; else to its middle.

    A cell of a column without an order that knows none stays. Amount: the share of cells.
    """

    kind = "blank-cells"
    levels = (0.05, 0.1, 0.2, 0.35, 0.5)

    def cell(self, u: Tensor, e: Tensor, amount: float, states: int, flagged: bool) -> Tensor:
        """Set the flag, or the middle, where e lies in its upper tail."""
        if states:
            return u
        blank = torch.zeros_like(u)
        blank[:, 1:] = float(flagged)
        return torch.where(hit(e, amount), blank, u)


class MistakenCategories(CellByCell):
    """Cells of columns without an order become another of their column's states.

    All others are equally likely. Amount: the share of cells.
    """

    kind, draws = "mistaken-categories", 2
    levels = (0.02, 0.05, 0.1, 0.2, 0.4)

    def cell(self, u: Tensor, e: Tensor, amount: float, states: int, flagged: bool) -> Tensor:  # noqa: ARG002
        """Of e the first says which cells, the second which state."""
        if states < 2:
            return u
        share = torch.special.ndtr(e[:, 1].double())
        step = 1 + (share * (states - 1)).long().clamp_max(states - 2)
        other = functional.one_hot((u.argmax(1) + step) % states, states)
        return torch.where(hit(e[:, :1], amount), other.to(u), u)


class MeasuredBadly(CellByCell):
    """Numbers have normal noise.

    Amount: its standard deviation, in those of the column.
    """

    kind = "measured-badly"
    levels = (0.1, 0.2, 0.4, 0.7, 1.0)

    def cell(self, u: Tensor, e: Tensor, amount: float, states: int, flagged: bool) -> Tensor:  # noqa: ARG002
        """Add amount·e; what is missing stays so."""
        if states:
            return u
        return torch.cat([u[:, :1] + amount * e, u[:, 1:]], 1)


class SlippedDigits(OfRows):
    """Numbers are entered ten times as large, and cut off at the largest that the data hold.

    Amount: the share of cells.
    """

    kind = "slipped-digits"
    levels = (0.005, 0.01, 0.02, 0.05, 0.1)

    def change(self, u: Tensor, e: Tensor, amount: float) -> Tensor:
        """Go to the user's units and back where e lies in its upper tail."""
        x = self.units.decode(u)
        for number, place in enumerate(self.places):
            if not place.states:
                tenfold = torch.where(hit(e[:, number], amount), 10 * x[:, place.x], x[:, place.x])
                x[:, place.x] = place.snapped(tenfold)
        touched = torch.zeros_like(u, dtype=torch.bool)
        for number, place in enumerate(self.places):
            if not place.states:
                touched[:, place.u] = hit(e[:, number], amount)
        return torch.where(touched, self.units.encode(x), u)
