"""Metropolis: chains that stay where the generator's law and the score are both high."""

from __future__ import annotations

from functools import partial
from typing import final

from torch import Tensor

from genenv.agents.chains import Chains
from genenv.agents.random import starts
from genenv.probe import Findings
from genenv.search import Search, Space


@final
class Metropolis(Search):
    """64 preconditioned Crank-Nicolson chains on the score, see `chains.Chains`.

    What it finds is likelier under the generator's law than what evolution climbs to: the law is
    half of what accepts a move.

    Parameters
    ----------
    space, seed
        See `Search`.
    chains, step, temperature, stay, patience
        See `chains.Chains`.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        chains: int = 64,
        step: float = 0.3,
        temperature: float = 0.3,
        stay: int = 3,
        patience: int = 100,
    ) -> None:
        super().__init__(space, seed)
        self.chains = Chains(
            space, seed, partial(starts, space, seed), chains=chains, step=step,
            temperature=temperature, stay=stay, patience=patience,
        )  # fmt: skip

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose a move of every chain."""
        return self.chains.ask(limit)

    def tell(self, findings: Findings) -> None:
        """Accept or refuse the moves."""
        self.chains.tell(findings)
