"""Rows of numbers: (columns,), each column standardised."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from genenv.codecs.affine import Affine


@dataclass(frozen=True)
class Vectors(Affine):
    """Rows of numbers; their columns map to mean 0 and standard deviation 1."""

    kind = "vector"
    bounded = False
    one_scale = False
    shiftable = False
    learned_features = False
    classifiers = ("mlp", "rbf")
    oracles = ("dense", "boosting", "forest")
    guides = ("dense", "dense")
    learners = ("logistic", "mlp", "forest")

    @property
    def networks(self) -> tuple[str, ...]:
        """The fully connected pair."""
        return ("mlp",)

    @property
    def family(self) -> str:
        """`vector`."""
        return "vector"

    def packed(self, pack: int) -> Vectors:
        """Vectors of `pack` times the columns, whose limits are repeated where each has its own."""
        columns = pack if len(self.low) > 1 else 1
        shape = (self.shape[0] * pack,)
        low, high = self.low * columns, self.high * columns
        return replace(self, shape=shape, low=low, high=high, ends=None)

    def pack(self, u: Tensor) -> Tensor:
        """See `Codec.pack`."""
        return u.flatten(1)
