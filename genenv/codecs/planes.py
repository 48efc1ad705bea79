"""Images between the user's layout, channels last or none, and the planes of convolutions."""

from __future__ import annotations

from torch import Tensor


def planes(x: Tensor) -> Tensor:
    """Map images in the user's layout, (n, h, w) or (n, h, w, c), to (n, c, h, w)."""
    return x.unsqueeze(1) if x.ndim == 3 else x.permute(0, 3, 1, 2)


def from_planes(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Map (n, c, h, w) back to images of a shape, (h, w) or (h, w, c): (n, *shape)."""
    return x.squeeze(1) if len(shape) == 2 else x.permute(0, 2, 3, 1)
