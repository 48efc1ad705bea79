"""Batches addressed by position: batch k is a function of the data, the seed and k."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding

WIDER = {"uint16": np.int32, "uint32": np.int64, "uint64": np.int64}  # what torch indexes badly


class Batches:
    """Shuffled batches without end; resuming is asking for the next step.

    Each epoch is a permutation of the rows that comes from (seed, "epoch", k); its last rows,
    too few for a batch, are dropped. The data lie on the device once, in their stored dtype, and so
    does the order of an epoch: no batch waits for the host.

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
        Where the data go (uint8 stays one byte there).
    part
        Rows of each batch that `at` returns: those of this process; None: all.

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
        part: slice | None = None,
    ) -> None:
        check_batch(batch, len(x))
        if label is not None and len(label) != len(x):
            raise checks.Mistake(f"{len(x)} labels, one a row", len(label), "give one label a row")
        self.batch, self.seed = batch, seed
        self.part = slice(0, batch) if part is None else part
        self.rows_here = len(range(batch)[self.part])
        self.device = torch.device(device)
        self.steps_per_epoch = len(x) // batch
        self._x = _resident(x, self.device)
        self._label = None if label is None else _resident(label, self.device)
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def rows(self, step: int) -> Tensor:
        """Row numbers of one batch, (batch,) int64 on the device."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            generator = seeding.numpy_generator(self.seed, "epoch", epoch)
            order = generator.permutation(len(self._x))
            self._epoch, self._order = epoch, torch.from_numpy(order).to(self.device)
        return self._order[position * self.batch : (position + 1) * self.batch]

    def at(self, step: int) -> tuple[Tensor, Tensor | None]:
        """Return samples (rows here, *shape) and labels (rows here,) int64, on the device."""
        rows = self.rows(step)[self.part]
        return self._x[rows], None if self._label is None else self._label[rows]


def check_batch(batch: int, rows: int) -> None:
    """Raise a Mistake unless a batch is above 0 and at most the rows that there are."""
    checks.positive("batch", batch)
    if batch > rows:
        raise checks.Mistake(
            f"a batch of at most {rows} rows, the size of the data",
            batch,
            "give a smaller batch or more data",
        )


def _resident(array: NDArray[Any], device: torch.device) -> Tensor:
    array = np.ascontiguousarray(array, WIDER.get(array.dtype.name, array.dtype))
    # torch warns of arrays that must not be written, although nothing here writes
    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)
