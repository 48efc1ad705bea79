"""The model under test, behind one contract that counts its queries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, final

from torch import Tensor

from genenv.data import Units


class Downstream(ABC):
    """A model under test."""

    differentiable: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """(batch, *units.shape) in the data's units -> (batch, outputs)."""

    @final
    def log_probabilities(self, x: Tensor) -> Tensor:
        """(batch, *units.shape) in the data's units -> (batch, classes); counts the queries."""
        raise RuntimeError


def wrap(model: Any, units: Units, classes: tuple[int | str, ...]) -> Downstream:
    """Wrap."""
    raise RuntimeError
