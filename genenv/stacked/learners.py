"""n classifiers that learn at once, each from batches of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from genenv import checks
from genenv.stacked.adam import StackedAdam
from genenv.stacked.mlp import StackedMlp


class StackedLearners:
    """n perceptrons with cross-entropy and Adam; rows that are not named stay as they are.

    Parameters
    ----------
    rows
        n.
    sizes
        Inputs, width of each hidden layer, classes.
    learning_rate
        Of Adam, constant.

    Raises
    ------
    Mistake
        A size below one, or a rate that is not above zero.
    """

    def __init__(self, rows: int, sizes: Sequence[int], learning_rate: float) -> None:
        checks.positive("learning_rate", learning_rate)
        self.network = StackedMlp(rows, sizes)
        self.learning_rate = learning_rate
        self.optimizer = StackedAdam(self.network.theta)

    def begin(
        self,
        rows: NDArray[np.int64],
        keys: NDArray[np.uint64],
        widths: NDArray[np.int64] | None = None,
    ) -> None:
        """Make new learners in some rows, by the keys of their weights.

        `widths`: units that each has of every hidden layer, (k,); None: all.
        """
        self.network.begin(rows, keys)
        if widths is not None:
            self.network.narrow(rows, widths)
        self.optimizer.begin(rows)

    def learn(
        self,
        x: Tensor,
        label: Tensor,
        rows: Tensor | None = None,
        rate: Tensor | None = None,
    ) -> Tensor:
        """Take one step of some rows.

        Parameters
        ----------
        x, label
            (k, batch, inputs) and (k, batch) class indices.
        rows
            Indices (k,); None: all.
        rate
            Learning rates (k,); None: that of all.

        Returns
        -------
        Losses before the step (k,), nat.
        """
        layers = self.network.layers(rows, grad=True)
        logits = self.network(layers, x)
        lost = cross_entropy(logits.flatten(0, 1), label.flatten(), reduction="none")
        loss = lost.view(label.shape).mean(1)
        slopes = torch.autograd.grad(loss.sum(), layers)
        gradient = torch.cat([slope.flatten(1) for slope in slopes], 1)
        rates = torch.full((len(x),), self.learning_rate) if rate is None else rate
        self.optimizer.step(gradient, rates, rows)
        return loss.detach()

    @torch.no_grad()
    def log_probabilities(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """Say what some rows make of samples: (m, inputs) or (k, m, inputs) -> (k, m, classes)."""
        layers = self.network.layers(rows)
        return self.network(layers, x.expand(len(layers[0]), -1, -1)).log_softmax(2)
