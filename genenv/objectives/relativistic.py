"""Real and generated samples judged in pairs, with zero-centred penalties."""

from __future__ import annotations

import torch
from torch import Tensor
from typing_extensions import override

from genenv import checks
from genenv.objectives.base import Objective, Score, Terms, on_both
from genenv.objectives.exponentials import softplus
from genenv.objectives.slopes import scores_and_slopes


class Relativistic(Objective):
    """Relativistic pairing with R1 and R2 (R3GAN, arXiv 2501.05441, equations 2 to 4).

    Critic: softplus(D(G(z)) − D(x)) + γ/2·(‖∇D(x)‖² + ‖∇D(G(z))‖²).
    Generator: softplus(D(x) − D(G(z))).
    A critic step with its penalties is in float32 as a whole, for its one pass carries them.

    Parameters
    ----------
    penalty
        γ.
    """

    penalised = True
    penalties = frozenset({"r1", "r2"})
    normalise = "none"

    def __init__(self, penalty: float = 0.5) -> None:
        checks.positive("penalty", penalty)
        self.penalty = penalty

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `pairing`, `r1` and `r2`."""
        scores, squares = scores_and_slopes(critic, torch.cat([real, fake]))
        on_real, on_fake = scores.chunk(2)
        r1, r2 = squares.chunk(2)
        half = self.penalty / 2
        return {
            "pairing": softplus(on_fake - on_real),
            "r1": half * r1,
            "r2": half * r2,
        }

    @override
    def unpenalised_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `pairing`."""
        on_real, on_fake = on_both(critic, real, fake)
        return {"pairing": softplus(on_fake - on_real)}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        # two passes: of a frozen critic the one on real rows is never differentiated
        return {"adversarial": softplus(critic(real) - critic(fake))}
