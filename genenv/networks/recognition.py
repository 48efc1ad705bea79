"""The network that reads codes off samples."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks
from genenv.codecs import Codec

HIDDEN = 256, 128  # units of its layers
CHUNK = 1024  # rows of a pass


class Recognition(nn.Module):
    """Logits of each categorical code and the mean of each continuous one, from a sample.

    Parameters
    ----------
    units
        Of the data.
    categorical
        Classes of each categorical code.
    continuous
        Number of continuous codes.
    """

    def __init__(self, units: Codec, categorical: tuple[int, ...], continuous: int) -> None:
        super().__init__()
        self.units = units
        self.categorical = categorical
        self.continuous = continuous
        first, second = HIDDEN
        self.body = nn.Sequential(
            nn.Flatten(),
            nn.Linear(units.width, first),
            nn.LeakyReLU(0.2),
            nn.Linear(first, second),
            nn.LeakyReLU(0.2),
            nn.Linear(second, sum(categorical) + continuous),
        )

    def forward(self, u: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """(batch, *units.layout) -> logits (batch, classes) each, means (batch, continuous)."""
        *logits, means = self.body(u).split([*self.categorical, self.continuous], 1)
        return tuple(logits), means

    @torch.no_grad()
    def recognise(self, x: NDArray[np.generic]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Read the codes of stored samples.

        Parameters
        ----------
        x
            (n, *units.shape) in the data's units.

        Returns
        -------
        Classes (n, categorical codes) and values (n, continuous codes).

        Raises
        ------
        Mistake
            Samples of another shape.
        """
        checks.shape("samples", x, (None, *self.units.shape))
        classes, values = [], []
        for at in range(0, max(len(x), 1), CHUNK):
            logits, means = self(self.units.encode(self.units.tensor(x[at : at + CHUNK])))
            picked = [part.argmax(1) for part in logits]
            classes.append(torch.stack(picked, 1) if picked else torch.empty(len(means), 0).long())
            values.append(means)
        return torch.cat(classes).numpy(), torch.cat(values).numpy()
