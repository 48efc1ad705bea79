"""The two contracts: a generator that carries its noise, classes and units; a critic."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Generator(nn.Module, ABC):
    """z, label -> sample in [-1, 1]."""

    @abstractmethod
    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, dim), (batch,) -> (batch, *units.shape)."""


class Critic(nn.Module, ABC):
    """x, label -> raw score."""

    @abstractmethod
    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *units.shape), (batch,) -> (batch,)."""
