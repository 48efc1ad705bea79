"""Laws of series: each step depends on the last."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genenv import checks
from genenv.noise.base import Noise


class AutoRegressive(Noise):
    """Series of `channels` independent stationary AR(1) processes of variance 1, step-major.

    z_0 = e_0, z_t = a·z_{t-1} + √(1 - a²)·e_t, autocorrelation a^|lag|. Ornstein-Uhlenbeck with
    rate θ at time steps of δ is a = exp(-θδ).

    Parameters
    ----------
    dim
        Steps times channels: z.view(-1, dim // channels, channels) is the series.
    channels
        Numbers a step.
    coefficient
        a, in (-1, 1).
    """

    kind = "autoregressive"

    def __init__(self, dim: int, channels: int = 1, coefficient: float = 0.9) -> None:
        if checks.integer("dim", dim) % checks.integer("channels", channels):
            raise checks.Mistake(
                f"dim to be a multiple of the {channels} channels", dim, "give steps x channels"
            )
        if not -1 < coefficient < 1:
            raise checks.Mistake("coefficient between -1 and 1", coefficient, "give a smaller one")
        self.channels, self.coefficient = int(channels), float(coefficient)
        arguments = {"channels": self.channels, "coefficient": self.coefficient}
        super().__init__(dim, dim, arguments, [("box", dim)])

    def from_base(self, e: Tensor) -> Tensor:
        """Map (batch, steps·channels) to as many, by the recursion."""
        series = list(torch.split(e, self.channels, -1))
        innovation = math.sqrt(1 - self.coefficient**2)
        for t in range(1, len(series)):
            series[t] = self.coefficient * series[t - 1] + innovation * series[t]
        return torch.cat(series, -1)
