"""Any other callable."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from genenv.downstream.answers import numbers
from genenv.downstream.base import Downstream


class Function(Downstream):
    """Any callable from an array of a batch to an array, tensor or nested list of numbers.

    Tables, mappings, tuples and lists of rows are read by `picking.picked`.
    """

    kind_name = "function"

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take callables."""
        return callable(model)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with what the function returns."""
        return numbers(self.read(self.model(self.array(x))))
