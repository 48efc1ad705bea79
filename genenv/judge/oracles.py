"""Oracles: what names the class of a sample, of several kinds, and what they say together."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from genenv.classifier import Classifier

BATCH = 2048  # rows put to an oracle at once


class Oracle(Protocol):
    """Anything that names the class of samples in [-1, 1] with probabilities."""

    def __call__(self, u: Tensor) -> Tensor:
        """(n, *units.shape) -> (n, classes), rows summing to one."""


class NetworkOracle:
    """A genenv classifier as an oracle; differentiable."""

    def __init__(self, network: Classifier) -> None:
        self.network = network

    def __call__(self, u: Tensor) -> Tensor:
        """(n, *units.layout) in [-1, 1] -> (n, classes)."""
        return self.network(u).softmax(1)  # type: ignore[no-any-return]


class EstimatorOracle:
    """A scikit-learn classifier, fitted on all classes, as an oracle on flattened samples."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def __call__(self, u: Tensor) -> Tensor:
        """(n, *units.layout) in [-1, 1] -> (n, classes)."""
        rows = u.detach().flatten(1).numpy()
        return torch.from_numpy(self.estimator.predict_proba(rows).astype(np.float32))


def mean_probability(oracles: list[Oracle], u: Tensor) -> Tensor:
    """Mean of the oracles' probabilities: (n, *units.shape) -> (n, classes)."""
    return torch.cat(
        [torch.stack([ask(part) for ask in oracles]).mean(0) for part in torch.split(u, BATCH)]
    )
