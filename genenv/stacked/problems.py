"""Problems of training a GAN: one a row, drawn from a family, or the same for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.data import Dataset
from genenv.stacked.clouds import CLOUDS, cloud
from genenv.stacked.laws import PARTS, REACH, between, check_family, check_share, pick

HELD_OUT = 512  # points of a drawn set that nothing learns from
SIDE = 5.0  # of the square in which wrong rows lie, in standard deviations of the data
LARGEST = 512  # and those that may be learned from, at most

Keys = NDArray[np.uint64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Problems:
    """What n runs are given; (n,) each."""

    kind: Rows
    """Number of a row of `CLOUDS`."""
    size: Rows
    """Rows to learn from."""
    width: Rows
    """Of the hidden layers."""
    batch: Rows
    """Rows of an update."""
    rate: NDArray[np.float64]
    """Learning rate at action 0."""
    budget: Rows
    """Decisions of an episode, at most."""
    update_price: NDArray[np.float64]
    """Of an update of the critic."""
    time_price: NDArray[np.float64]
    """Of a decision."""
    shift: NDArray[np.bool_]
    """Whether the set is exchanged on the way."""
    wrong: NDArray[np.float64]
    """Share of the rows to learn from that are none of the set."""

    def put(self, rows: Rows, other: Problems) -> None:
        """Write others into some rows."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)


class Family(ABC):
    """Where the problems of episodes come from."""

    names: tuple[str, ...]  # of the kinds of data
    size: int  # numbers of a sample
    fixed = False  # True where all problems are one

    @abstractmethod
    def problems(self, keys: Keys) -> Problems:
        """Draw the problems of some addresses, (k,)."""

    @abstractmethod
    def data(self, keys: Keys, kind: Rows, wrong: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """Rows to learn from (k, n, size) and held-out ones (k, m, size), in random order.

        Of those to learn from, shares `wrong` (k,) are others; none of those held out.
        """


class Drawn(Family):
    """Every episode has data, sizes, rate, budget and prices of its own.

    Parameters
    ----------
    split
        "train" or "test": the addresses of one are none of the other.
    shift
        Probability that an episode's problem exchanges its set on the way, at a moment that is
        chance and no part of the problem.
    wrong
        Largest share of the rows to learn from that are none of the set.
    width, batch
        The largest: a problem has the whole, a half or a quarter.
    rate
        The middle one, of rates from an eighth of it to eight times as much.
    updates
        Of the generator in a decision; prices are of that order.
    decisions
        Of the longest budget; the shortest is half of it.

    Raises
    ------
    Mistake
        An unknown split, a share that is none, or a width or batch below four.
    """

    names = tuple(CLOUDS)
    size = 2

    def __init__(
        self,
        split: str,
        shift: float,
        wrong: float,
        width: int,
        batch: int,
        rate: float,
        updates: int,
        decisions: int,
    ) -> None:
        check_family(split, shift, width, batch)
        self.wrong = check_share("wrong", wrong)
        self.widths, self.batches = ([n // part for part in PARTS] for n in (width, batch))
        self.rate = rate
        self.split = split
        self.shift = shift
        self.updates = updates
        self.decisions = decisions

    def problems(self, keys: Keys) -> Problems:
        """Draw each number by itself; rates and prices are log-uniform."""
        u = seeding.uniforms(seeding.fold_rows(keys, "problem", self.split), 10)
        least = (self.decisions + 1) // 2
        return Problems(
            kind=pick(u[:, 0], len(CLOUDS)),
            size=np.rint(between(u[:, 1], 32, LARGEST)).astype(np.int64),
            width=np.array(self.widths)[pick(u[:, 2], len(PARTS))],
            batch=np.array(self.batches)[pick(u[:, 3], len(PARTS))],
            rate=between(u[:, 4], self.rate / REACH, self.rate * REACH),
            budget=least + pick(u[:, 5], self.decisions - least + 1),
            update_price=between(u[:, 6], 1e-3, 1e-1) / self.updates,
            time_price=between(u[:, 7], 1e-2, 2e-1),
            shift=u[:, 8] < self.shift,
            wrong=self.wrong * u[:, 9],
        )

    def data(self, keys: Keys, kind: Rows, wrong: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """Draw each set by itself; wrong rows lie anywhere in a square around it."""
        sets = [
            cloud(int(key), int(one), LARGEST + HELD_OUT)
            for key, one in zip(seeding.fold_rows(keys, self.split), kind, strict=True)
        ]
        x = np.stack(sets)
        own = seeding.fold_rows(keys, self.split, "wrong")
        u = seeding.uniforms(own, LARGEST * (1 + self.size)).reshape(len(keys), LARGEST, -1)
        anywhere = (SIDE * (u[..., 1:] - 0.5)).astype(x.dtype)
        learned = np.where(u[..., :1] < wrong[:, None, None], anywhere, x[:, :LARGEST])
        return torch.from_numpy(learned), torch.from_numpy(x[:, LARGEST:])


class Same(Family):
    """One problem for all episodes: a data set, without prices.

    Parameters
    ----------
    dataset
        A fifth of its rows, at most `held_out`, is held out.
    width, batch, rate, decisions
        See `Problems`.
    held_out
        Rows.

    Raises
    ------
    Mistake
        Fewer rows than two batches.
    """

    fixed = True

    def __init__(
        self,
        dataset: Dataset,
        width: int,
        batch: int,
        rate: float,
        decisions: int,
        held_out: int = 4096,
    ) -> None:
        self.names = (dataset.name,)
        self.dataset = dataset
        x = dataset.units.encode(dataset.units.tensor(dataset.x)).flatten(1)
        if len(x) < 2 * batch:
            do = "give a smaller batch or more data"
            raise checks.Mistake(f"data of at least two batches of {batch} rows", len(x), do)
        order = torch.from_numpy(seeding.numpy_generator(0, "held out").permutation(len(x)))
        held = min(held_out, len(x) // 5)
        self.real, self.held_out = x[order[held:]], x[order[:held]]
        self.size = x.shape[1]
        self.width = width
        self.batch = batch
        self.rate = rate
        self.decisions = decisions

    def problems(self, keys: Keys) -> Problems:
        """Give all the same."""
        whole, number = np.ones(len(keys), np.int64), np.ones(len(keys))
        return Problems(
            kind=0 * whole,
            size=len(self.real) * whole,
            width=self.width * whole,
            batch=self.batch * whole,
            rate=self.rate * number,
            budget=self.decisions * whole,
            update_price=0 * number,
            time_price=0 * number,
            shift=np.zeros(len(keys), np.bool_),
            wrong=0 * number,
        )

    def data(
        self,
        keys: Keys,
        kind: Rows,  # noqa: ARG002 one set
        wrong: NDArray[np.float64],  # noqa: ARG002
    ) -> tuple[Tensor, Tensor]:
        """Give views of the one set."""
        return self.real.expand(len(keys), -1, -1), self.held_out.expand(len(keys), -1, -1)
