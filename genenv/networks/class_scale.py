"""Scales and shifts of hidden units that are a class's own."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from typing_extensions import override

from genenv.networks.labels import embedded


class ClassScale(nn.Embedding):
    """A row a class: how much each unit is scaled, less 1, and how far it is shifted.

    After batch norm it is conditional batch norm (de Vries et al., arXiv 1707.00683, section 2.3):
    each class may use units that others leave, where a label at the input alone moves all by a
    constant. It starts at scales of 1 and shifts of 0.

    Parameters
    ----------
    classes, units
        How many.
    """

    def __init__(self, classes: int, units: int) -> None:
        super().__init__(classes, 2 * units)

    @override
    def reset_parameters(self) -> None:
        nn.init.zeros_(self.weight)

    def scaled(self, hidden: Tensor, label: Tensor | None) -> Tensor:
        """(batch, units), (batch,) or (batch, classes) -> (batch, units)."""
        scale, shift = embedded(self, label).chunk(2, 1)
        return hidden * (1 + scale) + shift

    @torch.no_grad()
    def folded(self, norm: nn.BatchNorm1d, label: int) -> nn.BatchNorm1d:
        """Return a copy of a norm that scales and shifts as this class does after it."""
        scale, shift = self.weight[label].chunk(2)
        own = copy.deepcopy(norm)
        own.weight.mul_(1 + scale)
        own.bias.mul_(1 + scale).add_(shift)
        return own
