"""The hinge game, made for spectrally normalised critics."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import relu
from typing_extensions import override

from genenv.objectives.base import Objective, Score, Terms, on_both


class Hinge(Objective):
    """Hinge loss (Lim and Ye, arXiv 1705.02894; Miyato et al., 1802.05957, equations 16 and 17).

    Critic: relu(1 − D(x)) + relu(1 + D(G(z))). Generator: −D(G(z)).
    """

    normalise = "spectral"

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real` and `fake`."""
        on_real, on_fake = on_both(critic, real, fake)
        return {"real": relu(1 - on_real), "fake": relu(1 + on_fake)}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": -critic(fake)}
