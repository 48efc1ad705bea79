"""Rows of a table: columns of any kind as numbers, from which the user's frame is rebuilt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from genenv import checks
from genenv.codecs import row_traits
from genenv.codecs.base import Codec
from genenv.codecs.places import Floats, Place, places
from genenv.codecs.vectors import Vectors
from genenv.tables import Schema

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Rows(Codec):
    """Rows of mixed columns; the target is their label and no part of them.

    In x every column is one number, its code (see `Column`): a missing value of a column without an
    order is one more state; a missing number is its column's centre, and a 1 behind it says so. In
    u a column without an order is one-hot, a number is standardised.
    """

    schema: Schema  # of the whole table, its target among the columns
    centres: tuple[float, ...]  # one a number of x: what u = 0 stands for
    scales: tuple[float, ...]  # one a number of x: how far x moves where u moves by 1

    kind = "table"
    bounded = False
    one_scale = False
    shiftable = False
    learned_features = False
    usual_view = "raw"
    classifiers = ("mlp", "rbf")
    oracles = ("dense", "boosting", "forest")
    guides = ("dense", "dense")
    learners = ("logistic", "mlp", "forest")

    @classmethod
    def of(cls, schema: Schema, codes: Floats) -> Rows:
        """Standardise by rows of codes (n, columns of the schema), NaN where one is missing."""
        pairs: list[tuple[float, float]] = []
        for place in places(schema):
            pairs.append(place.standard(codes[:, place.at]))
            pairs += [(0.0, 1.0)] if place.flagged else []
        if not pairs:
            raise checks.Mistake("a column beside the target", "none", "give one or more")
        centres, scales = zip(*pairs, strict=True)
        return cls((len(pairs),), "float64", schema, centres, scales)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where each column but the target lies."""
        return tuple(places(self.schema))

    @cached_property
    def features(self) -> Schema:
        """The columns that a model sees."""
        return Schema(tuple(place.column for place in self.places))

    @property
    def layout(self) -> tuple[int, ...]:
        """See `Codec.layout`."""
        last = self.places[-1]
        return (last.u + last.wide,)

    @property
    def networks(self) -> tuple[str, ...]:
        """The fully connected pair; without a network a mixture learns them."""
        return ("mlp",)

    @property
    def family(self) -> str:
        """`vector`."""
        return "vector"

    @property
    def least(self) -> tuple[float, ...]:
        """See `Codec.least`."""
        return self._ends(0)

    @property
    def most(self) -> tuple[float, ...]:
        """See `Codec.most`."""
        return self._ends(1)

    @property
    def groups(self) -> tuple[int, ...]:
        """See `Codec.groups`."""
        return tuple(i for i, place in enumerate(self.places) for _ in range(place.wide))

    @property
    def reach(self) -> float:
        """See `Codec.reach`."""
        return max(self.scales)

    def encode(self, x: Tensor) -> Tensor:
        """See `Codec.encode`."""
        return self.exact(x).float()

    def exact(self, x: Tensor) -> Tensor:
        """Map as `encode` does, to float64, of which `decode` gives back every digit of x."""
        x = x.double()
        u = x.new_zeros((len(x), self.width))
        for place in self.places:
            own = x[:, place.x]
            if place.states:
                state = own.round().long().clamp(0, place.states - 1)
                u[:, place.u : place.u + place.states] = functional.one_hot(state, place.states)
                continue
            u[:, place.u] = (own - self.centres[place.x]) / self.scales[place.x]
            if place.flagged:
                u[:, place.u + 1] = x[:, place.x + 1]
        return u

    def decode(self, u: Tensor) -> Tensor:
        """See `Codec.decode`; float64, and columns without an order have no gradient."""
        u = u.double()
        parts = []
        for place in self.places:
            if place.states:
                state = u[:, place.u : place.u + place.states].argmax(1)
                parts.append(state.double())
                continue
            value = u[:, place.u] * self.scales[place.x] + self.centres[place.x]
            parts.append(value)
            if place.flagged:
                parts.append(u[:, place.u + 1])
        x = torch.stack(parts, 1)
        snapped = self._snapped(x.detach())
        return x + (snapped - x).detach() if x.requires_grad else snapped

    def limits(self) -> tuple[Tensor, Tensor]:
        """See `Codec.limits`."""
        least, most = torch.zeros(self.width), torch.ones(self.width)
        for place in self.places:
            if not place.states:
                centre, scale = self.centres[place.x], self.scales[place.x]
                least[place.u], most[place.u] = ((end - centre) / scale for end in place.ends)
        return least, most

    def packed(self, pack: int) -> Vectors:
        """Vectors of `pack` times the numbers that networks see."""
        return Vectors((pack * self.width,), "float32", (-1.0,), (1.0,))

    def pack(self, u: Tensor) -> Tensor:
        """See `Codec.pack`."""
        return u.flatten(1)

    def tensor(self, x: NDArray[Any]) -> Tensor:
        """Copy stored rows (n, size) into a float64 tensor: float32 cannot hold every code."""
        return torch.from_numpy(np.array(x, np.float64, order="C"))

    def store(self, x: Tensor) -> NDArray[Any]:
        """Copy a tensor into an array, every number as its column can hold it."""
        return self._snapped(x.detach().cpu().double()).numpy().astype(self.dtype)

    def kept(self, x: NDArray[Any], other: NDArray[Any], same: NDArray[np.bool_]) -> NDArray[Any]:
        """See `Codec.kept`."""
        columns = [
            same[:, place.u : place.u + place.wide]
            .all(1, keepdims=True)
            .repeat(1 + place.flagged, 1)
            for place in self.places
        ]
        return np.where(np.concatenate(columns, 1), x, other)

    def raw_view(self, x: NDArray[Any]) -> pd.DataFrame:
        """Return stored rows (n, size) as the user's frame, without its target."""
        return self.features.decode(self.codes(x))

    def flat_view(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Return stored rows as networks see them: numbers (n, width) that anything learns."""
        return np.asarray(self.encode(self.tensor(x)).numpy())

    def module_view(self, x: Tensor) -> Tensor:  # noqa: ARG002
        """Refuse: a module of torch takes no frames."""
        raise checks.Mistake(
            "a model that takes a DataFrame", "a torch module",
            "wrap it in a function that turns the frame into what the module takes",
        )  # fmt: skip

    def traits(self, x: Tensor) -> Tensor:
        """Return what rows (n, size) are told apart by, (n, traits), see `trait_names`."""
        return row_traits.traits(self.places, x)

    def trait_names(self) -> tuple[str, ...]:
        """See `row_traits.names`."""
        return row_traits.names(self.places)

    def step(self, trait: int, above: bool, at: float) -> str:
        """See `row_traits.step`."""
        return row_traits.step(self.places, trait, above, at)

    def names(self) -> tuple[str, ...]:
        """See `Codec.names`."""
        return self.features.names

    def words(self, x: NDArray[Any]) -> list[list[str]]:
        """See `Codec.words`."""
        frame = self.raw_view(x)
        cells = frame.astype(object).where(frame.notna(), "missing").to_numpy()
        return [[_word(cell) for cell in row] for row in cells]

    def codes(self, x: NDArray[Any]) -> Floats:
        """Return codes (n, columns but the target), NaN where one is missing, of stored rows."""
        parts = []
        for place in self.places:
            own = np.array(x[:, place.x], np.float64)
            missing = own >= len(place.column.values) if place.states else np.zeros(len(own), bool)
            if place.flagged:
                missing = x[:, place.x + 1] > 0.5
            own[missing] = np.nan
            parts.append(own)
        return np.stack(parts, axis=1)

    def stored(self, codes: Floats) -> Floats:
        """Return stored rows (n, size) of codes (n, columns but the target): the way back."""
        parts = []
        for place, own in zip(self.places, codes.T, strict=True):
            missing = np.isnan(own)
            blank = len(place.column.values) if place.states else self.centres[place.x]
            parts.append(np.where(missing, blank, own))
            parts += [missing.astype(np.float64)] if place.flagged else []
        return self.store(torch.from_numpy(np.stack(parts, axis=1)))

    def rows(self, frame: pd.DataFrame) -> Floats:
        """Return the rows of a frame, (n, size); it may hold other columns too."""
        return self.stored(self.features.encode(frame))

    def to_json(self) -> dict[str, Any]:
        """See `Codec.to_json`."""
        return {
            "kind": self.kind,
            "shape": self.shape,
            "dtype": self.dtype,
            "schema": self.schema.to_json(),
            "centres": self.centres,
            "scales": self.scales,
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """See `Codec.from_json`."""
        schema = Schema.from_json(plain["schema"])
        size = sum(1 + place.flagged for place in places(schema))
        centres, scales = (tuple(map(float, plain[name])) for name in ("centres", "scales"))
        if (size, size) != (len(centres), len(scales)):
            raise checks.Mistake(f"{size} centres and scales", len(centres), "make the file again")
        return cls((size,), plain["dtype"], schema, centres, scales)

    def _ends(self, side: int) -> tuple[float, ...]:
        ends: list[float] = []
        for place in self.places:
            ends.append(place.ends[side])
            ends += [float(side)] if place.flagged else []
        return tuple(ends)

    def _snapped(self, x: Tensor) -> Tensor:
        """Move every number to one that its column can hold."""
        made = x.clone()
        for place in self.places:
            made[:, place.x] = place.snapped(x[:, place.x])
            if place.flagged:
                missing = x[:, place.x + 1] > 0.5
                made[:, place.x + 1] = missing.double()
                made[missing, place.x] = self.centres[place.x]
        return made


def _word(cell: Any) -> str:
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell).removesuffix(" 00:00:00")
