"""Many small networks trained at once: one batched program instead of a loop over models."""

from __future__ import annotations

from genenv.stacked.adam import StackedAdam
from genenv.stacked.gan import StackedGan
from genenv.stacked.learners import StackedLearners
from genenv.stacked.mlp import Layers, StackedMlp, apply

__all__ = [
    "Layers",
    "StackedAdam",
    "StackedGan",
    "StackedLearners",
    "StackedMlp",
    "apply",
]
