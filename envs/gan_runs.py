"""Live GAN runs, one a row, each on a problem of its own: what TrainingGame steers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import seeding
from genenv.stacked import StackedGan
from genenv.stacked.evaluation import Evaluation
from genenv.stacked.laws import MOST_WRONG, moments, unseen
from genenv.stacked.problems import Family

MOST_STEPS = 4  # of the critic, for one of the generator
MOST_GAP = 10.0  # between the terms of a run that diverges
TOLD = 7  # numbers of a problem beside its kind

Rows = NDArray[np.int64]
Keys = Callable[..., NDArray[np.uint64]]  # rows and what is drawn -> one key a row
Slot = tuple[Rows, torch.Tensor, torch.Tensor]  # rows by position, their real rows, their latents


@dataclass(frozen=True)
class Steering:
    """What a decision asks for, (k,) each."""

    ratio: NDArray[np.float64]
    """The critic's learning rate over the generator's."""
    steps: Rows
    """Of the critic for one of the generator, 1 to 4."""
    penalty: NDArray[np.float64]
    rate: NDArray[np.float64]
    """Geometric mean of both learning rates."""

    @staticmethod
    def read(
        action: NDArray[np.floating[Any]], penalty: float, rate: NDArray[np.float64]
    ) -> Steering:
        """Read actions (k, 4 or more), as TrainingGame has them; rates at action 0 are (k,)."""
        a = action.astype(np.float64).clip(-1.0, 1.0)
        steps = np.minimum(1 + np.floor(2 * a[:, 1] + 2), MOST_STEPS).astype(np.int64)
        return Steering(10.0 ** a[:, 0], steps, penalty * 10.0 ** a[:, 2], rate * 10.0 ** a[:, 3])


class GanRuns:
    """Stacked GANs with the data, the sizes and the evaluation of each row's problem.

    Parameters
    ----------
    gan
        The stack.
    family
        Where problems come from.
    quality, latent
        Of the evaluation.
    batch
        Rows of an update, at most.
    updates
        Of the generator in a decision.
    keys
        Addresses of what rows draw.
    hidden
        How many times the rate of an episode may be the problem's, either way.
    """

    def __init__(
        self,
        gan: StackedGan,
        family: Family,
        quality: str,
        batch: int,
        updates: int,
        keys: Keys,
        hidden: float,
    ) -> None:
        self.gan = gan
        self.family = family
        self.batch = batch
        self.updates = updates
        self._keys = keys
        self.count = len(gan.generator.theta)
        self.hidden = hidden
        first = np.zeros(self.count, np.uint64)
        self.problems = family.problems(first)
        self.rate = self.problems.rate.copy()  # at action 0: the problem's, times what is hidden
        self.real, held_out = family.data(first, self.problems.kind, self.problems.wrong)
        dataset = getattr(family, "dataset", None)
        shown = held_out[:1] if family.fixed else held_out
        self.evaluation = Evaluation(shown, dataset, quality, gan.latent)
        self._shifts = np.full(self.count, -1)  # before which decision a set is exchanged

    def begin(self, rows: Rows, problem: NDArray[np.uint64]) -> None:
        """Give rows the problems of some addresses, (k,), and new networks."""
        self.problems.put(rows, self.family.problems(problem))
        self.rate[rows] = self.problems.rate[rows] * unseen(self._keys(rows), self.hidden)
        self._shifts[rows] = moments(
            self._keys(rows, "moment"), self.problems.budget[rows], self.problems.shift[rows]
        )
        widths = None if self.family.fixed else self.problems.width[rows]
        keys = self._keys(rows, "generator"), self._keys(rows, "critic")
        self.gan.begin(rows, *keys, widths)
        self._give(rows, problem)

    def shift(self, rows: Rows, elapsed: Rows) -> Rows:
        """Exchange the sets of those rows whose moment has come, for others of the same kind."""
        due: Rows = rows[self._shifts[rows] == elapsed[rows]]
        if len(due):
            self._give(due, self._keys(due, "set"))
        return due

    def context(self) -> NDArray[np.float64]:
        """Tell what the problems are, (rows, kinds + TOLD).

        The kind of the data, one-hot; log2 of their number / 10, width / 16, log2 of the batch / 4,
        log10 of the rate + 2, budget / 12, whether the data are exchanged, share of wrong rows /
        0.3.
        """
        p = self.problems
        one_hot = np.arange(len(self.family.names)) == p.kind[:, None]
        words = (
            np.log2(p.size) / 10,
            p.width / 16,
            np.log2(p.batch) / 4,
            np.log10(p.rate) + 2,
            p.budget / 12,
            p.shift,
            p.wrong / MOST_WRONG,
        )
        return np.concatenate([one_hot, np.stack(words, 1)], 1)

    def train(self, rows: Rows, asked: Steering) -> NDArray[np.float64]:
        """Train some rows; means over updates (k, 5): critic, penalties, generator, both norms.

        The generator's update shares its rows and latents with the critic's last one. So that
        this one falls together for all, rows with fewer critic steps begin later.
        """
        sides = np.stack([asked.ratio**-0.5, asked.ratio**0.5])
        rate = torch.from_numpy(asked.rate * sides).float()
        penalty = torch.from_numpy(asked.penalty).float()
        words = torch.zeros(len(rows), 5, dtype=torch.float64)
        slots = [self._slot(rows, asked.steps >= MOST_STEPS - k, k) for k in range(MOST_STEPS)]
        for update in range(self.updates):
            for k, (part, real, latent) in enumerate(slots):
                if not len(part):
                    continue
                at = self.index(rows[part])
                mine = torch.arange(self.count) if at is None else at
                x, z = self.real[mine[:, None], real[:, update]], latent[:, update]
                keys = seeding.fold_rows(self._keys(rows[part], "objective"), update, k)
                fake = self.gan.sample(z, at)
                terms, norm = self.gan.update_critic(
                    x, fake, rate[1, part], penalty[part], keys, at
                )
                if k == MOST_STEPS - 1:
                    charged = self.gan.objective.penalties
                    words[:, 0] += _sum([t for n, t in terms.items() if n not in charged], norm)
                    words[:, 1] += _sum([t for n, t in terms.items() if n in charged], norm)
                    words[:, 3] += norm.sqrt()
                    terms, norm = self.gan.update_generator(x, z, rate[0], keys, at)
                    words[:, 2] += _sum(list(terms.values()), norm)
                    words[:, 4] += norm.sqrt()
        return (words / self.updates).numpy()

    def index(self, rows: Rows) -> torch.Tensor | None:
        """Index of rows for the stack; None: all, which spares a copy."""
        return None if len(rows) == self.count else torch.from_numpy(rows)

    def finite(self, rows: Rows) -> NDArray[np.bool_]:
        """Whether all weights of each of these rows are finite."""
        networks = (self.gan.generator.theta, self.gan.critic.theta)
        flags: NDArray[np.bool_] = np.logical_and(
            *(t.isfinite().all(1).numpy()[rows] for t in networks)
        )
        return flags

    def _give(self, rows: Rows, keys: NDArray[np.uint64]) -> None:
        if self.family.fixed:
            return
        real, held_out = self.family.data(keys, self.problems.kind[rows], self.problems.wrong[rows])
        index = torch.from_numpy(rows)
        self.real[index] = real
        self.evaluation.put(index, held_out)

    def _slot(self, rows: Rows, takes: NDArray[np.bool_], slot: int) -> Slot:
        """Draw the k-th critic step of all updates for the rows that take it, by position.

        A smaller batch fills the larger one with repetitions: its means are the same.
        """
        part = np.flatnonzero(takes)
        at, shape = rows[part], (len(part), self.updates, self.batch)
        count = self.updates * self.batch
        size = self.problems.size[at, None]
        pick = seeding.uniforms(self._keys(at, "real", slot), count) * size
        z = seeding.normals(self._keys(at, "z", slot), count * self.gan.latent)
        own = np.arange(self.batch) % self.problems.batch[at, None]  # (k, batch)
        real = torch.from_numpy(pick.astype(np.int64)).view(shape)
        latent = torch.from_numpy(z).view(*shape, self.gan.latent)
        if (self.problems.batch[at] < self.batch).any():
            every = torch.arange(len(part))[:, None]
            fill = torch.from_numpy(own)
            real = real.transpose(1, 2)[every, fill].transpose(1, 2)
            latent = latent.transpose(1, 2)[every, fill].transpose(1, 2)
        return part, real, latent


def gap(words: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absolute difference of the critic's and the generator's mean terms, (k,)."""
    apart = np.abs(words[:, 0] + words[:, 1] - words[:, 2])
    return np.nan_to_num(apart, nan=MOST_GAP, posinf=MOST_GAP)


def columns_of(words: NDArray[np.float64]) -> NDArray[np.float64]:
    """Terms and norms as the first four columns of an observation."""
    terms = np.sign(words[:, :3]) * np.log1p(np.abs(words[:, :3]))
    ratio = np.log10((words[:, 3] + 1e-12) / (words[:, 4] + 1e-12))
    return np.column_stack([terms, ratio])


def _sum(terms: list[torch.Tensor], like: torch.Tensor) -> torch.Tensor:
    return sum(terms, torch.zeros_like(like))
