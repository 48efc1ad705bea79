"""What held-out rows say of n GANs at once: quality, critic, diversity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc
from torch import Tensor

from genenv import checks, seeding
from genenv.data import Dataset
from genenv.metrics.modes import missing_rows
from genenv.metrics.sliced import SlicedRows
from genenv.stacked.gan import StackedGan

WORST = 4.0  # a quality is at most this, also where samples are not finite
SAMPLES = 512  # of each evaluation
TINY = 1e-6

# samples (rows, m, size), rows -> (rows,), less is better
Quality = Callable[[Tensor, Tensor | None], Tensor]
QUALITIES = ("sliced", "missing")


def _missing(dataset: Dataset | None) -> Quality:
    if dataset is None or dataset.modes is None:
        got = "a family" if dataset is None else dataset.name
        raise checks.Mistake("data whose modes are known", got, "choose sliced, or ring or grid")
    units, modes = dataset.units, dataset.modes
    return lambda fake, _: missing_rows(units.decode(fake), modes)


class Evaluation:
    """Looks at GANs with the same held-out rows and the same latents every time.

    Parameters
    ----------
    held_out
        (n, m, size): rows that the GAN of each row does not learn from; n = 1: the same for all.
    dataset
        That they come from; None: each from one of its own.
    quality
        A name in QUALITIES: `sliced`, the sliced 1-Wasserstein distance in the data's standard
        deviations; `missing`, the share of modes without a sample within 3 σ.
    latent
        Columns of z ~ N(0, I).

    Raises
    ------
    Mistake
        An unknown quality, or one that the data do not allow.
    """

    def __init__(
        self, held_out: Tensor, dataset: Dataset | None, quality: str, latent: int
    ) -> None:
        self.held_out = held_out
        checks.choice("quality", quality, QUALITIES)
        self._sliced = SlicedRows(held_out, SAMPLES)
        self._quality = self._sliced if quality == "sliced" else _missing(dataset)
        self._spread = _spread(held_out[:, :SAMPLES])
        self._points = qmc.Sobol(latent, scramble=False).random(SAMPLES)

    def put(self, rows: Tensor, held_out: Tensor) -> None:
        """Exchange the held-out rows of some GANs, (len(rows), m, size)."""
        self.held_out[rows] = held_out
        self._sliced.put(rows, held_out)
        self._spread[rows] = _spread(held_out[:, :SAMPLES])

    def latents(self, keys: NDArray[np.uint64]) -> Tensor:
        """Draw the latents of some rows: (k,) keys -> (k, 512, latent), z ~ N(0, I).

        Sobol points, shifted by a uniform vector a row (Cranley and Patterson 1976): they lie
        evenly, so that a distance is of the generator rather than of its samples.
        """
        shift = seeding.uniforms(keys, self._points.shape[1])
        u = (self._points + shift[:, None]) % 1.0
        return torch.from_numpy(ndtri(u.clip(TINY, 1 - TINY)).astype(np.float32))

    def __call__(
        self, gan: StackedGan, latent: Tensor, rows: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Examine some rows.

        Parameters
        ----------
        gan
            The stack.
        latent
            Of these rows, from `latents`: the same in every evaluation.
        rows
            Indices (k,); None: all.

        Returns
        -------
        quality
            (k,), from 0, the best, to 4.
        accuracy
            (k,): share of pairs of a held-out and a generated sample whose held-out one the critic
            scores higher.
        diversity
            (k,): log of the mean distance between two samples, over that of two held-out rows.
        """
        fake = gan.sample(latent, rows)
        quality = self._quality(fake, rows).nan_to_num(WORST, WORST).clamp(max=WORST)
        every = rows is None or len(self.held_out) == 1
        few = self.held_out[:, :SAMPLES]
        few, spread = (t if every else t[rows] for t in (few, self._spread))
        real = few.expand(len(fake), -1, -1)
        on_real, on_fake = gan.score(real, rows), gan.score(fake[:, : real.shape[1]], rows)
        diversity = (_spread(fake) / spread + TINY).log()
        return quality, (on_real > on_fake).float().mean(1), diversity


def _spread(x: Tensor) -> Tensor:
    """Mean distance of sample i from sample i + m/2: (n, m, size) -> (n,)."""
    a, b = x.chunk(2, 1)
    gaps: Tensor = a[:, : b.shape[1]] - b
    return gaps.square().sum(2).sqrt().mean(1)
