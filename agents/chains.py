"""Metropolis chains side by side in the base space: what `metropolis` and `stored` move by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.probe import Findings
from genenv.search import Space

LOWEST = -1e30  # score of a query without a usable answer

Starts = Callable[[NDArray[np.int64]], tuple[Tensor, Tensor]]
"""Numbers of starts (n,) -> base vectors (n, base_dim) and labels (n,)."""


class Chains:
    """Chains whose law is N(0, I) times exp(score / temperature), by Crank-Nicolson moves.

    A move e' = √(1-β²)·e + β·ξ leaves N(0, I) as it is, so that it is accepted by the scores alone
    (Cotter et al. 2013, arXiv 1202.0709, section 4.2). A chain starts afresh, with a fresh label,
    so many moves after its first success, or after so many without one.

    Parameters
    ----------
    space, seed
        See `search.Search`.
    starts
        Where chains begin, by number; they are brought into the plausible set.
    chains
        Side by side.
    step
        β, above 0 and at most 1.
    temperature
        In units of the score, above 0.
    stay
        Moves after its first success, with which a chain looks around.
    patience
        Moves without a success.

    Raises
    ------
    Mistake
        A setting outside its limits.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        starts: Starts,
        *,
        chains: int,
        step: float,
        temperature: float,
        stay: int,
        patience: int,
    ) -> None:
        self.space = space
        self.seed = seed
        self.starts = starts
        self.count = checks.integer("chains", chains)
        checks.positive("step", step)
        checks.positive("temperature", temperature)
        if step > 1:
            raise checks.Mistake("a step of at most 1", step, "give a smaller one")
        self.step, self.temperature = step, temperature
        self.stay = checks.integer("stay", stay)
        self.patience = checks.integer("patience", patience)
        self.begun = 0
        self.turn = 0
        self.age = np.zeros(chains, np.int64)  # moves since the start, or since the first success
        self.found = np.zeros(chains, np.bool_)
        self.score = np.full(chains, -np.inf)
        self.e = torch.zeros(chains, space.noise.base_dim)
        self.label = torch.zeros(chains, dtype=torch.int64)
        self.asked = self.e.clone()
        self._restart(np.arange(chains))

    def _restart(self, chains: NDArray[np.int64]) -> None:
        index = np.arange(self.begun, self.begun + len(chains))
        e, self.label[chains] = self.starts(index)
        self.begun += len(chains)
        self.e[chains] = self.space.noise.project(e)
        self.age[chains] = 0
        self.found[chains] = False
        self.score[chains] = -np.inf  # what stands at the start is taken, whatever its score

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose a move of each chain, or its start where it has just begun."""
        keys = seeding.fold_rows(self.seed, "move", self.turn, np.arange(self.count))
        noise = torch.from_numpy(seeding.normals(keys, self.space.noise.base_dim))
        moved = (1 - self.step**2) ** 0.5 * self.e + self.step * noise
        fresh = torch.from_numpy(np.isneginf(self.score))[:, None]
        self.asked = self.space.noise.project(torch.where(fresh, self.e, moved))
        self.turn += 1
        return self.asked[:limit].clone(), self.label[:limit].clone()

    def tell(self, findings: Findings) -> None:
        """Accept or refuse each move; restart the chains that are done."""
        n = len(findings)
        keys = seeding.fold_rows(self.seed, "accept", self.turn, np.arange(n))
        draw = np.log(seeding.uniforms(keys, 1)[:, 0].clip(1e-300))
        score = np.nan_to_num(findings.score, nan=LOWEST)
        rows = np.flatnonzero(draw < (score - self.score[:n]) / self.temperature)
        self.e[rows] = self.asked[rows]
        self.score[rows] = score[rows]
        first = findings.success & ~self.found[:n]
        self.age[:n] = np.where(first, 0, self.age[:n] + 1)
        self.found[:n] |= first
        limit = np.where(self.found[:n], self.stay, self.patience)
        self._restart(np.flatnonzero(self.age[:n] >= limit))
