"""log(1 + exp x) of a row, the same in any batch."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

LANES = 32  # numbers that torch's vector registers take at once, or a multiple of it


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp x) of scores (rows,), to the last bit that of each row in any other batch.

    Torch takes another exponential for numbers that do not fill a register, and which these are
    depends on how many there are.
    """
    spare = -len(x) % LANES
    if spare == 0:
        return functional.softplus(x)
    return functional.softplus(functional.pad(x, (0, spare)))[: len(x)]
