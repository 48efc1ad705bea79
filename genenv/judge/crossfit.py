"""Members of several makes, each trained without one fold: no row is judged by one that saw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genenv import seeding
from genenv.codecs import Codec
from genenv.judge.neither import none_of_these
from genenv.judge.oracle import BATCH, Oracle
from genenv.judge.teaching import NEITHER, Advance, steps_of, teach
from genenv.judge.trees import Trees, fit_boosting, fit_forest
from genenv.judge.variations import FULL, Variation

Member = Oracle | Trees
TREES: dict[str, Callable[[Tensor, Tensor, int, int], Trees]] = {
    "boosting": fit_boosting,
    "forest": fit_forest,
}


@dataclass(frozen=True)
class Lesson:
    """How members are trained."""

    makes: tuple[str, ...]
    """Of `oracle.MAKES` and TREES, all different."""
    epochs: int
    """Of the networks."""
    table: Codec | None = None
    """Of a table's rows, of which nothing is learned as none of these: most rows that are put
    together from two of a table show a class; None: no table."""
    variation: Variation = FULL
    """How far images are varied."""

    def steps(self, rows: int) -> int:
        """Return the updates that its networks take together, each on so many rows."""
        return sum(make not in TREES for make in self.makes) * steps_of(rows, self.epochs)


def fit_member(
    make: str,
    lesson: Lesson,
    rows: Tensor,
    label: Tensor,
    outputs: int,
    seed: int,
    advance: Advance,
) -> Member:
    """Train one member on rows (n, ...) in [-1, 1] and class indices (n,)."""
    if make not in TREES:
        neither = lesson.table is None
        return teach(
            make, rows, label, outputs, lesson.epochs, seed, advance, neither, lesson.variation
        )
    made = rows, label
    if lesson.table is None:
        made = _with_neither(rows, label, outputs, seed)
    return TREES[make](*made, outputs + 1, seed)


def _with_neither(rows: Tensor, label: Tensor, outputs: int, seed: int) -> tuple[Tensor, Tensor]:
    """Add a quarter as many rows of none of these, for members that are not trained in batches."""
    rng = seeding.torch_generator(seed, "neither")
    made = none_of_these(rows, label, round(NEITHER * len(rows)), rng)
    return torch.cat([rows, made]), torch.cat([label, torch.full((len(made),), outputs)])


def answers(member: Member, rows: Tensor) -> Tensor:
    """Ask a member: (n, ...) in [-1, 1] -> probabilities (n, outputs), none of these last."""
    return member(rows) if isinstance(member, Trees) else read(member, features(member, rows))


def features(member: Oracle, rows: Tensor) -> Tensor:
    """Ask for the last hidden layer: (n, ...) in [-1, 1] -> (n, 64)."""
    with torch.no_grad():
        return torch.cat([member.features(part) for part in torch.split(rows, BATCH)])


def read(member: Oracle, points: Tensor) -> Tensor:
    """Ask what the last hidden layer says: (n, 64) -> probabilities (n, outputs)."""
    with torch.no_grad():
        return torch.cat([member.read(part).softmax(1) for part in torch.split(points, BATCH)])
