"""Objectives written for one batch, applied to n of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad, softplus
from torch.overrides import TorchFunctionMode

from genenv import seeding

LANES = 32  # numbers that torch's vector registers take at once, or a multiple of it


class RowByRow(TorchFunctionMode):
    """Inside it, the formula of an objective holds for each of n rows of a stack.

    Samples come as (n · batch, ...), one row's after the other's, so do the scores of a critic. A
    mean over all of them is taken of each row instead, (n,), and uniform numbers are drawn by the
    rows' addresses. An exponential is taken of whole registers: torch has another one for numbers
    that do not fill them, and which these are depends on n. It stands for `torch.func.vmap`, which
    cannot go through the gradient that a penalty asks for.

    Parameters
    ----------
    rows
        n.
    keys
        Of what the objective draws, (n,).
    """

    def __init__(self, rows: int, keys: NDArray[np.uint64]) -> None:
        super().__init__()
        self.rows, self.keys = rows, keys

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call what replaces `func`, or itself."""
        if func in (Tensor.mean, torch.mean) and len(args) == 1 and not kwargs:
            return args[0].unflatten(0, (self.rows, -1)).flatten(1).mean(1)
        if func is softplus and args[0].ndim == 1 and len(args) == 1 and not kwargs:
            whole = pad(args[0], (0, -len(args[0]) % LANES))
            return softplus(whole)[: len(args[0])]
        if func is torch.rand:
            batch = args[0] // self.rows
            u = seeding.uniforms(self.keys, batch).astype(np.float32)
            return torch.from_numpy(u).flatten()
        return func(*args, **(kwargs or {}))
