"""n multilayer perceptrons of one layout as one batched program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import leaky_relu, pad, relu

from genenv import checks, seeding

Layers = list[Tensor]  # weight (n, in, out), bias (n, 1, out), and so on for each layer

REFUSED = {
    "batch": (
        "statistics of a batch move in rows that are masked, and tie a sample to its batch mates"
    ),
    "spectral": (
        "its power iteration is a state of each layer and row that a masked row must not advance"
    ),
}


class StackedMlp:
    """n perceptrons: their parameters are the rows of one matrix, `theta` (n, total).

    Row i computes, bit for bit, what a stack of that row alone computes, on one thread.

    Parameters
    ----------
    rows
        n.
    sizes
        Inputs, width of each hidden layer, outputs.
    slope
        Of the activation after each hidden layer, below zero; 0 is ReLU.
    norm
        "none". Normalisations are refused with the reason.

    Raises
    ------
    Mistake
        A number below one, or a normalisation.
    """

    def __init__(
        self, rows: int, sizes: Sequence[int], slope: float = 0.0, norm: str = "none"
    ) -> None:
        for size in (rows, *sizes):
            checks.integer("rows and sizes", size)
        if norm in REFUSED:
            do = f"train it alone, or take 'none': {REFUSED[norm]}"
            raise checks.Mistake("stacked networks without normalisation", f"norm {norm!r}", do)
        checks.choice("norm", norm, ["none"])
        self.sizes = tuple(sizes)
        self.slope = slope
        self.shapes = [s for i, o in pairwise(sizes) for s in ((i, o), (1, o))]
        self.theta = torch.zeros(rows, sum(i * o for i, o in self.shapes))

    def begin(self, rows: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
        """Initialise some rows as torch initialises linear layers: U(-1, 1)/√inputs, by address.

        Parameters
        ----------
        rows
            Indices (k,).
        keys
            Of the draws (k,).
        """
        bound = [i**-0.5 for i, _ in pairwise(self.sizes) for _ in range(2)]
        scale = np.repeat(bound, [i * o for i, o in self.shapes])
        u = scale * (2 * seeding.uniforms(keys, len(scale)) - 1)
        self.theta[torch.from_numpy(rows)] = torch.from_numpy(u.astype(np.float32))

    def narrow(self, rows: NDArray[np.int64], widths: NDArray[np.int64]) -> None:
        """Leave some rows only so many units of each hidden layer, (k,): the others stay 0.

        What leads into such a unit and out of it is 0; so are both gradients, and Adam moves
        neither.
        """
        layers = self.layers()
        for row, width in zip(rows.tolist(), widths.tolist(), strict=True):
            hidden = zip(layers[:-2:2], layers[1:-2:2], layers[2::2], strict=True)
            for weight, bias, onwards in hidden:
                weight[row, :, width:], bias[row, :, width:] = 0.0, 0.0
                onwards[row, width:] = 0.0

    def layers(self, rows: Tensor | None = None, grad: bool = False) -> Layers:
        """Cut the parameters of some rows into layers.

        Parameters
        ----------
        rows
            Indices (k,); None: all, as views.
        grad
            Whether the layers are leaves to differentiate by.
        """
        theta = self.theta if rows is None else self.theta[rows]
        parts = torch.split(theta, [i * o for i, o in self.shapes], 1)
        cut = [p.view(-1, *shape) for p, shape in zip(parts, self.shapes, strict=True)]
        return [layer.detach().requires_grad_() for layer in cut] if grad else cut

    def __call__(self, layers: Layers, x: Tensor) -> Tensor:
        """(k, batch, inputs) -> (k, batch, outputs), by layers of the same k rows."""
        return apply(layers, x, self.slope)


def apply(layers: Layers, x: Tensor, slope: float) -> Tensor:
    """Send (n, batch, inputs) through n stacks of layers: (n, batch, outputs)."""
    for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        x = torch.baddbmm(bias, x, weight)
        x = leaky_relu(x, slope) if slope else relu(x)
    weight, bias = layers[-2:]
    if weight.shape[2] > 1:
        return torch.baddbmm(bias, x, weight)
    # One column alone is multiplied as a vector where n is 1, in another order than where n is 2.
    return torch.baddbmm(pad(bias, (0, 1)), x, pad(weight, (0, 1)))[..., :1].contiguous()
