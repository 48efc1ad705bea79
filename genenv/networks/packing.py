"""A critic that judges several samples at once, so that a generator's lack of variety shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from genenv import checks
from genenv.data.dataset import Units
from genenv.networks.base import Classes, Critic


class Packed(Critic):
    """One score for `pack` neighbouring rows, as in PacGAN (Lin et al., arXiv 1712.04086).

    The samples of a pack are concatenated, images along their channels, vectors along their
    columns; only the first layer of the critic inside is larger for it (section 3). Each slot of a
    pack has its own row a class in the projection, and a pack's projections are summed.

    Parameters
    ----------
    make
        Makes the critic inside: (units, classes) -> Critic.
    units, classes
        See `Critic`: of single samples.
    pack
        Samples a score.
    """

    def __init__(
        self, make: Callable[[Units, Classes], Critic], units: Units, classes: Classes, pack: int
    ) -> None:
        inner = make(packed(units, pack), tuple(range(pack * len(classes))))
        super().__init__(units, classes, inner.arguments | {"pack": pack})
        self.inner, self.pack = inner, pack
        self._first: Tensor  # label of each slot's class 0
        self.register_buffer("_first", torch.arange(pack) * len(classes), persistent=False)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(packs·pack, *units.shape), (packs·pack,) -> (packs,).

        Raises
        ------
        Mistake
            `pack` does not divide the rows.
        """
        divisible("a batch", len(x), self.pack)
        x = x.reshape(len(x) // self.pack, self.pack, *self.units.shape)
        x = x.movedim(1, -1) if len(self.units.shape) == 2 else x.movedim(1, -2).flatten(-2)
        if label is not None:
            label = label.reshape(-1, self.pack) + self._first
        return self.inner(x, label)  # type: ignore[no-any-return]


def packed(units: Units, pack: int) -> Units:
    """Units of `pack` samples as one: images with `pack` times the channels, vectors longer."""
    if len(units.shape) == 2:
        return replace(units, shape=(*units.shape, pack))
    *sides, last = units.shape
    columns = 1 if units.is_image else pack  # how often the limits, one a column, are repeated
    return replace(
        units,
        shape=(*sides, last * pack),
        low=units.low * columns if len(units.low) > 1 else units.low,
        high=units.high * columns if len(units.high) > 1 else units.high,
        ends=None,
    )


def divisible(what: str, rows: int, pack: int) -> None:
    """Raise a Mistake that names the nearest numbers of rows unless `pack` divides `rows`."""
    if rows % pack:
        below, above = rows // pack * pack, -(-rows // pack) * pack
        near = f"{below} or {above}" if below else f"{above}"
        raise checks.Mistake(f"{what} that {pack} divides", rows, f"give {near}")
