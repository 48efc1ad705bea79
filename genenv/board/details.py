"""One flip of a stress run: its sample, its path, and what there is to say of it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks
from genenv.board import asking
from genenv.board.folders import own
from genenv.board.generated import generated
from genenv.board.index import Index
from genenv.board.shards import latents
from genenv.report import nearest

FRAMES = 16  # of a path
KEPT = 16  # shards whose latents are kept: a megabyte each


class Details:
    """What is told of one flip at a time; `shard` and `row` are its address in a page.

    Parameters
    ----------
    index
        Of the run's flips.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self._latents = lru_cache(KEPT)(self._read)

    def of(self, shard: str, row: int) -> dict[str, Any]:
        """Return what there is to say of one flip: probabilities, along the path too.

        Raises
        ------
        Mistake
            No such flip.
        """
        held, at = self._at(shard, row)
        classes = [str(c) for c in self.index.generator.classes]
        p = np.exp(held["output"][at].astype(np.float64))
        near = self._nearest(shard, row)
        return {
            "classes": classes,
            "p": p.round(4).tolist(),
            "energy": round(float(0.5 * np.square(held["e"][at].astype(np.float64)).sum()), 2),
            "nearest": near and {"condition": classes[near.label], "distance": near.distance},
            "path": self._along(shard, row),
        }

    def sample(self, shard: str, row: int, share: float = 1.0) -> NDArray[Any]:
        """Make the sample of a flip again, at a share of the way from the origin of the base space.

        (1, *units.shape) in the data's units.

        Raises
        ------
        Mistake
            No such flip.
        """
        held, at = self._at(shard, row)
        e = torch.from_numpy(held["e"][at : at + 1]) * share
        label = torch.from_numpy(held["label"][at : at + 1].astype(np.int64))
        generator = self.index.generator
        return generated(generator, generator.noise.from_base(e), label)

    def real(self, shard: str, row: int) -> NDArray[Any]:
        """Return the nearest real row of a confirmed failure, (1, *units.shape).

        Raises
        ------
        Mistake
            The run keeps none.
        """
        near = self._nearest(shard, row)
        if near is None:
            raise checks.Mistake("a flip with a nearest real row", "one without", "choose another")
        return near.x[None]

    def _along(self, shard: str, row: int) -> dict[str, Any] | None:
        """Return who says what at each frame of the path; None: there is nobody to ask."""
        if self._asked is None:
            return None
        who, ask = self._asked
        frames = [self.sample(shard, row, k / (FRAMES - 1)) for k in range(FRAMES)]
        return {"by": who, "p": ask(np.concatenate(frames)).round(4).tolist()}

    @cached_property
    def _asked(self) -> tuple[str, asking.Ask] | None:
        return asking.of_run(self.index.run, self.index.generator)

    @cached_property
    def _rows(self) -> nearest.Rows:
        own(self.index.run / nearest.NAME, self.index.run)
        generator = self.index.generator
        return nearest.Rows(self.index.run, generator.units.shape, len(generator.classes))

    def _nearest(self, shard: str, row: int) -> nearest.Nearest | None:
        found = self.index.found()
        place = self.index.place(shard)
        assert found is not None
        at = np.flatnonzero((found.shard == place) & (found.row == row))
        if not len(at):
            raise checks.Mistake(f"a flip in {shard}", f"row {row}", "choose one of the gallery")
        i = int(at[0])
        search = self.index.searches[found.search[i]]
        return self._rows.of(search, int(found.seed[i]), int(found.query[i]) + 1)

    def _at(self, shard: str, row: int) -> tuple[dict[str, NDArray[Any]], int]:
        """Return the columns of a flip's shard, and its row."""
        place = self.index.place(shard)
        held = self._latents(place, self.index.stamp(place))
        if row >= len(held["label"]):
            raise checks.Mistake(
                f"a row below {len(held['label'])} of {shard}", row, "choose one of the gallery"
            )
        return held, row

    def _read(self, place: int, _stamp: Any) -> dict[str, NDArray[Any]]:
        return latents(self.index.path(place), self.index.run, self.index.generator)
