"""The contract of a player that proposes base vectors: ask and tell on a counted budget."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

if TYPE_CHECKING:
    from genenv.generators import Generator
    from genenv.noise import Noise
    from genenv.probe import Findings


@dataclass(frozen=True)
class Space:
    """Where a search moves: the base space of a noise, and the labels 0 to classes - 1."""

    noise: Noise
    classes: int
    generator: Generator | None = None
    """For a search that measures samples, which costs no query; None: there is none."""


class Search(ABC):
    """A player: a pure function of its seed and of what it was told.

    Every kind is made as `Kind(space, seed, **settings)`: settings are keyword arguments with
    defaults, which a user binds by `functools.partial`. A campaign alternates `ask` and `tell`; it
    stores what it told, so that an interrupted search is resumed by asking again and telling from
    disk. A search sees findings (output, severity, the guide's margins), never the audit's verdict.

    Draw by address: `seeding.normals(seeding.fold_rows(seed, ...), space.noise.base_dim)`; stay
    where the noise is plausible by `space.noise.project(e)`; labels are 0 to `space.classes` - 1.

    Parameters
    ----------
    space
        Where it moves.
    seed
        Address of everything that it draws.
    """

    wants_gradient: ClassVar[bool] = False
    """Then findings carry `gradient` and `guide_gradient`."""
    samples_law: ClassVar[bool] = False
    """Its base vectors are independent draws from N(0, I), its labels are even: the share of them
    that is confirmed estimates P(failure), and it is the control beside the other searches."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.seed = seed

    @abstractmethod
    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose at most `limit` base vectors (batch, base_dim) and labels (batch,)."""

    @abstractmethod
    def tell(self, findings: Findings) -> None:
        """Take the findings of the last ask, row by row."""
