"""One update of a player of the game: its terms, their gradient, a step of its optimizer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from genenv.objectives import Objective, Score, Terms, means


def bound(critic: Callable[[Tensor, Tensor | None], Tensor], label: Tensor | None) -> Score:
    """Bind the labels (batch,) of a step to a critic, for any number of concatenated batches."""

    def score(x: Tensor) -> Tensor:
        repeated = None if label is None else label.repeat(len(x) // len(label))
        return critic(x, repeated)

    return score


def update_critic(
    objective: Objective,
    score: Score,
    critic: nn.Module,
    optimizer: torch.optim.Optimizer,
    real: Tensor,
    fake: Tensor,
    rng: torch.Generator,
    precision: AbstractContextManager[Any] | None = None,
    join: Callable[[], None] | None = None,
) -> Terms:
    """Update a critic once, within its constraint.

    Parameters
    ----------
    objective
        What it learns.
    score
        The critic, with the step's labels bound to it.
    critic, optimizer
        Whose weights are moved and constrained.
    real, fake
        (batch, ...), detached.
    rng
        Of what the objective draws.
    precision
        In which the terms are computed; None: as it is.
    join
        See `descend`.

    Returns
    -------
    Means of the terms before the update, 0-d and detached.
    """
    with precision or nullcontext():
        terms = objective.critic_terms(score, real, fake, rng)
    reduced = descend(terms, optimizer, join)
    objective.constrain(critic)
    return reduced


def descend(
    terms: Terms, optimizer: torch.optim.Optimizer, join: Callable[[], None] | None = None
) -> Terms:
    """Take one step down the sum of the terms' means; returns these means, detached.

    `join` is called between the gradient and the step: processes average their gradients there.
    """
    reduced = means(terms)
    optimizer.zero_grad()
    reduce(torch.add, reduced.values()).backward()  # type: ignore[no-untyped-call]
    if join is not None:
        join()
    optimizer.step()
    return {name: term.detach() for name, term in reduced.items()}
