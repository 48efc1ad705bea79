"""Weights as bytes: what tells one network from another."""

from __future__ import annotations

import hashlib

from safetensors.torch import save
from torch import nn


def digest(module: nn.Module) -> str:
    """Return the sha256 of a module's weights, with their names, as safetensors writes them."""
    own = module.state_dict().items()
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in own}
    return hashlib.sha256(save(plain)).hexdigest()
