"""The gates' copy that searches may see and climb."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv.classifier import Classifier
from genenv.codecs import Codec
from genenv.judge.gates import Gates
from genenv.judge.neighbours import Neighbours
from genenv.judge.oracles import NetworkOracle, Oracle, mean_probability


class Guide:
    """The gates that a search may see: two networks, and distance in sample space.

    Parameters
    ----------
    reference
        (rows, *units.layout) in [-1, 1]: the generator's training data.
    networks
        The oracles.
    gates
        Calibrated thresholds.
    """

    def __init__(self, reference: Tensor, networks: list[Classifier], gates: Gates) -> None:
        self.reference, self.networks, self.gates = reference, networks, gates
        self.oracles: list[Oracle] = [NetworkOracle(network) for network in networks]
        self.neighbours = Neighbours(reference.flatten(1))

    @property
    def threshold(self) -> float:
        """Realism distance above which a sample is refused."""
        return self.gates.threshold

    def look(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Judge samples in [-1, 1] as instances of `label`.

        Returns
        -------
        log_p, distance, accepted
            Log-probability of the label, realism distance - threshold (> 0: refused), and
            whether both gates accept; each (n,), the first two differentiable.
        """
        log_p, excess, labelled = self.gate(u, label)
        return log_p, excess, labelled & (excess <= 0)

    def gate(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Judge like `look`, but with the label gate's own answer in place of both gates'."""
        p = mean_probability(self.oracles, u)
        own = p.gather(1, label[:, None]).squeeze(1)
        excess = self.neighbours(u.flatten(1)) - self.gates.threshold
        labelled = (p.argmax(1) == label) & (own >= self.gates.cut)
        return own.clamp_min(1e-12).log(), excess, labelled

    def save(self, folder: Path, reference: NDArray[Any]) -> None:
        """Write the guide; `reference` are its rows as stored, in the data's units."""
        folder.mkdir(parents=True, exist_ok=True)
        for i, network in enumerate(self.networks):
            network.save(folder / f"guide-{i}.safetensors")
        np.savez_compressed(folder / "reference.npz", x=reference)
        spec = {"networks": len(self.networks), "threshold": self.gates.threshold}
        (folder / "guide.json").write_text(json.dumps(spec | {"cut": self.gates.cut}, indent=2))


def load_guide(folder: Path, units: Codec) -> Guide:
    """Read what `Guide.save` wrote; executes nothing."""
    spec = json.loads((folder / "guide.json").read_text())
    with np.load(folder / "reference.npz", allow_pickle=False) as file:
        reference = units.encode(units.tensor(file["x"]))
    networks = [Classifier.load(folder / f"guide-{i}.safetensors") for i in range(spec["networks"])]
    return Guide(reference, networks, Gates(spec["threshold"], spec["cut"]))
