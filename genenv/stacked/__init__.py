"""Many small networks trained at once: one batched program instead of a loop over models."""

from __future__ import annotations

from genenv.stacked.adam import StackedAdam
from genenv.stacked.gan import StackedGan
from genenv.stacked.learners import StackedLearners
from genenv.stacked.mlp import Layers, StackedMlp, apply
from genenv.stacked.rows import RowByRow

__all__ = [
    "Layers",
    "RowByRow",
    "StackedAdam",
    "StackedGan",
    "StackedLearners",
    "StackedMlp",
    "apply",
]
