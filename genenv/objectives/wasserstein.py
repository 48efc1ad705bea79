"""The Wasserstein games: the critic's slope is bounded by clipping, or drawn to 1 by a penalty."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from typing_extensions import override

from genenv import checks
from genenv.objectives.base import Objective, Score, Terms, on_both
from genenv.objectives.slopes import slopes

TINY = 1e-12  # inside the square root of a gradient's norm


class Wgan(Objective):
    """Wasserstein GAN with weight clipping (arXiv 1701.07875, algorithm 1).

    Critic: D(G(z)) − D(x), weights clipped to [−clip, clip] after each update.
    Generator: −D(G(z)).

    Parameters
    ----------
    clip
        Bound on each weight. The scales and shifts of batch norm are left alone: clipped to 0.01,
        they would cut the signal a hundredfold at every layer.
    """

    clips = True

    def __init__(self, clip: float = 0.01) -> None:
        checks.positive("clip", clip)
        self.clip = clip

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real` and `fake`; minus the sum of their means estimates the distance."""
        on_real, on_fake = on_both(critic, real, fake)
        return {"real": -on_real, "fake": on_fake}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": -critic(fake)}

    @override
    @torch.no_grad()
    def constrain(self, module: nn.Module) -> None:
        """Clip every weight but batch norm's to [−clip, clip]."""
        for weight in clipped_weights(module):
            weight.clamp_(-self.clip, self.clip)


class WganGp(Wgan):
    """Wasserstein GAN with gradient penalty (arXiv 1704.00028, equation 3).

    Critic: D(G(z)) − D(x) + λ·(‖∇D(x̂)‖ − 1)², x̂ = ε·x + (1 − ε)·G(z) with one
    ε ~ U(0, 1) a score: a row, or a pack of rows; the norm is over all that the score sees.

    Parameters
    ----------
    penalty
        λ; the paper has 10, its toy code 0.1.
    """

    penalised = True
    penalties = frozenset({"penalty"})
    clips = False
    normalise = "none"

    def __init__(self, penalty: float = 10.0) -> None:
        checks.positive("penalty", penalty)
        self.penalty = penalty

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real`, `fake` and `penalty`."""
        on_real, on_fake = on_both(critic, real, fake)
        epsilon = torch.rand(len(on_real), generator=rng, device=real.device)
        epsilon = epsilon.repeat_interleave(len(real) // len(on_real))
        epsilon = epsilon.view(-1, *[1] * (real.ndim - 1))
        squares = slopes(critic, epsilon * real + (1 - epsilon) * fake)
        penalty = self.penalty * ((squares + TINY).sqrt() - 1).square()
        return {"real": -on_real, "fake": on_fake, "penalty": penalty}

    @override
    def unpenalised_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real` and `fake`."""
        return Wgan.critic_terms(self, critic, real, fake, rng)

    @override
    def constrain(self, module: nn.Module) -> None:
        """Leave the weights alone."""


def clipped_weights(module: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that clipping moves: all but batch norm's."""
    return [
        weight
        for part in module.modules()
        if not isinstance(part, nn.modules.batchnorm._BatchNorm)
        for weight in part.parameters(recurse=False)
    ]
