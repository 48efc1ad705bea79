"""Evolution in the base space: many small populations, and CMA-ES through ribs."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from genenv import seeding
from genenv.agents.random import starts
from genenv.probe import Findings
from genenv.search import Search, Space

POPULATIONS, OFFSPRING, PARENTS = 16, 8, 2
STEP_SIZE, GENERATIONS = 0.8, 25
CMA_OFFSPRING, CMA_STEP_SIZE, CMA_GENERATIONS = 8, 0.6, 40


@final
class Evolution(Search):
    """(2, 8) evolution in 16 populations side by side, each with a condition of its own.

    A population takes the mean of its two best offspring; it starts afresh, with a fresh label,
    at its first success or after 25 generations. Small populations and restarts spread over
    the plausible set, where one large population would return to the same failure.
    """

    def __init__(self, space: Space, seed: int) -> None:
        super().__init__(space, seed)
        self.begun = self.generation = 0
        self.age = np.zeros(POPULATIONS, np.int64)
        self.mean = torch.zeros(POPULATIONS, space.noise.base_dim)
        self.label = torch.zeros(POPULATIONS, dtype=torch.int64)
        self.offspring = torch.zeros(POPULATIONS, OFFSPRING, space.noise.base_dim)
        self._restart(np.arange(POPULATIONS))

    def _restart(self, populations: np.ndarray) -> None:
        index = np.arange(self.begun, self.begun + len(populations))
        e, self.label[populations] = starts(self.space, self.seed, index)
        self.begun += len(populations)
        self.mean[populations] = self.space.noise.project(e)
        self.age[populations] = 0

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose a generation of every population."""
        keys = seeding.fold_rows(
            self.seed, "offspring", self.generation, np.arange(POPULATIONS * OFFSPRING)
        )
        draws = torch.from_numpy(seeding.normals(keys, self.space.noise.base_dim))
        spread = STEP_SIZE * draws.view_as(self.offspring)
        flat = (self.mean[:, None] + spread).flatten(0, 1)
        self.offspring = self.space.noise.project(flat).view_as(self.offspring)
        self.generation += 1
        label = self.label.repeat_interleave(OFFSPRING)
        return self.offspring.flatten(0, 1)[:limit], label[:limit]

    def tell(self, findings: Findings) -> None:
        """Move each population to the mean of its best; offspring that were cut off come last."""
        score = np.full(POPULATIONS * OFFSPRING, -np.inf, np.float32)
        success = np.zeros(POPULATIONS * OFFSPRING, np.bool_)
        score[: len(findings)], success[: len(findings)] = findings.score, findings.success
        best = torch.from_numpy(score).view(POPULATIONS, OFFSPRING).topk(PARENTS, dim=1).indices
        index = best[..., None].expand(-1, -1, self.offspring.shape[2])
        self.mean = self.space.noise.project(self.offspring.gather(1, index).mean(1))
        self.age += 1
        found = success.reshape(POPULATIONS, OFFSPRING).any(1)
        self._restart(np.nonzero(found | (self.age >= GENERATIONS))[0])


@final
class CmaEs(Search):
    """CMA-ES (Hansen 2016, arXiv 1604.00772) by ribs: one strategy a class, with restarts.

    A strategy starts afresh at its first success or after 40 generations.
    """

    def __init__(self, space: Space, seed: int) -> None:
        super().__init__(space, seed)
        self.begun = 0
        self.strategies: list[Any] = [self._start() for _ in range(space.classes)]
        self.age = np.zeros(space.classes, np.int64)

    def _start(self) -> Any:
        from ribs.emitters.opt import CMAEvolutionStrategy

        mean, _ = starts(self.space, self.seed, np.array([self.begun]))
        strategy = CMAEvolutionStrategy(
            sigma0=CMA_STEP_SIZE,
            solution_dim=self.space.noise.base_dim,
            batch_size=CMA_OFFSPRING,
            seed=seeding.fold(self.seed, "cma", self.begun),
        )
        strategy.reset(self.space.noise.project(mean)[0].numpy())
        self.begun += 1
        return strategy

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose a generation of every class."""
        e = torch.from_numpy(np.concatenate([s.ask() for s in self.strategies]).astype(np.float32))
        label = torch.arange(self.space.classes).repeat_interleave(CMA_OFFSPRING)
        return self.space.noise.project(e)[:limit], label[:limit]

    def tell(self, findings: Findings) -> None:
        """Rank each class's generation by score; a generation cut off by the budget is dropped."""
        for row in range(len(findings) // CMA_OFFSPRING):
            rows = findings.rows(slice(row * CMA_OFFSPRING, (row + 1) * CMA_OFFSPRING))
            order = np.argsort(-rows.score, kind="stable")
            strategy = self.strategies[row]
            strategy.tell(order, rows.score[:, None], CMA_OFFSPRING // 2)
            self.age[row] += 1
            if rows.success.any() or self.age[row] >= CMA_GENERATIONS:
                self.strategies[row], self.age[row] = self._start(), 0
