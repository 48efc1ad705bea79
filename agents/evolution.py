"""Evolution in the base space: many small populations side by side."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from genenv import checks, seeding
from genenv.agents.random import starts
from genenv.probe import Findings
from genenv.search import Search, Space


@final
class Evolution(Search):
    """(μ, λ) evolution in populations side by side, each with a condition of its own.

    A population takes the mean of its best offspring; it starts afresh, with a fresh label, at its
    first success or after so many generations. Small populations and restarts spread over the
    plausible set, where one large population would return to the same failure.

    Parameters
    ----------
    space, seed
        See `Search`.
    populations
        Side by side.
    offspring, parents
        λ and μ of each population.
    sigma
        Standard deviation of the offspring, in base coordinates.
    generations
        After which a population without a success starts afresh.

    Raises
    ------
    Mistake
        A setting that is not above zero, or more parents than offspring.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        populations: int = 16,
        offspring: int = 8,
        parents: int = 2,
        sigma: float = 0.8,
        generations: int = 25,
    ) -> None:
        super().__init__(space, seed)
        self.populations = checks.integer("populations", populations)
        self.brood = checks.integer("offspring", offspring)
        self.parents = checks.integer("parents", parents)
        self.sigma = sigma
        self.generations = checks.integer("generations", generations)
        checks.positive("sigma", sigma)
        if parents > offspring:
            raise checks.Mistake(f"at most {offspring} parents", parents, "give more offspring")
        self.begun = 0
        self.generation = 0
        self.age = np.zeros(populations, np.int64)
        self.mean = torch.zeros(populations, space.noise.base_dim)
        self.label = torch.zeros(populations, dtype=torch.int64)
        self.offspring = torch.zeros(populations, offspring, space.noise.base_dim)
        self._restart(np.arange(populations))

    def _restart(self, populations: np.ndarray) -> None:
        index = np.arange(self.begun, self.begun + len(populations))
        e, self.label[populations] = starts(self.space, self.seed, index)
        self.begun += len(populations)
        self.mean[populations] = self.space.noise.project(e)
        self.age[populations] = 0

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose a generation of every population."""
        rows = np.arange(self.populations * self.brood)
        keys = seeding.fold_rows(self.seed, "offspring", self.generation, rows)
        draws = torch.from_numpy(seeding.normals(keys, self.space.noise.base_dim))
        spread = self.sigma * draws.view_as(self.offspring)
        flat = (self.mean[:, None] + spread).flatten(0, 1)
        self.offspring = self.space.noise.project(flat).view_as(self.offspring)
        self.generation += 1
        label = self.label.repeat_interleave(self.brood)
        return self.offspring.flatten(0, 1)[:limit], label[:limit]

    def tell(self, findings: Findings) -> None:
        """Move each population to the mean of its best; offspring that were cut off come last."""
        shape = self.populations, self.brood
        score = np.full(self.populations * self.brood, -np.inf, np.float32)
        success = np.zeros(self.populations * self.brood, np.bool_)
        score[: len(findings)] = findings.score
        success[: len(findings)] = findings.success
        best = torch.from_numpy(score).view(shape).topk(self.parents, dim=1).indices
        index = best[..., None].expand(-1, -1, self.offspring.shape[2])
        self.mean = self.space.noise.project(self.offspring.gather(1, index).mean(1))
        self.age += 1
        found = success.reshape(shape).any(1)
        self._restart(np.nonzero(found | (self.age >= self.generations))[0])
