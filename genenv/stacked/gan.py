"""n generator-critic pairs under one objective, each pair a row."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.objectives import Objective, Score, Terms
from genenv.objectives.kinks import StraightPieces
from genenv.stacked.adam import StackedAdam
from genenv.stacked.draws import DrawnByRow
from genenv.stacked.mlp import Layers, StackedMlp

SLOPE = 0.2  # of the critic's LeakyReLU; generators have ReLU
Keys = NDArray[np.uint64]


class StackedGan:
    """n GANs on vectors, updated together; rows that are not named stay as they are.

    Parameters
    ----------
    rows
        n.
    objective
        Its terms are one number a row; `check_by_row` tries one that is not known.
    latent, size
        Columns of z and of a sample.
    width, depth
        Of the hidden layers of both networks, and their number.
    betas
        Of both optimizers.
    norm
        Of the critic: "none"; others are refused with the reason.

    Raises
    ------
    Mistake
        An objective that clips weights, a normalisation, or a size below one; in an update, a term
        that is not one number a row.
    """

    def __init__(
        self,
        rows: int,
        objective: Objective,
        latent: int,
        size: int,
        width: int = 32,
        depth: int = 2,
        betas: tuple[float, float] = (0.0, 0.99),
        norm: str = "none",
    ) -> None:
        if objective.clips:
            got = type(objective).__name__
            do = "choose another: a stack has no modules to clip"
            raise checks.Mistake("an objective without weight clipping", got, do)
        hidden = [checks.integer("width", width)] * checks.integer("depth", depth)
        self.objective = objective
        self.latent, self.size = checks.integer("latent", latent), checks.integer("size", size)
        self.generator = StackedMlp(rows, [latent, *hidden, size])
        self.critic = StackedMlp(rows, [size, *hidden, 1], SLOPE, norm)
        self.optimizers = {
            "generator": StackedAdam(self.generator.theta, betas),
            "critic": StackedAdam(self.critic.theta, betas),
        }

    def begin(
        self,
        rows: NDArray[np.int64],
        generator: Keys,
        critic: Keys,
        widths: NDArray[np.int64] | None = None,
    ) -> None:
        """Make new networks in some rows, by the keys of their weights, and new optimizers.

        `widths`: units that each has of every hidden layer, (k,); None: all.
        """
        for network, keys in ((self.generator, generator), (self.critic, critic)):
            network.begin(rows, keys)
            if widths is not None:
                network.narrow(rows, widths)
        for optimizer in self.optimizers.values():
            optimizer.begin(rows)

    @torch.no_grad()
    def sample(self, latent: Tensor, rows: Tensor | None = None) -> Tensor:
        """(k, batch, latent) -> (k, batch, size)."""
        return self.generator(self.generator.layers(rows), latent)

    @torch.no_grad()
    def score(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """(k, batch, size) -> raw scores (k, batch)."""
        return self.critic(self.critic.layers(rows), x).squeeze(2)

    def update_critic(
        self,
        real: Tensor,
        fake: Tensor,
        rate: Tensor,
        penalty: Tensor,
        keys: Keys,
        rows: Tensor | None = None,
    ) -> tuple[Terms, Tensor]:
        """Update the critics of some rows once.

        Parameters
        ----------
        real, fake
            (k, batch, size), detached.
        rate, penalty
            Learning rate, and factor of the objective's penalties, (k,) each.
        keys
            Of what the objective draws, (k,).
        rows
            Indices (k,); None: all.

        Returns
        -------
        Terms (k,) each, the penalties without their factor, and squared norms of gradients (k,).
        """
        layers = self.critic.layers(rows, grad=True)
        score, rng = self._bound(layers, *real.shape[:2]), torch.Generator()
        with DrawnByRow(rng, keys):
            terms = self.objective.critic_terms(score, real.flatten(0, 1), fake.flatten(0, 1), rng)
        terms = _means(terms, *real.shape[:2])
        loss = [t * penalty if k in self.objective.penalties else t for k, t in terms.items()]
        return _detached(terms), self._descend("critic", loss, layers, rate, rows)

    def update_generator(
        self, real: Tensor, latent: Tensor, rate: Tensor, keys: Keys, rows: Tensor | None = None
    ) -> tuple[Terms, Tensor]:
        """Update the generators of some rows once, on z (k, batch, latent); as `update_critic`."""
        layers = self.generator.layers(rows, grad=True)
        fake = self.generator(layers, latent)
        score, rng = self._bound(self.critic.layers(rows), *real.shape[:2]), torch.Generator()
        with DrawnByRow(rng, keys):
            terms = self.objective.generator_terms(
                score, real.flatten(0, 1), fake.flatten(0, 1), latent.flatten(0, 1), rng
            )
        terms = _means(terms, *real.shape[:2])
        return _detached(terms), self._descend("generator", [*terms.values()], layers, rate, rows)

    def _bound(self, layers: Layers, rows: int, batch: int) -> Score:
        """Bind the critics' weights, for any number of concatenated batches."""

        def score(x: Tensor) -> Tensor:
            stacked = x.view(-1, rows, batch, self.size).transpose(0, 1).flatten(1, 2)
            with StraightPieces():  # the zeros of second derivatives cost a tenth of an update
                scores = self.critic(layers, stacked).view(rows, -1, batch)
            return scores.transpose(0, 1).flatten()

        return score

    def _descend(
        self, name: str, loss: list[Tensor], layers: Layers, rate: Tensor, rows: Tensor | None
    ) -> Tensor:
        total = sum(loss[1:], loss[0]).sum()  # rows are independent: so are their gradients
        slopes = torch.autograd.grad(total, layers)
        gradient = torch.cat([slope.flatten(1) for slope in slopes], 1)
        self.optimizers[name].step(gradient, rate, rows)
        return gradient.square().sum(1)


def _means(terms: Terms, rows: int, batch: int) -> Terms:
    """Reduce terms (rows · batch,) to the mean of each row, (rows,)."""
    for name, term in terms.items():
        if term.shape != (rows * batch,):
            raise checks.Mistake(
                f"one number a row in the term {name!r}, {(rows * batch,)}",
                f"shape {tuple(term.shape)}",
                "leave the mean to the caller, or train this objective by `Trainer`",
            )
    return {name: term.view(rows, batch).mean(1) for name, term in terms.items()}


def _detached(terms: Terms) -> Terms:
    return {name: term.detach() for name, term in terms.items()}
