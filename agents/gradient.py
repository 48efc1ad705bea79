"""Gradient ascent in the base space, for models that torch can differentiate."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import Tensor

from genenv import checks
from genenv.agents.random import starts
from genenv.probe import Findings
from genenv.search import Search, Space
from genenv.stacked import StackedAdam


@final
class Gradient(Search):
    """Parallel chains of Adam (arXiv 1412.6980) on the score; a step is a query.

    A chain starts afresh, with a fresh label, after its success or after so many steps.

    Parameters
    ----------
    space, seed
        See `Search`.
    chains
        Side by side.
    steps
        After which a chain without a success starts afresh.
    rate
        Adam's learning rate, in base coordinates a step.

    Raises
    ------
    Mistake
        The noise is a step function, without a slope to climb, or a setting is not above zero.
    """

    wants_gradient = True

    def __init__(
        self, space: Space, seed: int, *, chains: int = 64, steps: int = 20, rate: float = 0.3
    ) -> None:
        super().__init__(space, seed)
        self.steps = checks.integer("steps", steps)
        self.rate = rate
        checks.positive("rate", rate)
        if not space.noise.differentiable:
            raise checks.Mistake(
                "a noise with a gradient", type(space.noise).__name__, "take evolution or cma-es"
            )
        self.begun = 0
        self.age = np.zeros(checks.integer("chains", chains), np.int64)
        self.e = torch.zeros(chains, space.noise.base_dim)
        self.label = torch.zeros(chains, dtype=torch.int64)
        self.adam = StackedAdam(self.e)
        self._restart(np.arange(chains))

    def _restart(self, chains: np.ndarray) -> None:
        index = np.arange(self.begun, self.begun + len(chains))
        e, self.label[chains] = starts(self.space, self.seed, index)
        self.begun += len(chains)
        self.e[chains] = self.space.noise.project(e)
        self.adam.begin(chains)
        self.age[chains] = 0

    def ask(self, limit: int) -> tuple[Tensor, Tensor]:
        """Propose where each chain stands."""
        return self.e[:limit].clone(), self.label[:limit].clone()

    def tell(self, findings: Findings) -> None:
        """Take one step of Adam up the score."""
        assert findings.gradient is not None
        assert findings.guide_gradient is not None
        n = len(findings)
        climbing = (findings.severity < 1)[:, None]  # the score counts severity up to 1
        slope = torch.from_numpy(np.where(climbing, findings.gradient, 0) + findings.guide_gradient)
        self.age[:n] += 1
        self.adam.step(-slope, torch.full((n,), self.rate), torch.arange(n))
        self.e[:n] = self.space.noise.project(self.e[:n])
        self._restart(np.nonzero(findings.success | (self.age[:n] >= self.steps))[0])
