"""The Inception-v3 that FID is defined with, under the names of its weights file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from genenv import checks, files
from genenv.codecs import Codec
from genenv.metrics.features import Features

WEIGHTS = "pt_inception-2015-12-05-6726825d.pth"  # of pytorch-fid, from TensorFlow's of 2015-12-05
SHA256 = "6726825d"  # its first digits
SIDE = 299  # pixels

Kernel = tuple[int, int]
Step = tuple[tuple[str, int, Kernel], ...]  # side by side, concatenated: name, channels, kernel
Paths = tuple[tuple[Step, ...], ...]
Pool = Callable[[Tensor], Tensor]

# Not as in torchvision: averages leave the padding out, and the last block takes the maximum.
AVERAGE: Pool = partial(
    functional.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False
)
MAXIMUM: Pool = partial(functional.max_pool2d, kernel_size=3, stride=1, padding=1)
HALVE: Pool = partial(functional.max_pool2d, kernel_size=3, stride=2)


class InceptionFeatures(Features):
    """The 2,048 numbers before the last layer, for FID; grey images are repeated in three channels.

    Images are rounded to 256 levels between the limits of the data and resized bilinearly to 299
    pixels, as by pytorch-fid. About 5.7 G multiplications an image.

    Parameters
    ----------
    path
        The file pt_inception-2015-12-05-6726825d.pth; nothing in it is executed.
    units
        Of the data.
    device
        Where the network runs.

    Raises
    ------
    Mistake
        It is another file or not there, or the samples are no images in grey or colour.
    """

    name = "inception"
    names: ClassVar[dict[str, str]] = {"frechet": "fid"}
    rows = 50

    def __init__(self, path: Path | str, units: Codec, device: str | torch.device = "cpu") -> None:
        super().__init__(units)
        if units.channels not in (1, 3):
            raise checks.Mistake(
                "images of one or three channels for Inception",
                f"samples of shape {units.shape}",
                "choose other features",
            )
        self._sha256 = _checked(Path(path))
        self.device = torch.device(device)
        self.network = read(Path(path)).to(self.device)

    def of(self, x: Tensor) -> Tensor:
        """See `Features.of`."""
        pictures = self.units.picture(x.to(self.device)).clamp(0, 1).mul(255).round().div(255)
        pictures = pictures.expand(-1, 3, -1, -1)
        size = (SIDE, SIDE)
        pictures = functional.interpolate(pictures, size, mode="bilinear", align_corners=False)
        return self.network(2 * pictures - 1)  # type: ignore[no-any-return]

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return self._sha256


class Convolution(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: Kernel, stride: int = 1, padded: bool = True
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padded else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, outputs, h, w), smaller by the stride and a missing padding."""
        return functional.relu(self.bn(self.conv(x)))


