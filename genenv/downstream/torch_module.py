"""Torch modules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from genenv import checks
from genenv.downstream.base import Downstream


@contextmanager
def constant(module: nn.Module, x: Tensor) -> Iterator[None]:
    """Ask a module in eval mode, its parameters constants; no graph unless x wants a gradient."""
    if getattr(module, "training", False):  # frozen TorchScript has no such thing
        module.eval()
    if not (torch.is_grad_enabled() and x.requires_grad):
        with torch.no_grad():
            yield
        return
    learning = [p for p in module.parameters() if p.requires_grad]
    try:
        for p in learning:
            p.requires_grad_(False)
        yield
    finally:
        for p in learning:
            p.requires_grad_(True)


class TorchModule(Downstream):
    """A torch module, on any device, that returns a tensor, or what `picking.picked` finds one in.

    The module is put into eval mode and stays there; nothing else of it changes: parameters keep
    their `requires_grad` and get no gradient, while the gradient in x flows.
    """

    kind_name = "torch module"
    differentiable = True
    usual_view = "unit"

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take modules."""
        return isinstance(model, nn.Module)

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with what forward returns."""
        with constant(self.model, x):
            out = self.read(self.model(self.tensor(x, self.model)))
        if not isinstance(out, Tensor):
            raise checks.Mistake(
                f"the {self.kind_name} to return a tensor",
                type(out).__name__,
                "wrap it in a module that returns probabilities or logits alone",
            )
        return out
