"""A ladder of generators, real rows beside it, and what there is to see of a sample of either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from genenv import bundled, checks, ladder, seeding
from genenv.data import Dataset, Source, find
from genenv.envs.samples import Scale, check_alike
from genenv.envs.views import KNOWN, SIDE, Views, second
from genenv.generators import Generator

EVERYWHERE, SAMPLE, NEGATIVE, CLASS = FLAWS = ("everywhere", "sample", "negative", "class")
CHANCES = 2  # numbers that choose a real row, and the label of a sample


@dataclass(frozen=True)
class Rungs:
    """Where what a detective sees comes from."""

    ladder: tuple[Generator, ...]
    """Generators from early to late."""
    data: Dataset
    """What is real."""
    rows: NDArray[np.int64]
    """Rows of the data that arrive as real."""
    views: Views
    """What can be seen of a sample."""
    flaw: str = EVERYWHERE
    """What a forgery is: a sample, or a real row but for one part."""

    @property
    def count(self) -> int:
        """Kinds of forgeries: rungs of the ladder, or one where no generator is asked."""
        return max(len(self.ladder), 1)

    @property
    def chances(self) -> int:
        """Uniform numbers that a sample takes; the last one chooses the part of a flaw."""
        base_dim = max((generator.noise.base_dim for generator in self.ladder), default=0)
        return CHANCES + base_dim + (self.flaw != EVERYWHERE)

    def part(self, rung: NDArray[np.int64], chance: NDArray[np.float64]) -> NDArray[np.int64]:
        """Which part of each sample is forged, (n,): counted from 0; -1: none, or all of it."""
        parts = len(self.views.parts)
        part = (chance[:, -1] * parts).astype(np.int64)
        if self.flaw == CLASS:
            part = (self._real(chance)[1] + 1) % parts
        return np.where((rung < 0) | (self.flaw == EVERYWHERE), -1, part)

    @cached_property
    def middle(self) -> NDArray[np.float64]:
        """What a real row shows in the mean: (cells,)."""
        some = self.rows[:: -(-len(self.rows) // KNOWN)]
        label = np.zeros(len(self.data.x), np.int64) if self.data.label is None else self.data.label
        x = self.data.units.tensor(self.data.x[some])
        middle: NDArray[np.float64] = self.views(x, label[some]).mean(0, dtype=np.float64)
        return middle

    def asked(self, options: dict[str, Any], count: int) -> NDArray[np.int64]:
        """Return the rungs that `options["rung"]` asks for, (count,); -1: by chance."""
        asked = np.asarray(options.get("rung", -1))
        if asked.ndim:
            checks.shape("options['rung']", asked, (count,))
        top = self.count - 1
        least = 0 if "rung" in options and not asked.ndim else -1
        if asked.dtype.kind not in "iu" or asked.min() < least or asked.max() > top:
            raise checks.Mistake(
                f"options['rung'] to be whole numbers from 0 to {top}"
                + (" (-1: by chance)" if asked.ndim else ""),
                asked.tolist(),
                "choose a rung of the ladder",
            )
        return np.broadcast_to(asked, count)

    def seen(self, rung: NDArray[np.int64], chance: NDArray[np.float64]) -> NDArray[np.float32]:
        """Make a sample of each rung (n,), -1 for a real row: what there is to see, (n, cells).

        `chance`: (n, chances) uniform numbers, which decide all.
        """
        cells = np.zeros((len(rung), len(self.views.region)), np.float32)
        for k in np.unique(rung):
            own = rung == k
            cells[own] = self.views(*self._samples(int(k), chance[own]))
        return cells

    def _samples(self, rung: int, chance: NDArray[np.float64]) -> tuple[Tensor, NDArray[np.int64]]:
        if rung < 0:
            return self._real(chance)
        if self.flaw == EVERYWHERE:
            return self._made(rung, chance)
        real, label = self._real(chance)
        scale = self.views.scale
        negative = scale.from_box(-scale.to_box(real))
        other = self._made(rung, chance)[0] if self.flaw == SAMPLE else negative
        units = self.data.units
        part = self.part(np.zeros(len(chance), np.int64), chance)
        kept = (self.views.region[: scale.size] != part[:, None]).reshape(-1, *units.layout)
        return units.tensor(units.kept(units.store(real), units.store(other), kept)), label

    def _real(self, chance: NDArray[np.float64]) -> tuple[Tensor, NDArray[np.int64]]:
        at = self.rows[(chance[:, 0] * len(self.rows)).astype(np.int64)]
        told = self.data.label
        label = np.zeros(len(at), np.int64) if told is None else told[at]
        return self.data.units.tensor(self.data.x[at]), label

    def _made(self, rung: int, chance: NDArray[np.float64]) -> tuple[Tensor, NDArray[np.int64]]:
        generator = self.ladder[rung]
        label = (chance[:, 1] * len(generator.classes)).astype(np.int64)
        e = seeding.as_normals(chance[:, CHANCES : CHANCES + generator.noise.base_dim])
        asked = torch.from_numpy(label) if generator.conditional else None
        return self.views.scale.generated(generator, torch.from_numpy(e), asked), label


def find_rungs(
    run: str | Path | None,
    given: Sequence[Generator] | None,
    source: Source | None,
    rows: ArrayLike | None,
    flaw: str = EVERYWHERE,
    side: int = SIDE,
) -> Rungs:
    """Take the ladder as given or load a run's; the second critic is the last generator's."""
    dataset = None if source is None else find(source)
    if given is None:
        folder = bundled.FOLDER if run is None else Path(run).expanduser()
        rungs = ladder.generators(folder)
        last: Generator | None = ladder.last(folder)
        dataset, unseen = ladder.unseen(folder, dataset)
    else:
        rungs = tuple(given)
        dataset = _beside(rungs, run, dataset, flaw)
        last = rungs[-1] if rungs else None
        unseen = np.arange(len(dataset))
    for k, generator in enumerate(rungs):
        if not hasattr(generator, "units"):
            got = f"{generator!r} on rung {k}"
            raise checks.Mistake("a ladder of Generators", got, "give genenv.load(RUN)")
        check_alike(generator.units, dataset, f"rung {k} of the ladder")
    own = unseen if rows is None else checked_rows(rows, dataset)
    if flaw == CLASS and dataset.label is None:
        raise checks.Mistake("data with labels for a flaw by class", "none", "give (x, labels)")
    critic = None if last is None else second(last, rungs, dataset, own)
    views = Views(Scale(dataset), critic, side)
    return Rungs(rungs, dataset, own, views, flaw)


def _beside(
    rungs: tuple[Generator, ...], run: str | Path | None, dataset: Dataset | None, flaw: str
) -> Dataset:
    if run is not None:
        raise checks.Mistake("either a ladder or a run", "both", "leave one out")
    if dataset is None:
        raise checks.Mistake("data beside a ladder", "none", "give the real samples as data")
    if not rungs and flaw in (EVERYWHERE, SAMPLE):
        raise checks.Mistake("a ladder of one generator or more", "an empty one", "give some")
    return dataset


def checked_rows(rows: ArrayLike, dataset: Dataset) -> NDArray[np.int64]:
    """Return row numbers of the data, or raise a Mistake."""
    array = np.asarray(rows)
    checks.shape("rows", array, (None,))
    inside = array.dtype.kind in "iu" and len(array) and 0 <= array.min() <= array.max()
    if not inside or array.max() >= len(dataset):
        got = f"{len(array)} of {array.dtype}"
        got += f" from {array.min()} to {array.max()}" if len(array) else ""
        raise checks.Mistake(f"rows to be whole numbers below {len(dataset)}", got, "fix them")
    return array.astype(np.int64)
