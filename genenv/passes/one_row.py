"""A single row through a body, in NumPy.

Torch's way to its kernels is long, and costs more on a few thousand numbers than the numbers do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_linear_bn_eval

Array = NDArray[Any]
Step = Callable[[Array], Array]
Shape = tuple[int, ...]  # of an image (height, width, planes), of a vector (columns,)

LARGEST = 1024  # numbers of a row, beyond which torch is as fast


class OneRow:
    """A body in eval mode as a function of one row; the weights are those of when it was made.

    Parameters
    ----------
    body
        Layers that are `known`.
    shape
        Of a row: (h, w, c), channels last, or (columns,).
    """

    def __init__(self, body: Sequence[nn.Module], shape: Shape) -> None:
        self._steps: list[Step] = []
        for layer in _folded(body):
            step, shape = STEPS[type(layer)](layer, shape)
            self._steps += [] if step is None else [step]

    def __call__(self, row: Array) -> Array:
        """(places, planes) of an image, or (1, columns) -> (1, columns)."""
        for step in self._steps:
            row = step(row)
        return row

    @staticmethod
    def known(body: Sequence[nn.Module], shape: Shape) -> bool:
        """Whether each layer of a body has a step here, and rows are small."""
        usual = all(type(layer) in STEPS and _is_usual(layer) for layer in _folded(body))
        return usual and int(np.prod(shape)) <= LARGEST


def _folded(body: Sequence[nn.Module]) -> list[nn.Module]:
    """Fold each batch norm into the linear layer before it."""
    layers: list[nn.Module] = []
    for layer in body:
        if isinstance(layer, nn.BatchNorm1d) and layers and isinstance(layers[-1], nn.Linear):
            layers[-1] = fuse_linear_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    return layers


def _is_usual(layer: nn.Module) -> bool:
    """Whether a layer is of the form that its step computes."""
    if isinstance(layer, nn.Conv2d):
        plain = (layer.dilation, layer.groups, layer.padding_mode) == ((1, 1), 1, "zeros")
        shape = layer.kernel_size, layer.padding
        return plain and shape == ((3, 3), (1, 1)) and layer.stride in ((1, 1), (2, 2))
    if isinstance(layer, nn.MaxPool2d):
        halves = layer.kernel_size, layer.stride, layer.padding, layer.dilation
        return halves == (2, 2, 0, 1) and not (layer.return_indices or layer.ceil_mode)
    return not isinstance(layer, nn.AdaptiveAvgPool2d) or layer.output_size == 1


def _numbers(weight: Tensor) -> Array:
    return weight.detach().numpy()


def _bias(layer: nn.Linear | nn.Conv2d) -> Array:
    return np.zeros(1, np.float32) if layer.bias is None else _numbers(layer.bias)


def _affine(weight: Array, bias: Array) -> Step:
    def step(row: Array) -> Array:
        out: Array = row @ weight
        return np.add(out, bias, out=out)

    return step


def _linear(layer: nn.Linear, _: Shape) -> tuple[Step, Shape]:
    return _affine(_numbers(layer.weight).T.copy(), _bias(layer)), (layer.out_features,)


def _convolved(layer: nn.Conv2d, shape: Shape) -> tuple[Step, Shape]:
    """Lay the nine pixels under the kernel side by side, at each place, and multiply."""
    height, width, planes = shape
    pixel = np.full((height + 2, width + 2), height * width)  # the border has a pixel of its own
    pixel[1:-1, 1:-1] = np.arange(height * width).reshape(height, width)
    stride = layer.stride[0]
    under = np.lib.stride_tricks.sliding_window_view(pixel, (3, 3))[::stride, ::stride]
    places = np.ascontiguousarray(under.reshape(-1, 9))
    kernel = _numbers(layer.weight).transpose(2, 3, 1, 0).reshape(9 * planes, -1).copy()
    affine = _affine(kernel, _bias(layer))
    padded = np.zeros((height * width + 1, planes), np.float32)

    def step(row: Array) -> Array:
        padded[:-1] = row
        return affine(padded.take(places, 0).reshape(len(places), -1))

    return step, (*under.shape[:2], layer.out_channels)


def _largest(_: nn.MaxPool2d, shape: Shape) -> tuple[Step, Shape]:
    """Take the largest of each 2x2; what is left over at an odd side falls away."""
    height, width, planes = shape
    high, wide = height // 2, width // 2

    def step(row: Array) -> Array:
        image = row.reshape(height, width, planes)[: 2 * high, : 2 * wide]
        down = np.maximum(image[0::2], image[1::2])
        return np.maximum(down[:, 0::2], down[:, 1::2]).reshape(high * wide, planes)

    return step, (high, wide, planes)


def _mean(_: nn.AdaptiveAvgPool2d, shape: Shape) -> tuple[Step, Shape]:
    return lambda row: row.mean(0, keepdims=True), (1, 1, shape[-1])


def _flat(_: nn.Flatten, shape: Shape) -> tuple[Step | None, Shape]:
    size = (int(np.prod(shape)),)
    if len(shape) == 1:
        return None, size
    return lambda row: np.ascontiguousarray(row.T).reshape(1, -1), size


def _relu(_: nn.ReLU, shape: Shape) -> tuple[Step, Shape]:
    return lambda row: np.maximum(row, 0), shape


def _tanh(_: nn.Tanh, shape: Shape) -> tuple[Step, Shape]:
    return np.tanh, shape


def _nothing(_: nn.Module, shape: Shape) -> tuple[None, Shape]:
    return None, shape


STEPS: dict[type[nn.Module], Callable[[Any, Shape], tuple[Step | None, Shape]]] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolved,
    nn.MaxPool2d: _largest,
    nn.AdaptiveAvgPool2d: _mean,
    nn.Flatten: _flat,
    nn.ReLU: _relu,
    nn.Tanh: _tanh,
    nn.Dropout: _nothing,
    nn.Identity: _nothing,
}
