"""A critic that judges several samples at once, so that a generator's lack of variety shows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from genenv import checks
from genenv.codecs import Codec
from genenv.generators.base import Classes
from genenv.networks.base import Critic


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
        self, make: Callable[[Codec, Classes], Critic], units: Codec, classes: Classes, pack: int
    ) -> None:
        inner = make(units.packed(pack), tuple(range(pack * len(classes))))
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
        x = self.units.pack(x.reshape(-1, self.pack, *self.units.layout))
        if label is not None:
            label = label.reshape(-1, self.pack) + self._first
        return self.inner(x, label)  # type: ignore[no-any-return]


def divisible(what: str, rows: int, pack: int) -> None:
    """Raise a Mistake that names the nearest numbers of rows unless `pack` divides `rows`."""
    if rows % pack:
        below, above = rows // pack * pack, -(-rows // pack) * pack
        near = f"{below} or {above}" if below else f"{above}"
        raise checks.Mistake(f"{what} that {pack} divides", rows, f"give {near}")
