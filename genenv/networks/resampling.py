"""3 x 3 convolutions that halve or double an image, in one pass.

A convolution and the averaging or repeating of pixels beside it are one convolution of 4 x 4 and
stride 2, whose weights are sums of shifted 3 x 3 ones: equal but for rounding, at 16 products where
the two have 36.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class ConvThenAverage(nn.Conv2d):
    """A 3 x 3 convolution, then the mean of every 2 x 2 pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) -> (batch, outputs, h / 2, w / 2); zeros lie around the image."""
        return functional.conv2d(x, _shifted(self.weight) / 4, self.bias, stride=2, padding=1)


class RepeatThenConv(nn.Conv2d):
    """Every pixel repeated as 2 x 2, then a 3 x 3 convolution without bias."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) -> (batch, outputs, 2 h, 2 w); zeros lie around the image."""
        weight = _shifted(self.weight).flip(2, 3).transpose(0, 1)
        return functional.conv_transpose2d(x, weight, stride=2, padding=1)


def _shifted(weight: Tensor) -> Tensor:
    """Sum the four 3 x 3 kernels that are shifted by 0 or 1 pixel each way: (o, i, 4, 4)."""
    return functional.avg_pool2d(functional.pad(weight, (1, 1, 1, 1)), 2, 1, divisor_override=1)
