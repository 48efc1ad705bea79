"""Stand-in while the real one is being made."""

from __future__ import annotations

from torch.nn import functional

from genenv import seeding
from genenv.classifier import Classifier
from genenv.objectives.base import Objective


class InfoGan(Objective):
    """x."""

    def __init__(self, game, categorical, continuous, weight=1.0):
        self.game, self.categorical, self.continuous, self.weight = (
            game,
            categorical,
            continuous,
            weight,
        )
        self.penalised, self.clips, self.normalise = game.penalised, game.clips, game.normalise

    def critic_terms(self, critic, real, fake, rng):
        return self.game.critic_terms(critic, real, fake, rng)

    def constrain(self, module):
        self.game.constrain(module)

    def auxiliary(self, generator):
        with seeding.global_seed(5):
            self.q = Classifier(
                "cnn" if generator.units.is_image else "mlp",
                generator.units,
                sum(self.categorical) + self.continuous,
            ).eval()
        return self.q

    def generator_terms(self, critic, real, fake, latent, rng):
        out = self.q(fake)
        at = 0
        loss = 0
        for k in self.categorical:
            loss = loss + functional.cross_entropy(out[:, at : at + k], latent[:, at : at + k])
            at += k
        if self.continuous:
            loss = (
                loss
                + (out[:, at : at + self.continuous] - latent[:, at : at + self.continuous])
                .square()
                .mean()
            )
        return self.game.generator_terms(critic, real, fake, latent, rng) | {
            "information": self.weight * loss
        }
