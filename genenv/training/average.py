"""The averaged generator: what a training hands over."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

# gamma of a horizon (standard deviation of the shares) of 0.05 and 0.1 of the steps; equation 128
TWENTIETH = 16.97
TENTH = 6.94


class Average(nn.Module):
    """A copy of a module whose parameters follow it as an average that forgets.

    By default a power function of the steps: at step t it keeps (1 - 1/t)^(γ + 1) of itself, so
    that its horizon is always the same share of the steps so far (Karras et al., arXiv 2312.02696,
    equation 127): a twentieth, or a tenth for games that circle more than they settle. A fixed
    decay forgets too late in a short run: a mean over weights that still move has less variety than
    any of them. Buffers are copied. All parameters move in one call, and nothing is read on the
    host.

    Parameters
    ----------
    module
        What is followed; it stays on its device and keeps its tensors.
    decay
        Share of the average that one update keeps, always the same one; None: by the steps so far.
    gamma
        Of the power function: TWENTIETH or TENTH.
    """

    def __init__(
        self, module: nn.Module, decay: float | None = None, gamma: float = TWENTIETH
    ) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).requires_grad_(False)
        self._decay, self._gamma = decay, gamma
        self._average: list[Tensor] = list(self.module.parameters())
        self._now: list[Tensor] = list(module.parameters())
        self._copies: list[Tensor] = list(self.module.buffers())
        self._buffers_now: list[Tensor] = list(module.buffers())

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the module as it stands after `step` steps, 1 or more; the first copies."""
        if step == 1:
            torch._foreach_copy_(self._average, self._now)
        else:
            torch._foreach_lerp_(self._average, self._now, 1 - self._kept(step))
        if self._copies:
            torch._foreach_copy_(self._copies, self._buffers_now)

    def _kept(self, step: int) -> float:
        return (1 - 1 / step) ** (self._gamma + 1) if self._decay is None else self._decay
