"""Is a sample an instance at all? Gates on real rows, each kept as long as it proves itself.

A gate is a number that grows as a sample leaves the data; its threshold is a quantile of rows that
no member behind the number had seen. It stays only if it refuses constructed proofs, which are
of other kinds than the controls that decide whether a judge can be trusted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.judge.crossfit import features
from genenv.judge.neighbours import Neighbours
from genenv.judge.oracle import Oracle

REFERENCE = 4096  # rows of a member's neighbours; more are thinned out
# share of real rows that each gate may refuse: the least that does
REFUSED = (0.002, 0.005, 0.01, 0.03)
PROVES = 0.5  # share of some kind of proofs that a gate has to refuse to be kept
PASSED = 0.01  # share of a kind of proofs that may pass all gates and the label's
SENSIBLE = 0.05  # share of a kind of proofs that may pass the realism gates alone


class Surroundings:
    """Distance to a network's own training rows in its features, 1 for a typical unseen row.

    Parameters
    ----------
    oracle
        Whose features.
    points
        (rows, 64), features of rows it was trained on.
    scale
        Median distance of unseen real rows.
    """

    def __init__(self, oracle: Oracle, points: Tensor, scale: float) -> None:
        self.oracle = oracle
        self.neighbours = Neighbours(points)
        self.scale = scale

    def __call__(self, rows: Tensor) -> Tensor:
        """(n, ...) in [-1, 1] -> (n,), differentiable."""
        return self.of_features(self.oracle.features(rows))

    def of_features(self, points: Tensor) -> Tensor:
        """(n, 64) -> (n,)."""
        return self.neighbours(points) / self.scale


def surroundings(oracle: Oracle, seen: Tensor, unseen: Tensor) -> Surroundings:
    """Take the neighbours of a network from rows it was trained on, the scale from others."""
    step = -(-len(seen) // REFERENCE)
    made = Surroundings(oracle, features(oracle, seen[::step]), 1.0)
    made.scale = max(float(made.of_features(features(oracle, unseen)).median()), 1e-6)
    return made


@dataclass(frozen=True)
class Gate:
    """One threshold on realism."""

    name: str
    threshold: float  # largest value accepted
    real: float  # share refused of the rows that set it
    proofs: float  # share refused of the proofs, of the kind that it refuses most of
    kept: bool

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def set_gate(name: str, real: NDArray[Any], proofs: dict[str, NDArray[Any]], share: float) -> Gate:
    """Set a gate's threshold and find out whether it earns its place.

    Parameters
    ----------
    name
        Of the number that is gated.
    real
        Its values on unseen real rows, (n,).
    proofs
        Its values on the proofs of each kind.
    share
        Of the real rows, that it may refuse.
    """
    threshold = float(np.quantile(real, 1 - share))
    refused = float(max((values > threshold).mean() for values in proofs.values()))
    return Gate(name, threshold, float((real > threshold).mean()), refused, refused >= PROVES)


def accepts(gates: tuple[Gate, ...], values: dict[str, Tensor]) -> Tensor:
    """Ask all gates that were kept: values (n,) by name -> (n,) bool."""
    first = next(iter(values.values()))
    passed = torch.ones(len(first), dtype=torch.bool)
    for gate in gates:
        if gate.kept:
            passed &= values[gate.name] <= gate.threshold
    return passed
