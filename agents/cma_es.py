"""CMA-ES in the base space."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import Tensor

from genenv import checks, seeding
from genenv.agents.random import starts
from genenv.probe import Findings
from genenv.search import Search, Space

if TYPE_CHECKING:
    from cmaes import CMA

LEAST_OFFSPRING = 4  # of which two recombine


@final
class CmaEs(Search):
    """CMA-ES (Hansen 2016, arXiv 1604.00772) by `cmaes`: one strategy a class, with restarts.

    A strategy starts afresh at its first success, after so many generations, or where its own
    criteria say that it goes nowhere.

    Parameters
    ----------
    space, seed
        See `Search`.
    offspring
        Of a generation of each class.
    sigma
        First step size, in base coordinates.
    generations
        After which a strategy without a success starts afresh.

    Raises
    ------
    Mistake
        A setting that is not above zero, or fewer than four offspring.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        offspring: int = 8,
        sigma: float = 0.6,
        generations: int = 40,
    ) -> None:
        super().__init__(space, seed)
        self.brood = checks.integer("offspring", offspring)
        self.sigma = sigma
        self.generations = checks.integer("generations", generations)
        checks.positive("sigma", sigma)
        if offspring < LEAST_OFFSPRING:
            raise checks.Mistake(f"at least {LEAST_OFFSPRING} offspring", offspring, "give more")
        self.begun = 0
        self.asked = np.zeros((space.classes, offspring, space.noise.base_dim))
        self.strategies = [self._start() for _ in range(space.classes)]

    def _start(self) -> CMA:
        from cmaes import CMA

        mean, _ = starts(self.space, self.seed, np.array([self.begun]))
        strategy = CMA(
            self.space.noise.project(mean)[0].double().numpy(),
            self.sigma,
            population_size=self.brood,
            seed=seeding.fold(self.seed, "cma", self.begun) % 2**32,
        )
        self.begun += 1
        return strategy

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose a generation of every class."""
        self.asked = np.array([[s.ask() for _ in range(self.brood)] for s in self.strategies])
        e = torch.from_numpy(self.asked.astype(np.float32)).flatten(0, 1)
        label = torch.arange(self.space.classes).repeat_interleave(self.brood)
        return self.space.noise.project(e)[:limit], label[:limit]

    def tell(self, findings: Findings) -> None:
        """Rank each class's generation by score; a generation cut off by the budget is dropped."""
        for row in range(len(findings) // self.brood):
            rows = findings.rows(slice(row * self.brood, (row + 1) * self.brood))
            strategy = self.strategies[row]
            cost = (-rows.score).tolist()
            strategy.tell(list(zip(self.asked[row], cost, strict=True)))
            spent = strategy.generation >= self.generations or strategy.should_stop()
            if rows.success.any() or spent:
                self.strategies[row] = self._start()
