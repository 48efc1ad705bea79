"""The averaged generator: what a training hands over."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """A copy of a module whose parameters follow it as an exponential average.

    Buffers are copied. All parameters move in one call, and nothing is read on the host.

    Parameters
    ----------
    module
        What is followed; it stays on its device and keeps its tensors.
    decay
        Share of the average that one update keeps.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).requires_grad_(False)
        self._gain = 1 - decay
        self._average: list[Tensor] = list(self.module.parameters())
        self._now: list[Tensor] = list(module.parameters())
        self._copies: list[Tensor] = list(self.module.buffers())
        self._buffers_now: list[Tensor] = list(module.buffers())

    @torch.no_grad()
    def update(self, first: bool) -> None:
        """Move towards the module as it stands; `first` copies it."""
        if first:
            torch._foreach_copy_(self._average, self._now)
        else:
            torch._foreach_lerp_(self._average, self._now, self._gain)
        if self._copies:
            torch._foreach_copy_(self._copies, self._buffers_now)
