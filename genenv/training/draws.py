"""What an objective draws for the rows of a batch that several processes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from genenv.training.distributed import World

DRAWS = frozenset((torch.rand, torch.randn))


class DrawnTogether(TorchFunctionMode):
    """Inside it, each process draws for its rows what one process would draw for all.

    All draw the numbers of the whole batch by one address and take their part, where a side of what
    is drawn is as long as their rows, or twice that (real and generated ones together). What is
    drawn otherwise is the same in all processes.

    Parameters
    ----------
    rng
        The generator that the objective is handed, seeded alike in all processes.
    rows
        Of a batch, in each process.
    world
        The processes.
    """

    def __init__(self, rng: torch.Generator, rows: int, world: World) -> None:
        super().__init__()
        self.rng = rng
        self.rows = rows
        self.world = world

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Draw for all rows and return those of this process, or call `func`."""
        given = kwargs or {}
        if func not in DRAWS or given.get("generator") is not self.rng:
            return func(*args, **given)
        shape = list(args[0] if len(args) == 1 and not isinstance(args[0], int) else args)
        side = next((k for k, n in enumerate(shape) if n in (self.rows, 2 * self.rows)), None)
        if side is None:
            return func(*args, **given)
        batches = shape[side] // self.rows
        shape[side] *= self.world.size
        return self._own(func(shape, **given), side, batches)

    def _own(self, drawn: Tensor, side: int, batches: int) -> Tensor:
        """Take this process's rows of each whole batch."""
        whole = torch.unflatten(drawn, side, (batches, self.world.size, self.rows))
        return whole.select(side + 1, self.world.rank).flatten(side, side + 1)
