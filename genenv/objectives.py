"""What critic and generator are trained for: named numbers, never an optimizer.

`critic` is x -> (batch,) with the labels of the step bound to it; real and fake share one label
vector, so any whole number of such batches may be concatenated in one call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from typing_extensions import override

from genenv import checks

Score = Callable[[Tensor], Tensor]
Terms = dict[str, Tensor]

TINY = 1e-12  # inside the square root of a gradient's norm


class Objective(ABC):
    """A game between critic and generator. The loss of each is the sum of its named scalars."""

    penalised: ClassVar[bool] = False  # then the critic must not look across rows: no batch norm

    @abstractmethod
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the critic's terms.

        Parameters
        ----------
        critic
            (k·batch, ...) -> (k·batch,) raw scores.
        real, fake
            (batch, ...), detached.
        rng
            This step's generator of random numbers, on the device of `real`.
        """

    @abstractmethod
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the generator's terms; `latent` is the z (batch, dim) that made `fake`."""

    def constrain(self, module: nn.Module) -> None:  # noqa: B027 most objectives have none
        """Constrain the critic's weights in place, after each of its updates."""

    def auxiliary(self, generator: nn.Module) -> nn.Module | None:  # noqa: ARG002 see the docstring
        """Return a network to be optimised with the generator, None if there is none."""
        return None


class Gan(Objective):
    """Non-saturating GAN (Goodfellow et al., arXiv 1406.2661, section 3), on logits.

    Critic: softplus(−D(x)) + softplus(D(G(z))) = −log σ(D(x)) − log(1 − σ(D(G(z)))).
    Generator: softplus(−D(G(z))) = −log σ(D(G(z))).
    """

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real` and `fake`."""
        return {"real": softplus(-critic(real)).mean(), "fake": softplus(critic(fake)).mean()}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": softplus(-critic(fake)).mean()}


class Wgan(Objective):
    """Wasserstein GAN with weight clipping (arXiv 1701.07875, algorithm 1).

    Critic: mean D(G(z)) − mean D(x), weights clipped to [−clip, clip] after each update.
    Generator: −mean D(G(z)).

    Parameters
    ----------
    clip
        Bound on each weight. The scales and shifts of batch norm are left alone: clipped to 0.01,
        they would cut the signal a hundredfold at every layer.
    """

    def __init__(self, clip: float = 0.01) -> None:
        checks.positive("clip", clip)
        self.clip = clip

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real` and `fake`; minus their sum estimates the distance."""
        return {"real": -critic(real).mean(), "fake": critic(fake).mean()}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": -critic(fake).mean()}

    @override
    @torch.no_grad()
    def constrain(self, module: nn.Module) -> None:
        """Clip every weight but batch norm's to [−clip, clip]."""
        for part in module.modules():
            if not isinstance(part, nn.modules.batchnorm._BatchNorm):
                for weight in part.parameters(recurse=False):
                    weight.clamp_(-self.clip, self.clip)


class WganGp(Objective):
    """Wasserstein GAN with gradient penalty (arXiv 1704.00028, equation 3).

    Critic: mean D(G(z)) − mean D(x) + λ·mean (‖∇D(x̂)‖ − 1)², x̂ = ε·x + (1 − ε)·G(z) with one
    ε ~ U(0, 1) a row; the norm is over all axes but the batch.

    Parameters
    ----------
    penalty
        λ; the paper has 10, its toy code 0.1.
    """

    penalised = True

    def __init__(self, penalty: float = 10.0) -> None:
        checks.positive("penalty", penalty)
        self.penalty = penalty

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return terms `real`, `fake` and `penalty`."""
        on_real, on_fake = critic(torch.cat([real, fake])).chunk(2)
        epsilon = torch.rand(len(real), generator=rng, device=real.device)
        epsilon = epsilon.view(-1, *[1] * (real.ndim - 1))
        between = (epsilon * real + (1 - epsilon) * fake).detach()
        _, squares = scores_and_slopes(critic, between)
        penalty = self.penalty * ((squares + TINY).sqrt() - 1).square().mean()
        return {"real": -on_real.mean(), "fake": on_fake.mean(), "penalty": penalty}

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        return {"adversarial": -critic(fake).mean()}


class Relativistic(Objective):
    """Relativistic pairing with R1 and R2 (R3GAN, arXiv 2501.05441, equations 2 to 4).

    Critic: softplus(D(G(z)) − D(x)) + γ/2·(mean ‖∇D(x)‖² + mean ‖∇D(G(z))‖²).
    Generator: softplus(D(x) − D(G(z))).
    The whole critic step is in float32, for its one pass carries the penalty.

    Parameters
    ----------
    penalty
        γ.
    """

    penalised = True

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
            "pairing": softplus(on_fake - on_real).mean(),
            "r1": half * r1.mean(),
            "r2": half * r2.mean(),
        }

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the term `adversarial`."""
        # two passes: of a frozen critic the one on real rows is never differentiated
        return {"adversarial": softplus(critic(real) - critic(fake)).mean()}


def scores_and_slopes(critic: Score, x: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (rows,) and squared gradient norms ‖∇D(x)‖² (rows,) over all axes but the batch.

    In float32 also under autocast; differentiable in the critic's weights.
    """
    with torch.autocast(x.device.type, enabled=False), torch.enable_grad():
        x = x.detach().float().requires_grad_()
        scores = critic(x)
        (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
        return scores, slope.square().flatten(1).sum(1)


OBJECTIVES: dict[str, type[Objective]] = {
    "gan": Gan,
    "wgan": Wgan,
    "wgan-gp": WganGp,
    "relativistic": Relativistic,
}


def build(name: str, penalty: float | None = None) -> Objective:
    """Make an objective by name.

    Parameters
    ----------
    name
        A name in OBJECTIVES.
    penalty
        λ or γ; None: the objective's default.

    Raises
    ------
    Mistake
        An unknown name, a penalty that is not above 0, or one for an objective without penalty.
    """
    kind: Callable[..., Objective] = OBJECTIVES[checks.choice("objective", name, OBJECTIVES)]
    if penalty is None:
        return kind()
    if not OBJECTIVES[name].penalised:
        penalised = ", ".join(n for n, k in OBJECTIVES.items() if k.penalised)
        raise checks.Mistake(
            f"a penalty only with {penalised}", f"{penalty} with {name}", "leave penalty out"
        )
    return kind(penalty)