class Mixed(nn.ModuleDict):
    """Paths of convolutions and one of pooling, concatenated.

    Parameters
    ----------
    inputs
        Channels.
    paths
        Steps one after the other, each of convolutions side by side.
    pool
        Of the last path.
    pooled
        Channels of the convolution that follows it; 0: none, and every path halves the image.
    """

    def __init__(self, inputs: int, paths: Paths, pool: Pool, pooled: int) -> None:
        super().__init__()
        self.paths = paths
        self.pool = pool
        self.pooled = pooled
        for path in paths:
            width = inputs
            for step in path:
                halves = not pooled and step is path[-1]
                for name, outputs, kernel in step:
                    stride = 2 if halves else 1
                    self[name] = Convolution(width, outputs, kernel, stride, padded=not halves)
                width = sum(outputs for _, outputs, _ in step)
        if pooled:
            self["branch_pool"] = Convolution(inputs, pooled, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, channels of all paths, h, w), or half of h and w."""
        parts = []
        for path in self.paths:
            y = x
            for step in path:
                y = torch.cat([self[name](y) for name, _, _ in step], 1)
            parts.append(y)
        pooled = self.pool(x)
        return torch.cat([*parts, self["branch_pool"](pooled) if self.pooled else pooled], 1)


def _path(stem: str, *steps: tuple[str, int, Kernel]) -> tuple[Step, ...]:
    return tuple(((stem + name, width, kernel),) for name, width, kernel in steps)


ONE = (1, 1)
WIDE = (1, 7)
TALL = (7, 1)
THREE, FIVE = (3, 3), (5, 5)

BLOCK_5: Paths = (
    _path("branch1x1", ("", 64, ONE)),
    _path("branch5x5_", ("1", 48, ONE), ("2", 64, FIVE)),
    _path("branch3x3dbl_", ("1", 64, ONE), ("2", 96, THREE), ("3", 96, THREE)),
)
BLOCK_6A: Paths = (
    _path("branch3x3", ("", 384, THREE)),
    _path("branch3x3dbl_", ("1", 64, ONE), ("2", 96, THREE), ("3", 96, THREE)),
)
BLOCK_7A: Paths = (
    _path("branch3x3_", ("1", 192, ONE), ("2", 320, THREE)),
    _path("branch7x7x3_", ("1", 192, ONE), ("2", 192, WIDE), ("3", 192, TALL), ("4", 192, THREE)),
)
BLOCK_7: Paths = (
    _path("branch1x1", ("", 320, ONE)),
    (
        (("branch3x3_1", 384, ONE),),
        (("branch3x3_2a", 384, (1, 3)), ("branch3x3_2b", 384, (3, 1))),
    ),
    (
        (("branch3x3dbl_1", 448, ONE),),
        (("branch3x3dbl_2", 384, THREE),),
        (("branch3x3dbl_3a", 384, (1, 3)), ("branch3x3dbl_3b", 384, (3, 1))),
    ),
)


def _block_6(width: int) -> Paths:
    """Factorised 7 x 7 convolutions."""
    far = (("2", width, TALL), ("3", width, WIDE), ("4", width, TALL), ("5", 192, WIDE))
    return (
        _path("branch1x1", ("", 192, ONE)),
        _path("branch7x7_", ("1", width, ONE), ("2", width, WIDE), ("3", 192, TALL)),
        _path("branch7x7dbl_", ("1", width, ONE), *far),
    )


def inception() -> nn.Sequential:
    """Build the network: (n, 3, 299, 299) in [-1, 1] -> (n, 2048).

    Szegedy et al. (arXiv 1512.00567), as TensorFlow's graph of 2015-12-05 has it and pytorch-fid
    names it, without the last layer.
    """
    layers: dict[str, nn.Module] = {
        "Conv2d_1a_3x3": Convolution(3, 32, THREE, 2, padded=False),
        "Conv2d_2a_3x3": Convolution(32, 32, THREE, padded=False),
        "Conv2d_2b_3x3": Convolution(32, 64, THREE),
        "pool_2": nn.MaxPool2d(3, 2),
        "Conv2d_3b_1x1": Convolution(64, 80, ONE),
        "Conv2d_4a_3x3": Convolution(80, 192, THREE, padded=False),
        "pool_4": nn.MaxPool2d(3, 2),
        "Mixed_5b": Mixed(192, BLOCK_5, AVERAGE, 32),
        "Mixed_5c": Mixed(256, BLOCK_5, AVERAGE, 64),
        "Mixed_5d": Mixed(288, BLOCK_5, AVERAGE, 64),
        "Mixed_6a": Mixed(288, BLOCK_6A, HALVE, 0),
        "Mixed_6b": Mixed(768, _block_6(128), AVERAGE, 192),
        "Mixed_6c": Mixed(768, _block_6(160), AVERAGE, 192),
        "Mixed_6d": Mixed(768, _block_6(160), AVERAGE, 192),
        "Mixed_6e": Mixed(768, _block_6(192), AVERAGE, 192),
        "Mixed_7a": Mixed(768, BLOCK_7A, HALVE, 0),
        "Mixed_7b": Mixed(1280, BLOCK_7, AVERAGE, 192),
        "Mixed_7c": Mixed(2048, BLOCK_7, MAXIMUM, 192),
        "pool_7": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
    }
    return nn.Sequential(OrderedDict(layers))


def read(path: Path) -> nn.Sequential:
    """Load the weights, in eval mode and frozen; executes nothing and draws no random number."""
    weights = torch.load(path, map_location="cpu", weights_only=True)
    for name in ("fc.weight", "fc.bias"):  # of the last layer, 1,008 classes
        weights.pop(name, None)
    with torch.device("meta"):
        network = inception()
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)


def _checked(path: Path) -> str:
    if not path.is_file():
        raise checks.Mistake(f"the file {WEIGHTS}", f"{path}, which is no file", "give its path")
    sha256 = files.sha256(path)
    if not sha256.startswith(SHA256):
        raise checks.Mistake(
            f"{WEIGHTS}, whose sha256 begins with {SHA256}",
            f"{path} with {sha256[:8]}",
            "give that file: the distance is called FID with no other",
        )
    return sha256
