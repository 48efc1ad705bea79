"""What a training shows in TensorBoard: curves, and pictures at fixed latents."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.networks import Critic, Generator
from genenv.networks.base import evaluating
from genenv.tracking import Tracker, overview

Batch = tuple[Tensor, Tensor, Tensor | None]  # real, fake in [-1, 1]; label

ROWS = 8  # of images in a picture, a column a class
DOTS = 2500  # vectors in a picture


class Curves:
    """Writes the curves of a run.

    `loss/critic/*` and `loss/generator/*` are the terms of the last step, `critic/real` and
    `critic/fake` the critic's mean raw scores of its batch, `gradient/*` the norms of the last
    gradients, `samples_per_second` the rows that the generator was updated with since the last
    point, `lr` the learning rate.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self.restart(0)

    def restart(self, step: int) -> None:
        """Count samples a second from here."""
        self._clock, self._step = time.perf_counter(), step

    def write(
        self,
        step: int,
        terms: dict[str, Tensor],
        batch: Batch,
        generator: Generator,
        critic: Critic,
        lr: float,
    ) -> None:
        """Write one point of each curve; the device is waited for once."""
        real, fake, label = batch
        values = {f"loss/{name}": term for name, term in terms.items()}
        with torch.no_grad(), evaluating(critic):
            values["critic/real"] = critic(real, label).mean()
            values["critic/fake"] = critic(fake, label).mean()
        for name, module in {"generator": generator, "critic": critic}.items():
            slopes = [p.grad for p in module.parameters() if p.grad is not None]
            values[f"gradient/{name}"] = torch.nn.utils.get_total_norm(slopes)
        plain = dict(zip(values, torch.stack(list(values.values())).tolist(), strict=True))
        seconds = max(time.perf_counter() - self._clock, 1e-9)
        plain["samples_per_second"] = (step - self._step) * len(real) / seconds
        self._tracker.scalars(plain | {"lr": lr}, step)
        self.restart(step)

    def draw(self, step: int, generator: Generator, seed: int) -> None:
        """Write a picture of samples at fixed latents."""
        self._tracker.images("samples", picture(generator, seed), step)


def picture(generator: Generator, seed: int = 0) -> NDArray[np.uint8]:
    """Draw samples as one picture (h, w, 3) or (h, w, 1).

    Parameters
    ----------
    generator
        Of images: eight rows, a column a class (the first ten classes); of vectors: 2,500 dots.
    seed
        Address of the latents.
    """
    columns = min(len(generator.classes), 10) or 10
    count = ROWS * columns if generator.units.is_image else DOTS
    label = np.arange(count) % columns if generator.conditional else None
    x, _ = generator.sample(count, seed, label)
    return overview(x, generator.units, columns)
