"""Residual convolutions that keep the shape: x + f(x) (He et al., arXiv 1512.03385)."""

from __future__ import annotations

from torch import Tensor, nn


class Residual(nn.Module):
    """x + f(x) for layers f that keep the shape."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.branch = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, h, w) -> the same."""
        return x + self.branch(x)  # type: ignore[no-any-return]


def residual_behind_norm(channels: int) -> Residual:
    """Make a 3 x 3 convolution of a generator, behind batch norm and ReLU (arXiv 1603.05027)."""
    convolution = nn.Conv2d(channels, channels, 3, padding=1)
    return Residual(nn.BatchNorm2d(channels), nn.ReLU(), convolution)


def residual_before_rectifier(channels: int, batch_norm: bool) -> Residual:
    """Make a 3 x 3 convolution of a critic, with batch norm or without, before LeakyReLU 0.2."""
    convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=not batch_norm)
    norm = [nn.BatchNorm2d(channels)] if batch_norm else []
    return Residual(convolution, *norm, nn.LeakyReLU(0.2))
