"""What an objective draws, for each of n batches that are trained as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from genenv import checks, seeding

DRAWS: dict[Callable[..., Any], Callable[[NDArray[np.uint64], int], NDArray[Any]]] = {
    torch.rand: seeding.uniforms,
    torch.randn: seeding.normals,
}


class DrawnByRow(TorchFunctionMode):
    """Inside it, what is drawn with one generator is drawn for n batches by their own addresses.

    Nothing else is touched: `torch.rand` and `torch.randn` of (n · batch, ...) with this generator
    give each batch the numbers that it would get alone.

    Parameters
    ----------
    rng
        The generator that the objective is handed; its own state is not used.
    keys
        Address of each batch's draws, (n,).
    """

    def __init__(self, rng: torch.Generator, keys: NDArray[np.uint64]) -> None:
        super().__init__()
        self.rng = rng
        self.keys = keys
        self.turn = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Draw by row, or call `func`."""
        given = kwargs or {}
        if given.get("generator") is not self.rng:
            return func(*args, **given)
        shape = torch.Size(args[0] if len(args) == 1 and not isinstance(args[0], int) else args)
        if func not in DRAWS or not shape or shape[0] % len(self.keys):
            raise checks.Mistake(
                "draws by torch.rand or torch.randn of (rows, ...)",
                f"{getattr(func, '__name__', func)} of {tuple(shape)}",
                "draw so, or train this objective with `genenv fit` or `Trainer`",
            )
        return self._draw(DRAWS[func], shape)

    def _draw(
        self, law: Callable[[NDArray[np.uint64], int], NDArray[Any]], shape: torch.Size
    ) -> Tensor:
        keys = self.keys if self.turn == 0 else seeding.fold_rows(self.keys, self.turn)
        self.turn += 1
        numbers = law(keys, shape.numel() // len(keys)).astype(np.float32)
        return torch.from_numpy(numbers).view(shape)
