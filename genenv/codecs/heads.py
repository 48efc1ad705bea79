"""Rows of a table as a network learns them: numbers, and states as one-hot runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from genenv.codecs.vectors import Vectors


@dataclass(frozen=True)
class Heads(Vectors):
    """Rows that `tables.coding` made: what is stored is what networks see."""

    heads: tuple[int, ...] = ()  # what the numbers of a row are, see `tables.coding.Coding.heads`

    kind = "heads"

    @classmethod
    def of(cls, heads: tuple[int, ...]) -> Heads:
        """Return the codec of rows with these heads."""
        width = sum(max(head, 1) for head in heads)
        return cls((width,), "float32", (-1.0,), (1.0,), heads=heads)

    @property
    def networks(self) -> tuple[str, ...]:
        """The pair that picks states."""
        return ("table",)

    def packed(self, pack: int) -> Heads:
        """Rows of `pack` times the heads."""
        return replace(self, shape=(self.shape[0] * pack,), heads=self.heads * pack)

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {"kind": self.kind, "shape": self.shape, "heads": self.heads}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """See `Codec.from_json`."""
        width = int(plain["shape"][0])
        return cls((width,), "float32", (-1.0,), (1.0,), heads=tuple(map(int, plain["heads"])))
