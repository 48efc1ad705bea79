"""Activations of straight pieces: their second derivative is nothing, not a tensor of zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, relu
from torch.overrides import TorchFunctionMode


class _Leaky(torch.autograd.Function):
    """LeakyReLU whose slopes are constants to every further differentiation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        y = leaky_relu(x, slope)
        ctx.save_for_backward(y)
        ctx.set_materialize_grads(False)
        ctx.slope = slope
        return y

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor | None) -> tuple[Tensor | None, None]:
        if slopes[0] is None:
            return None, None
        (y,) = ctx.saved_tensors
        return torch.ops.aten.leaky_relu_backward(slopes[0], y.detach(), ctx.slope, True), None


def _leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    if inplace or negative_slope < 0:  # others may see that memory; y would not tell the side
        return leaky_relu(input, negative_slope, inplace)
    return _Leaky.apply(input, negative_slope)  # type: ignore[no-untyped-call]


def _relu(input: Tensor, inplace: bool = False) -> Any:
    return relu(input, inplace) if inplace else _leaky_relu(input, 0.0)


STRAIGHT: dict[Callable[..., Any], Callable[..., Any]] = {
    leaky_relu: _leaky_relu,
    relu: _relu,
    torch.relu: _relu,
    Tensor.relu: _relu,
}


class StraightPieces(TorchFunctionMode):
    """Inside it, ReLU and LeakyReLU of any module have no second derivative.

    Autograd knows it as zero, fills a tensor with zeros and carries it back through the whole
    network: a third of the work of a gradient penalty. Values and gradients are the same without.
    Activations in place are left as they are.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call what replaces `func`, or itself."""
        return STRAIGHT.get(func, func)(*args, **(kwargs or {}))
