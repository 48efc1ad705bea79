"""Codes that nobody labelled: kinds of object, and what varies continuously."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from genenv import checks, seeding
from genenv.networks import Generator, Recognition
from genenv.objectives import views
from genenv.objectives.base import Objective, Score, Terms

REAL = 0.3  # weight of the term of real rows, beside the codes' of generated ones
BALANCE = 4.0  # in it, of codes that are used equally often
TINY = 1e-8  # inside logarithms


class InfoGan(Objective):
    """Mutual information between codes and samples, added to any game (arXiv 1606.03657, eq. 6).

    z begins with one-hot categorical codes, then continuous ones in [-1, 1]. The generator's terms
    gain, for a recognition network Q that is trained with the generator:

    - `information`: Σ −log Q(c|G(z)) over categorical codes + Σ (c − Q(G(z)))² over continuous ones
      (a Gaussian of fixed variance, appendix C);
    - `clusters`, with categorical codes: a *real* row shares its code with its nearest neighbour in
      the batch (SCAN, arXiv 2005.12320, equation 2) under a small move (IMSAT, arXiv 1702.08720,
      section 3.1), and codes are used equally often;
    - `shift`, with two or more continuous codes of images: if a picture is shifted, the first code
      moves in proportion across and the second down, the others not at all; the two proportions are
      fitted to each batch. Without it, codes mix what varies.

    The two last are of a batch: of neighbours in it, of how often it uses each code, of proportions
    that are fitted to it. The critic's terms, its constraint and its normalisation are the game's.

    Parameters
    ----------
    game
        The adversarial game.
    categorical
        Classes of each categorical code.
    continuous
        Number of continuous codes.
    weight
        Of all three terms.
    seed
        Address of the recognition network's first weights.
    """

    def __init__(
        self,
        game: Objective,
        categorical: tuple[int, ...],
        continuous: int,
        weight: float = 1.0,
        seed: int = 0,
    ) -> None:
        checks.positive("information", weight)
        if not categorical and not continuous:
            raise checks.Mistake("at least one code", "none", "give categorical or continuous")
        self.game = game
        self.categorical = tuple(categorical)
        self.continuous = continuous
        self.weight, self.seed = weight, seed
        self.penalised, self.clips = game.penalised, game.clips  # type: ignore[misc]
        self.normalise = game.normalise  # type: ignore[misc]
        self.penalties = game.penalties  # type: ignore[misc]

    @override
    def auxiliary(self, generator: nn.Module) -> nn.Module:
        """Make the recognition network."""
        assert isinstance(generator, Generator)
        with seeding.global_seed(self.seed):
            self.recognition = Recognition(generator.units, self.categorical, self.continuous)
        return self.recognition

    @override
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the game's terms."""
        return self.game.critic_terms(critic, real, fake, rng)

    @override
    def unpenalised_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the game's terms without its penalties."""
        return self.game.unpenalised_terms(critic, real, fake, rng)

    @override
    def constrain(self, module: nn.Module) -> None:
        """Constrain as the game does."""
        self.game.constrain(module)

    @override
    def generator_terms(
        self, critic: Score, real: Tensor, fake: Tensor, latent: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the game's terms and those of the codes."""
        terms = self.game.generator_terms(critic, real, fake, latent, rng)
        terms["information"] = self.weight * self._information(fake, latent, rng)
        if self.categorical:
            terms["clusters"] = self.weight * REAL * self._clusters(real, rng)
        if self.continuous >= 2 and self.recognition.units.shiftable:
            terms["shift"] = self.weight * self._shift(real, fake, rng)
        return terms

    def _information(self, fake: Tensor, latent: Tensor, rng: torch.Generator) -> Tensor:
        sizes = [*self.categorical, self.continuous, latent.shape[1] - self._coded]
        *picked, values, _ = torch.split(latent, sizes, 1)
        lost: Tensor = (self.recognition(fake)[1] - values).square().sum(1)
        if self.categorical:
            logits, _ = self.recognition(views.moved(fake, rng))
            for out, code in zip(logits, picked, strict=True):
                lost = lost + functional.cross_entropy(out, code, reduction="none")
        return lost

    @property
    def _coded(self) -> int:
        return sum(self.categorical) + self.continuous

    def _clusters(self, real: Tensor, rng: torch.Generator) -> Tensor:
        near = views.neighbours(real)
        logits, _ = self.recognition(torch.cat([real, views.moved(real, rng)]))
        total = torch.zeros(len(real), device=real.device)
        for out in logits:
            log_p, log_moved = out.log_softmax(1).chunk(2)
            p = log_p.exp()
            shared = -((p * log_moved.exp()[near]).sum(1) + TINY).log()
            kept = (p.detach() * (log_p.detach() - log_moved)).sum(1)
            mean = p.mean(0)
            spread = -(mean * (mean + TINY).log()).sum()
            total = total + shared + kept - BALANCE * spread
        return total

    def _shift(self, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
        x = torch.cat([real, fake])
        shifted, by = views.shifted(x, rng)
        before, after = self.recognition(torch.cat([x, shifted]))[1].chunk(2)
        moved = after - before
        step = (by * moved[:, :2]).sum(0) / by.square().sum(0)
        expected = functional.pad(by * step, (0, self.continuous - 2))
        missed: Tensor = (moved - expected).square().sum(1).view(2, -1).mean(0)
        return missed / views.FARTHEST**2
