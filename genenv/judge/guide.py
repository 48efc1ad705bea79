"""The gates' copy that searches may see and climb: two networks of one fold, differentiable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genenv.codecs import Codec
from genenv.judge import temper
from genenv.judge.layout import planes
from genenv.judge.oracle import BATCH, Oracle
from genenv.judge.realism import Surroundings


@dataclass(frozen=True, eq=False)
class Guide:
    """The label gate of two networks and distance in the features of the first.

    Every query pays for it and its gradient must not jump, so it is small, and the same members
    judge throughout.
    """

    units: Codec
    oracles: tuple[Oracle, ...]
    around: Surroundings  # in the features of the first
    temperature: float
    cut: float  # label: least probability accepted
    threshold: float  # realism: largest distance accepted

    def probability(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Ask: (n, *units.shape) in [-1, 1] -> (n, classes + 1) and the realism distance (n,)."""
        return self.asked(planes(u, self.units))

    def asked(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Ask of rows as oracles see them, see `probability`."""
        if len(rows) <= BATCH:
            return self._ask(rows)
        parts = [self._ask(part) for part in torch.split(rows, BATCH)]
        p, distance = zip(*parts, strict=True)
        return torch.cat(p), torch.cat(distance)

    def _ask(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        features = [oracle.features(rows) for oracle in self.oracles]
        each = [o.read(f).softmax(1) for o, f in zip(self.oracles, features, strict=True)]
        mean = torch.stack(each).mean(0)
        return temper.tempered(mean, self.temperature), self.around.of_features(features[0])

    def look(self, u: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Judge samples in [-1, 1] as instances of `label`.

        Returns
        -------
        log_p, distance, accepted
            Log-probability of the label, realism distance - threshold (> 0: refused), and
            whether both gates accept; each (n,), the first two differentiable.
        """
        p, distance = self.probability(u)
        own = p.gather(1, label[:, None]).squeeze(1)
        excess = distance - self.threshold
        accepted = (p.argmax(1) == label) & (own >= self.cut) & (excess <= 0)
        return own.clamp_min(1e-12).log(), excess, accepted

    def to_json(self) -> dict[str, Any]:
        """Return what stands beside the weights."""
        return {
            "units": self.units.to_json(),
            "temperature": self.temperature,
            "scale": self.around.scale,
            "cut": self.cut,
            "threshold": self.threshold,
        }
