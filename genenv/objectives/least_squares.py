"""Least squares in place of the logarithm."""

from __future__ import annotations

import torch
from torch import Tensor
from typing_extensions import override

from genenv.objectives.base import Objective, Score, Terms, on_both


class LeastSquares(Objective):
    """Least-squares GAN (Mao et al., arXiv 1611.04076, equation 9: targets 0 and 1).

    Critic: ½·(D(x) − 1)² + ½·D(G(z))². Generator: ½·(D(G(z)) − 1)².
    """

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real` and `fake`."""
        on_real, on_fake = on_both(critic, real, fake)
        return {"real": (on_real - 1).square() / 2, "fake": on_fake.square() / 2}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": (critic(fake) - 1).square() / 2}
