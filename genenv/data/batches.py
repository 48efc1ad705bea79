"""Batches addressed by position: batch k is a function of the data, the seed and k."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding


class Batches:
    """Shuffled batches without end; resuming is asking for the next step.

    Each epoch is a permutation of the rows that comes from (seed, "epoch", k); its last rows,
    too few for a batch, are dropped.

    Parameters
    ----------
    x
        Samples (n, *shape) in their stored dtype.
    label
        Class indices (n,); None: no labels.
    batch
        Rows of one batch, at most n.
    seed
        Address of the order.
    device
        Where the batches go, in their stored dtype (uint8 stays one byte until there).

    Raises
    ------
    Mistake
        When the batch is larger than the data, or not above 0.
    """

    def __init__(
        self,
        x: NDArray[Any],
        label: NDArray[np.int64] | None,
        batch: int,
        seed: int,
        device: str | torch.device = "cpu",
    ) -> None:
        checks.positive("batch", batch)
        if batch > len(x):
            raise checks.Mistake(
                f"a batch of at most {len(x)} rows, the size of the data",
                batch,
                "give a smaller batch or more data",
            )
        if label is not None and len(label) != len(x):
            raise checks.Mistake(f"{len(x)} labels, one a row", len(label), "give one label a row")
        self.x, self.label, self.batch, self.seed = x, label, batch, seed
        self.device = torch.device(device)
        self.steps_per_epoch = len(x) // batch
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    def rows(self, step: int) -> NDArray[np.int64]:
        """Row numbers of one batch, shape (batch,)."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            generator = seeding.numpy_generator(self.seed, "epoch", epoch)
            self._epoch, self._order = epoch, generator.permutation(len(self.x))
        return self._order[position * self.batch : (position + 1) * self.batch]

    def at(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Return samples (batch, *shape) and labels (batch,) int64, on the device."""
        rows = self.rows(step)
        label = None if self.label is None else self._move(self.label[rows])
        return self._move(self.x[rows]), label

    def _move(self, array: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(array)
        if self.device.type == "cuda":
            tensor = tensor.pin_memory()
        return tensor.to(self.device, non_blocking=True)
