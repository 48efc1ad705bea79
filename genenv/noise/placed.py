"""Constants of a law, on whatever device it is asked for."""

from __future__ import annotations

import torch
from torch import Tensor


class Placed:
    """A tensor that is copied to a device once: at every copy the host would wait for a GPU.

    Parameters
    ----------
    tensor
        On the CPU.
    """

    def __init__(self, tensor: Tensor) -> None:
        self._copies = {(tensor.device, tensor.dtype): tensor}

    def at(self, device: torch.device, dtype: torch.dtype) -> Tensor:
        """Return the constant on a device in a dtype."""
        place = device, dtype
        if place not in self._copies:
            first = next(iter(self._copies.values()))
            with torch.inference_mode(False):  # it outlives the call, and may meet gradients later
                self._copies[place] = first.to(*place)
        return self._copies[place]
