"""What lies between generator and discriminator, for many duels side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from numpy.typing import NDArray

from genenv import checks, seeding
from genenv.data import Dataset, Source, find
from genenv.envs import pictures
from genenv.envs.samples import Scale
from genenv.noise import Gaussian, Noise

GENERATOR, DISCRIMINATOR = AGENTS = ("generator", "discriminator")
HORIZON = 32  # steps
FARTHEST = 6.0  # base noise is shown clipped to this many standard deviations

TRAIL = 64  # generated samples that a picture of plane data keeps
REAL_SHOWN = 500  # real ones in it

Keys = Callable[[str], NDArray[np.uint64]]  # what is drawn -> one key a row


class Rounds:
    """The samples on show, the noise that is given out, and what a step pays.

    Parameters
    ----------
    count
        Duels.
    dataset
        What is real. Its labels are told to both sides, unless it says `unconditional`.
    noise
        The law whose base vectors the generator is given.
    """

    def __init__(self, count: int, dataset: Dataset, noise: Noise) -> None:
        self.dataset = dataset
        self.noise = noise
        self.scale = Scale(dataset)
        self.real = self.scale.to_box(dataset.units.tensor(dataset.x)).numpy()
        labelled = dataset.label is not None and not dataset.unconditional
        self.classes = dataset.classes if labelled else ()
        size = self.scale.size
        given = noise.base_dim + len(self.classes)
        self.spaces = {
            GENERATOR: Box(-FARTHEST, FARTHEST, (given,), np.float32),
            DISCRIMINATOR: Box(-1.0, 1.0, (size + len(self.classes),), np.float32),
        }
        self.actions = {
            GENERATOR: Box(-1.0, 1.0, (size,), np.float32),
            DISCRIMINATOR: Box(-1.0, 1.0, (1,), np.float32),
        }
        self.x = np.zeros((count, size), np.float32)  # on show
        self.is_real = np.zeros(count, np.bool_)  # what is on show
        self.judged = np.full(count, -1)  # what was shown before: 1 real, 0 generated, -1 unpaid
        self.made = np.zeros((count, size), np.float32)  # by the generator at the last step
        self.verdict = np.zeros(count)  # the last one
        self.total = np.zeros(count)  # what the discriminator was paid so far
        self._trail = np.full((count, TRAIL if size == 2 else 0, size), np.nan, np.float32)
        self._row = np.zeros(count, np.int64)  # of the data, on show if real; lends its label
        self._next = np.zeros(count, np.int64)  # the same, of the next step
        self._e = np.zeros((count, noise.base_dim), np.float32)
        self._paid = np.zeros(count, np.bool_)  # the verdict on what is on show

    def begin(self, rows: NDArray[np.int64], keys: Keys) -> None:
        """Show a real sample, whose verdict is not paid, for nothing was generated yet."""
        self._next[rows] = self._draw(keys("first"))
        self._show(rows, self.real[self._next[rows]], np.ones(len(rows), np.bool_))
        self._paid[rows], self.judged[rows] = False, -1
        self.made[rows], self._trail[rows] = 0.0, np.nan
        self.verdict[rows], self.total[rows] = 0.0, 0.0
        self._deal(rows, keys)

    def play(
        self,
        rows: NDArray[np.int64],
        sample: NDArray[np.float32],
        verdict: NDArray[np.float32],
        keys: Keys,
    ) -> NDArray[np.float64]:
        """Pay for the verdicts, then show the samples or real ones, by fair coins.

        Parameters
        ----------
        rows
            Duels that step, by index.
        sample, verdict
            Actions (len(rows), size) and (len(rows), 1); clipped to [-1, 1].
        keys
            Of these rows.

        Returns
        -------
        (len(rows),): what the discriminator is paid; the generator is paid the opposite.
        """
        paid, real = self._paid[rows], self.is_real[rows]
        v = verdict[:, 0].clip(-1.0, 1.0).astype(np.float64)
        payoff = np.where(paid, np.where(real, v, -v), 0.0)
        self.judged[rows] = np.where(paid, real, -1)
        coin = seeding.uniforms(keys("coin"), 1)[:, 0] < 0.5
        made = self._stored(sample.clip(-1.0, 1.0))
        self._show(rows, np.where(coin[:, None], self.real[self._next[rows]], made), coin)
        self._paid[rows] = True
        self._deal(rows, keys)
        self.verdict[rows], self.made[rows] = v, made
        self.total[rows] += payoff
        if self.scale.size == 2:
            self._trail[rows] = np.concatenate([self._trail[rows, 1:], made[:, None]], 1)
        return payoff

    def seen(self, agent: str) -> NDArray[np.float32]:
        """Observations (count, columns) of one side, newly made."""
        if agent == GENERATOR:
            return self._labelled(self._e.clip(-FARTHEST, FARTHEST), self._next)
        return self._labelled(self.x, self._row)

    def picture(self, row: int, step: int) -> NDArray[np.uint8]:
        """Draw what is on show and what the generator made; below, truth, verdict and pay."""
        if self.scale.size == 2:
            real = (self.real[:REAL_SHOWN], pictures.GREY)
            made, shown = (self._trail[row], pictures.BAD), (self.x[row][None], pictures.BLUE)
            panels = [
                pictures.scatter([real, made], -1.0, 1.0, radius=2),
                pictures.scatter([real, shown], -1.0, 1.0, radius=3),
            ]
        else:
            shape = self.dataset.units.shape
            panels = [pictures.sample(x[row].reshape(shape)) for x in (self.made, self.x)]
        before = ("a generated one", "a real one", "nothing")[self.judged[row]]
        lines = (
            f"made, and on show at step {step + 1}: {'real' if self.is_real[row] else 'generated'}",
            f"verdict {self.verdict[row]:+.2f} on {before}; discriminator {self.total[row]:+.1f}",
        )
        return pictures.page(panels, lines)

    def _deal(self, rows: NDArray[np.int64], keys: Keys) -> None:
        self._next[rows] = self._draw(keys("row"))
        self._e[rows] = seeding.normals(keys("e"), self.noise.base_dim)

    def _draw(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        share: NDArray[np.float64] = seeding.uniforms(keys, 1)[:, 0]
        return (share * len(self.real)).astype(np.int64)

    def _show(
        self, rows: NDArray[np.int64], x: NDArray[np.float32], is_real: NDArray[np.bool_]
    ) -> None:
        self._row[rows] = self._next[rows]
        self.x[rows], self.is_real[rows] = x, is_real

    def _stored(self, sample: NDArray[np.float32]) -> NDArray[Any]:
        """Round samples where the data are whole numbers."""
        if not self.scale.whole:
            return sample
        return self.scale.to_box(self.scale.from_box(torch.from_numpy(sample))).numpy()

    def _labelled(self, x: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        if not self.classes:
            return x.copy()
        assert self.dataset.label is not None
        one_hot = np.eye(len(self.classes), dtype=np.float32)[self.dataset.label[rows]]
        return np.concatenate([x, one_hot], 1)


def make_rounds(count: int, source: Source, noise: Noise | None, horizon: int) -> Rounds:
    """Make the duel's state from what the user hands over."""
    if checks.integer("horizon", horizon) < 2:
        raise checks.Mistake("horizon of 2 or more, for the first step pays nothing", 1, "raise it")
    if noise is not None and not isinstance(noise, Noise):
        raise checks.Mistake("a Noise", repr(noise), "give one, such as genenv.noise.Gaussian(2)")
    return Rounds(count, find(source), Gaussian(2) if noise is None else noise)
