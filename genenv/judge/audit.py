"""The gates' copy that no search has seen, and the verdicts it gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.classifier import Classifier
from genenv.judge.gates import Gates
from genenv.judge.neighbours import Neighbours
from genenv.judge.oracles import BATCH, EstimatorOracle, NetworkOracle, Oracle, mean_probability

VERDICTS = ("passed", "invalid", "ambiguous", "confirmed")


class Audit:
    """The gates that no search has seen: other oracles, and distance in a network's features.

    Parameters
    ----------
    reference
        (rows, *units.layout) in [-1, 1]: the generator's training data.
    network
        Whose features measure realism; an oracle too.
    estimators
        Fitted scikit-learn classifiers, the other oracles.
    gates
        Calibrated thresholds.
    """

    def __init__(
        self, reference: Tensor, network: Classifier, estimators: list[Any], gates: Gates
    ) -> None:
        self.network, self.gates = network, gates
        self.oracles: list[Oracle] = [NetworkOracle(network), *map(EstimatorOracle, estimators)]
        self.neighbours = Neighbours(self.features(reference))

    def features(self, u: Tensor) -> Tensor:
        """Features of the audit's own network: (n, *units.layout) in [-1, 1] -> (n, 64)."""
        with torch.no_grad():
            return torch.cat([self.network.features(part) for part in torch.split(u, BATCH)])

    def gate(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Ask both gates: realistic, label accepted, another class accepted; each (n,) bool."""
        with torch.no_grad():
            p = mean_probability(self.oracles, u)
        top, guess = p.max(1)
        realistic = self.neighbours(self.features(u)) <= self.gates.threshold
        sure = top >= self.gates.cut
        return realistic, sure & (guess == label), sure & (guess != label)

    def verdicts(
        self, u: Tensor, label: Tensor, severity: Tensor
    ) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """Judge queries: indices into VERDICTS, and which ambiguous ones show another class.

        Parameters
        ----------
        u, label, severity
            Samples (n, *units.layout) in [-1, 1], conditions (n,), severities (n,).

        Returns
        -------
        Verdicts (n,), the first that applies: passed (severity ≤ 0), invalid (not realistic),
        ambiguous (the label is not accepted), confirmed; and (n,) bool.
        """
        verdict = np.zeros(len(label), np.int8)
        other = np.zeros(len(label), np.bool_)
        flipped = np.nonzero(severity.numpy() > 0)[0]
        if len(flipped):
            realistic, accepted, another = self.gate(u[flipped], label[flipped])
            verdict[flipped] = np.where(realistic, np.where(accepted, 3, 2), 1)
            other[flipped] = realistic & another
        return verdict, other
