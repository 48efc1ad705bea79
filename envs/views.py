"""What a detective can look at: the whole, parts of it, a coarse copy, a second critic's score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.codecs import planes
from genenv.data import Dataset
from genenv.envs.samples import Scale
from genenv.generators import Generator

SIDE = 2  # parts of an image's height and width; a vector has as many runs of columns
COARSE = 4  # pixels a side, or columns that are averaged
KNOWN = 1024  # real rows that tell how a critic's scores lie


@dataclass(frozen=True)
class Second:
    """A critic that has seen the data before, and whose opinion can be bought."""

    generator: Generator
    """That kept it."""
    middle: float
    """Its median score of real rows."""
    spread: float
    """Half of what the middle 90 % of these span."""

    def opinion(self, x: NDArray[Any], label: NDArray[np.int64]) -> NDArray[np.float32]:
        """Ask about samples (n, *units.shape), as stored, of labels (n,): (n, 1) in [-1, 1]."""
        score = self.generator.score(x, label if self.generator.conditional else None)
        opinion: NDArray[np.float32] = np.tanh((score - self.middle) / self.spread)
        return opinion[:, None]


def second(
    generator: Generator,
    ladder: tuple[Generator, ...],
    dataset: Dataset,
    rows: NDArray[np.int64],
) -> Second | None:
    """Take the critic of a generator; None where it kept none, or one that cannot be asked.

    One of packs has no score of a sample, and one that is told labels needs those of the data, in
    the classes of the whole ladder.
    """
    critic = generator.kept_critic
    if critic is None or critic.pack > 1:
        return None
    told = {g.classes for g in ladder} | {tuple(dataset.classes)}
    if generator.conditional and (dataset.label is None or told != {generator.classes}):
        return None
    some = rows[:: -(-len(rows) // KNOWN)]
    label = None if not generator.conditional or dataset.label is None else dataset.label[some]
    low, middle, high = np.percentile(generator.score(dataset.x[some], label), [5, 50, 95])
    return Second(generator, float(middle), max(float(high - low) / 2, 1e-9))


@dataclass(frozen=True)
class Views:
    """The views of samples: which cells of what there is to see each of them shows.

    Cells are the columns of a sample, then those of its coarse copy, then the score. They lie in
    regions: each part, the coarse copy, the score. The whole shows all parts, other views a region.
    """

    scale: Scale
    """Of the samples."""
    second: Second | None
    """Whose score is the last view."""
    side: int = SIDE
    """Parts of an image's height and width; a vector has side^2 runs of columns."""

    @cached_property
    def parts(self) -> list[NDArray[np.int64]]:
        """Columns of each part of a sample, which together are all."""
        cells = np.arange(self.scale.size)
        if self.scale.units.kind != "image":
            return [part for part in np.array_split(cells, self.side**2) if len(part)]
        grid = cells.reshape(self.scale.units.layout)
        bands = [np.array_split(band, self.side, 1) for band in np.array_split(grid, self.side)]
        return [part.ravel() for band in bands for part in band if part.size]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of each view."""
        parts = [f"part {k}" for k in range(1, len(self.parts) + 1)]
        return ("whole", *parts, "coarse", *(["score"] if self.second else []))

    @cached_property
    def region(self) -> NDArray[np.int64]:
        """The region that each cell lies in: (cells,)."""
        coarse = self._coarse(torch.zeros(1, self.scale.size)).shape[1]
        region = np.full(self.scale.size + coarse + bool(self.second), len(self.parts))
        for number, part in enumerate(self.parts):
            region[part] = number
        if self.second:
            region[-1] += 1
        return region

    @cached_property
    def shown(self) -> NDArray[np.bool_]:
        """Whether a view shows a region: (views, regions)."""
        regions = np.eye(len(self.names) - 1, dtype=np.bool_)
        whole = np.arange(len(regions)) < len(self.parts)
        return np.concatenate([whole[None], regions])

    @cached_property
    def share(self) -> NDArray[np.float64]:
        """What each view's noise is multiplied by: every look gathers as much light; (views,)."""
        cells = self.shown @ np.bincount(self.region)
        share = np.sqrt(cells / self.scale.size)
        if self.second:
            share[-1] = 1.0
        return share

    def __call__(self, x: Tensor, label: NDArray[np.int64]) -> NDArray[np.float32]:
        """See samples (n, *units.shape) in the data's units, of labels (n,): (n, cells)."""
        whole = self.scale.to_box(x)
        seen = torch.cat([whole, self._coarse(whole)], 1).numpy()
        if self.second is None:
            return seen
        opinion = self.second.opinion(self.scale.units.store(x), label)
        return np.concatenate([seen, opinion], 1, dtype=np.float32)

    def _coarse(self, box: Tensor) -> Tensor:
        units = self.scale.units
        if units.kind != "image":
            width = -(-self.scale.size // COARSE)
            return torch.nn.functional.adaptive_avg_pool1d(box[:, None], width)[:, 0]
        image = planes(box.reshape(-1, *units.layout))
        height, width = (min(COARSE, side) for side in image.shape[2:])
        return torch.nn.functional.adaptive_avg_pool2d(image, (height, width)).flatten(1)
