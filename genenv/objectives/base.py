"""What critic and generator are trained for: named numbers, one a row, never an optimizer.

`critic` is x -> (batch,) with the labels of the step bound to it; real and fake share one label
vector, so any whole number of such batches may be concatenated in one call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

Score = Callable[[Tensor], Tensor]
Terms = dict[str, Tensor]


class Objective(ABC):
    """A game between critic and generator.

    A term is a tensor (rows,), or (packs,) where the critic judges packs: one number for each row
    of the batch, of that row alone. Whoever trains reduces: the loss is the sum of the terms'
    means. A term that is of a batch by nature (a relativistic average, a maximum mean discrepancy)
    may be one number, (); a training takes it, and what trains several batches as one refuses it.

    Real and fake go through the critic in one call, concatenated; who binds the critic runs them
    apart where it has batch statistics. A critic of packs (arXiv 1712.04086) returns one score for
    `pack` neighbouring rows; every formula holds for packs as for rows.
    """

    penalised: ClassVar[bool] = False  # by a gradient of each score: its critic has no batch norm
    penalties: ClassVar[frozenset[str]] = frozenset()  # names of the terms that `penalty` scales
    clips: ClassVar[bool] = False  # the critic's weights: spectral norm would rescale them again
    normalise: ClassVar[str] = "batch"  # the critic, unless told; see networks.normalisation

    def __init_subclass__(cls) -> None:
        """Leave `unpenalised_terms` to whoever has other terms, or take them of all terms."""
        if "critic_terms" in vars(cls) and "unpenalised_terms" not in vars(cls):
            cls.unpenalised_terms = Objective.unpenalised_terms  # type: ignore[method-assign]

    @abstractmethod
    def critic_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the critic's terms, (batch,) or (batch / pack,) each.

        Parameters
        ----------
        critic
            (k·batch, ...) -> (k·batch,) raw scores; (k·batch / pack,) of a critic of packs.
        real, fake
            (batch, ...), detached.
        rng
            This step's generator of random numbers, on the device of `real`.
        """

    def unpenalised_terms(
        self, critic: Score, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Terms:
        """Return the critic's terms without its `penalties`: of an update between two of them.

        An objective that can spare a penalty's price overrides it; the parameters are those of
        `critic_terms`.
        """
        terms = self.critic_terms(critic, real, fake, rng)
        return {name: term for name, term in terms.items() if name not in self.penalties}

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


def means(terms: Terms) -> Terms:
    """Reduce each term to its mean, a 0-d tensor."""
    return {name: term.mean() for name, term in terms.items()}


def on_both(critic: Score, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Score real and fake rows in one call."""
    on_real, on_fake = critic(torch.cat([real, fake])).chunk(2)
    return on_real, on_fake
