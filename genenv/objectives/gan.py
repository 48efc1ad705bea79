"""The first game, with both losses of the generator: minimax and non-saturating, on logits."""

from __future__ import annotations

import torch
from torch import Tensor
from typing_extensions import override

from genenv.objectives.base import Objective, Score, Terms, on_both
from genenv.objectives.exponentials import softplus


class Minimax(Objective):
    """Minimax GAN (Goodfellow et al., arXiv 1406.2661, equation 1), on logits.

    Critic: softplus(−D(x)) + softplus(D(G(z))) = −log σ(D(x)) − log(1 − σ(D(G(z)))).
    Generator: −softplus(D(G(z))) = log(1 − σ(D(G(z)))), which is flat where the critic is sure.
    """

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real` and `fake`."""
        on_real, on_fake = on_both(critic, real, fake)
        return {"real": softplus(-on_real), "fake": softplus(on_fake)}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": -softplus(critic(fake))}


class Gan(Minimax):
    """Non-saturating GAN (Goodfellow et al., arXiv 1406.2661, section 3), on logits.

    Critic: as minimax. Generator: softplus(−D(G(z))) = −log σ(D(G(z))).
    """

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": softplus(-critic(fake))}
