"""The contract of a player that proposes base vectors: ask and tell on a counted budget."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from genenv.noise import Noise
    from genenv.probe import Findings


@dataclass(frozen=True)
class Space:
    """Where a search moves: the base space of a noise, and the labels 0 to classes - 1."""

    noise: Noise
    classes: int


class Search(ABC):
    """A player: a pure function of its seed and of what it was told.

    Every kind is made as `Kind(space, seed)`. A campaign alternates `ask` and `tell`; it stores
    what it told, so that an interrupted search is resumed by asking again and telling from disk.
    A search sees findings (output, severity, the guide's margins), never the audit's verdict.
    """

    wants_gradient: bool = False  # then findings carry `gradient` and `guide_gradient`

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.seed = seed

    @abstractmethod
    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose at most `limit` base vectors (batch, base_dim) and labels (batch,)."""

    @abstractmethod
    def tell(self, findings: Findings) -> None:
        """Take the findings of the last ask, row by row."""
