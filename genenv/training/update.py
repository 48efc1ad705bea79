"""One update of a player of the game: its terms, their gradient, a step of its optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from genenv import checks
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
    penalty: int = 1,
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
    penalty
        Factor of the objective's penalties in this update; 0: it has none.
    join
        See `descend`.

    Returns
    -------
    Means of the terms before the update, the penalties without the factor, 0-d and detached.
    """
    of_critic = objective.critic_terms if penalty else objective.unpenalised_terms
    with precision or nullcontext():
        terms = of_critic(score, real, fake, rng)
    if penalty != 1:
        _check_penalties(objective, terms, penalty)
    factors = dict.fromkeys(objective.penalties, penalty) if penalty > 1 else {}
    reduced = descend(terms, optimizer, join, factors)
    objective.constrain(critic)
    return reduced


def _check_penalties(objective: Objective, terms: Terms, penalty: int) -> None:
    """Raise a Mistake unless penalties are some of the terms, not all."""
    if not terms or (penalty and not set(objective.penalties) <= terms.keys()):
        raise checks.Mistake(
            "an objective whose `penalties` are names of some of its critic's terms",
            f"{sorted(objective.penalties)} beside the terms {sorted(terms)}",
            "name those that penalty_every makes rarer",
        )


def descend(
    terms: Terms,
    optimizer: torch.optim.Optimizer,
    join: Callable[[], None] | None = None,
    factors: Mapping[str, int] | None = None,
) -> Terms:
    """Take one step down the weighted sum of the terms' means; returns these means, detached.

    A term without a factor counts once. `join` is called between the gradient and the step:
    processes average their gradients there.
    """
    reduced, factors = means(terms), factors or {}
    optimizer.zero_grad()
    weighted = [factors[k] * term if k in factors else term for k, term in reduced.items()]
    reduce(torch.add, weighted).backward()  # type: ignore[no-untyped-call]
    if join is not None:
        join()
    optimizer.step()
    return {name: term.detach() for name, term in reduced.items()}
