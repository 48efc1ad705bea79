"""A critic's scores with the slope of each: what gradient penalties are made of."""

from __future__ import annotations

import torch
from torch import Tensor

from genenv.objectives.base import Score
from genenv.objectives.kinks import StraightPieces


def scores_and_slopes(critic: Score, x: Tensor) -> tuple[Tensor, Tensor]:
    """Scores D(x) (scores,) and squared gradient norms ‖∇D(x)‖² (scores,).

    The norm is over everything that a score sees: all axes of its row, and of a pack all its rows.
    In float32 also under autocast; differentiable in the critic's weights.
    """
    with torch.autocast(x.device.type, enabled=False), torch.enable_grad():
        x = x.detach().float().requires_grad_()
        scores = critic(x)
        (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
        return scores, slope.square().view(len(scores), -1).sum(1)


def slopes(critic: Score, x: Tensor) -> Tensor:
    """Return squared gradient norms (scores,) alone, for a penalty that needs no scores.

    As `scores_and_slopes`, in less time where the critic's activations are of straight pieces.
    """

    def straight(x: Tensor) -> Tensor:
        with StraightPieces():
            return critic(x)

    _, squares = scores_and_slopes(straight, x)
    return squares
