"""The newest rows of a search that goes on: memory and cost a row do not grow with the budget."""

from __future__ import annotations

import torch
from torch import Tensor


class Recent:
    """A ring of rows, newest last; what is added beyond its size displaces the oldest.

    Parameters
    ----------
    size
        Rows that it keeps.
    like
        Rows whose shape and dtype all have, (n, ...).
    """

    def __init__(self, size: int, like: Tensor) -> None:
        self._rows = like.new_empty(size, *like.shape[1:])  # pages are taken as they are filled
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, len(self._rows))

    def add(self, rows: Tensor) -> None:
        """Keep rows, (n, ...)."""
        places = torch.arange(self._added, self._added + len(rows)) % len(self._rows)
        newest = slice(-len(self._rows), None)
        self._rows[places[newest]] = rows[newest]
        self._added += len(rows)

    def at(self, index: Tensor) -> Tensor:
        """Return rows by their order: 0 is the oldest that is kept."""
        return self._rows[(index + self._added - len(self)) % len(self._rows)]

    def all(self) -> Tensor:
        """Return all that is kept, in no promised order."""
        return self._rows[: len(self)]
