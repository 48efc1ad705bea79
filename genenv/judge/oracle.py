"""Small networks that name the class of a sample, or say that it shows none."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from genenv import checks, passes

FEATURES = 64  # width of the last hidden layer
WIDTHS = (16, 32, 64)  # of the stages of a convolutional network
HALVED_FROM = 14  # pixels of a side from which the first stage halves an image
BATCH = 1024  # rows put to an oracle at once


class Oracle(nn.Module):
    """Logits of the classes and of none of these, and the features they are read from.

    Parameters
    ----------
    make
        One of MAKES: `plain` and `pooled` for images, `dense` for vectors and images.
    shape
        Of one row: (c, h, w) or (columns,).
    outputs
        Classes, and one more for none of these.

    Raises
    ------
    Mistake
        Another make.
    """

    def __init__(self, make: str, shape: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        checks.choice("make", make, MAKES)
        self.make, self.shape = make, shape
        self.body = MAKES[make](shape)
        self.head = nn.Linear(FEATURES, outputs)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, rows: Tensor) -> Tensor:
        """(n, *shape) in [-1, 1] -> (n, 64)."""
        if rows.ndim == 4:
            rows = rows.contiguous(memory_format=torch.channels_last)
        return passes.through(self.body, rows)

    def read(self, features: Tensor) -> Tensor:
        """(n, 64) -> (n, outputs) logits, none of these last."""
        return passes.linear(self.head, features)

    def forward(self, rows: Tensor) -> Tensor:
        """(n, *shape) in [-1, 1] -> (n, outputs) logits, none of these last."""
        return self.read(self.features(rows))

    def in_eval(self) -> Oracle:
        """Fold the batch norms into the layers before them, freeze, and turn to eval mode.

        A settled network computes the same in half of the time, and each row by itself.
        """
        self.eval().requires_grad_(False)
        self.body = _fused(self.body)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return what `blank` needs to make a settled network of this kind."""
        return {"make": self.make, "shape": list(self.shape), "outputs": self.head.out_features}

    @staticmethod
    def blank(plain: dict[str, Any]) -> Oracle:
        """Make a settled network whose weights are to be loaded."""
        return copy.deepcopy(_settled(plain["make"], tuple(plain["shape"]), plain["outputs"]))


@lru_cache(maxsize=4)
def _settled(make: str, shape: tuple[int, ...], outputs: int) -> Oracle:
    """Make one of the many of a kind that a judge holds: to draw its weights takes five copies."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        return Oracle(make, shape, outputs).float().in_eval()


def spec(oracles: dict[str, Oracle]) -> str:
    """Describe networks by name, for the header of a safetensors file."""
    return json.dumps({name: oracle.to_json() for name, oracle in oracles.items()})


def _fused(body: nn.Sequential) -> nn.Sequential:
    """Return a body without batch norms, each folded into the layer before it."""
    layers: list[nn.Module] = []
    for layer in body:
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(cast("nn.Conv2d", layers[-1]), layer)
        elif isinstance(layer, nn.BatchNorm1d):
            layers[-1] = fuse_linear_bn_eval(cast("nn.Linear", layers[-1]), layer)
        elif not isinstance(layer, nn.Dropout):
            layers.append(layer)
    return nn.Sequential(*layers)


def _convolution(planes: int, width: int, stride: int = 1) -> list[nn.Module]:
    layer = nn.Conv2d(planes, width, 3, stride, padding=1)
    return [layer, nn.BatchNorm2d(width), nn.ReLU()]


def _plain(shape: tuple[int, ...]) -> nn.Sequential:
    """Three convolutions, the largest of each 2x2, and a hidden layer over what is left."""
    planes, side = shape[0], min(shape[1:])
    layers: list[nn.Module] = []
    for width in WIDTHS:
        layers += _convolution(planes, width)
        if side >= HALVED_FROM or (width > WIDTHS[0] and side >= 4):
            layers.append(nn.MaxPool2d(2))
            side //= 2
        planes = width
    layers += [nn.AdaptiveMaxPool2d(4)] if side > 4 else []
    body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
    inputs = body.eval()(torch.zeros(1, *shape)).shape[1]
    return body.extend([nn.Linear(inputs, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU()]).train()


def _pooled(shape: tuple[int, ...]) -> nn.Sequential:
    """Three stages of two convolutions, strides for halving, and the mean over the plane."""
    planes, side = shape[0], min(shape[1:])
    layers: list[nn.Module] = []
    for width in WIDTHS:
        stride = 2 if side >= HALVED_FROM or width > WIDTHS[0] else 1
        layers += [*_convolution(planes, width, stride), *_convolution(width, width)]
        planes = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _dense(shape: tuple[int, ...]) -> nn.Sequential:
    """Two hidden layers."""
    inputs = int(torch.tensor(shape).prod())
    hidden: list[nn.Module] = [nn.Linear(inputs, 256), nn.BatchNorm1d(256), nn.ReLU()]
    last = [nn.Dropout(0.2), nn.Linear(256, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *hidden, *last)


MAKES: dict[str, Callable[[tuple[int, ...]], nn.Sequential]] = {
    "plain": _plain,
    "pooled": _pooled,
    "dense": _dense,
}
