"""Any other callable."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from genenv.downstream.answers import by_name, numbers
from genenv.downstream.base import Downstream


class Function(Downstream):
    """Any callable from an array of a batch to an array, tensor or nested list of numbers.

    A table whose columns bear the names of the classes is read by these, in any order.
    """

    kind_name = "function"

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take callables."""
        return callable(model)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with what the function returns."""
        return numbers(by_name(self.model(self.array(x)), self.classes))
