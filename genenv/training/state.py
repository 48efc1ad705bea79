"""Modules and optimizers as a flat dict of named tensors, and back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def pack(modules: dict[str, nn.Module], optimizers: dict[str, Optimizer]) -> dict[str, Tensor]:
    """Name every tensor: `module/generator/body.0.weight`, `optimizer/critic/0/exp_avg`."""
    tensors = {
        f"module/{name}/{key}": value
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }
    for name, optimizer in optimizers.items():
        for index, slots in optimizer.state_dict()["state"].items():
            for slot, value in slots.items():
                tensors[f"optimizer/{name}/{index}/{slot}"] = torch.as_tensor(value)
    return tensors


def unpack(
    tensors: dict[str, Tensor], modules: dict[str, nn.Module], optimizers: dict[str, Optimizer]
) -> None:
    """Load what `pack` named into modules and optimizers of the same make.

    Raises
    ------
    RuntimeError
        A name is missing, unknown, or has another shape.
    """
    states: dict[str, dict[str, Tensor]] = {name: {} for name in modules}
    slots: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in optimizers}
    for path, value in tensors.items():
        what, name, key = path.split("/", 2)
        if what == "module":
            states[name][key] = value
        else:
            index, slot = key.split("/")
            slots[name].setdefault(int(index), {})[slot] = value
    for name, module in modules.items():
        module.load_state_dict(states[name])
    for name, optimizer in optimizers.items():
        groups = optimizer.state_dict()["param_groups"]
        weights = [p for group in optimizer.param_groups for p in group["params"]]
        laid_out = {
            index: {slot: _like(weights[index], value) for slot, value in of_weight.items()}
            for index, of_weight in slots[name].items()
        }
        optimizer.load_state_dict({"state": laid_out, "param_groups": groups})


def _like(weight: Tensor, value: Tensor) -> Tensor:
    """Lay a slot out in memory as its weight is: fused optimizers walk both in order of memory."""
    if value.shape != weight.shape:
        return value
    return torch.empty_like(weight, dtype=value.dtype, requires_grad=False).copy_(value)
