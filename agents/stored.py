"""Failures of another run, asked as they are and taken as starts."""

from __future__ import annotations

from functools import partial
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.agents.chains import Chains
from genenv.probe import Findings
from genenv.search import Search, Space


@final
class Stored(Search):
    """The failures of one model are the first thing to ask the next.

    First it asks each as it is, a pair of condition and prediction in turn; then Metropolis chains
    start from them, see `chains.Chains`, those that failed again before the others.

    Parameters
    ----------
    space, seed
        See `Search`; the generator must be that of the other run.
    failures
        Base vectors (m, base_dim) and labels (m,) in the order of asking, see `failures.in_turn`.
    chains, step, temperature, stay, patience
        See `chains.Chains`.

    Raises
    ------
    Mistake
        No failure, or failures of another space.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        failures: tuple[Tensor, Tensor],
        *,
        chains: int = 64,
        step: float = 0.3,
        temperature: float = 0.1,
        stay: int = 10,
        patience: int = 20,
    ) -> None:
        super().__init__(space, seed)
        self.e, self.label = failures
        if not len(self.e):
            raise checks.Mistake("stored failures to start from", "none", "give a run with some")
        checks.shape("e of stored failures", self.e, (None, space.noise.base_dim))
        checks.shape("label of stored failures", self.label, (len(self.e),))
        self.asked = 0
        self.again = np.zeros(len(self.e), np.bool_)  # failed again, as they are
        self.order: NDArray[np.int64] = np.zeros(0, np.int64)
        self.begin = partial(
            Chains, space, seed, self._starts, chains=chains, step=step,
            temperature=temperature, stay=stay, patience=patience,
        )  # fmt: skip
        self.moves: Chains | None = None

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose the stored ones, then moves from them."""
        if self.moves is not None:
            return self.moves.ask(limit)
        rows = slice(self.asked, self.asked + limit)
        return self.e[rows].clone(), self.label[rows].clone()

    def tell(self, findings: Findings) -> None:
        """Mark those that failed again; later, accept or refuse the moves."""
        if self.moves is not None:
            self.moves.tell(findings)
            return
        self.again[self.asked : self.asked + len(findings)] = findings.success
        self.asked += len(findings)
        if self.asked == len(self.e):
            self.order = np.argsort(~self.again, kind="stable")
            self.moves = self.begin()

    def _starts(self, index: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        rows = torch.from_numpy(self.order[index % len(self.order)])
        return self.e[rows], self.label[rows]
