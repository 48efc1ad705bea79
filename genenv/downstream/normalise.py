"""The mean and deviation that a model was trained behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genenv import checks
from genenv.downstream import vec_normalize
from genenv.importing import import_object


@dataclass(frozen=True)
class Normalise:
    """(x - mean) / std of what a model is handed, as torchvision's Normalize.

    Parameters
    ----------
    mean, std
        One number each, or one a channel, (n, c, h, w) or (n, h, w, c), or a column (n, columns).

    Raises
    ------
    Mistake
        Different lengths, a deviation of 0 or below, or as many numbers as neither fits.
    """

    mean: Sequence[float]
    std: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or not self.mean:
            got = f"{len(self.mean)} and {len(self.std)}"
            raise checks.Mistake("as many means as deviations", got, "give one a channel, or one")
        for value in self.std:
            checks.positive("std", value)

    def __call__(self, batch: Any) -> Any:
        """Normalise a batch, an array or a tensor."""
        if isinstance(batch, Tensor):
            mean, std = (
                self._shaped(torch.tensor(v).to(batch), batch) for v in (self.mean, self.std)
            )
            return (batch - mean) / std
        array = np.asarray(batch, np.float32)
        mean, std = (self._shaped(np.asarray(v, np.float32), array) for v in (self.mean, self.std))
        return (array - mean) / std

    def _shaped(self, values: Any, batch: Any) -> Any:
        if len(values) in (1, batch.shape[1]):
            return values.reshape(-1, *[1] * (batch.ndim - 2))
        if len(values) != batch.shape[-1]:
            raise checks.Mistake(
                f"one mean, or one for each of {batch.shape[1]}", len(values), "give as many"
            )
        return values  # of channels that come last


def is_vec_normalize(preprocess: str) -> bool:
    """Whether it is the path of a file of VecNormalize."""
    return preprocess.lower().endswith(vec_normalize.SUFFIX)


def preprocessing(
    mean: Sequence[float] = (), std: Sequence[float] = (), preprocess: str = ""
) -> Callable[[Any], Any] | None:
    """Return what lies before a model; None: nothing.

    Parameters
    ----------
    mean, std
        See `Normalise`; one alone goes with 0 or 1.
    preprocess
        package.module:name of a function of what the model is handed, or the file of a VecNormalize
        (.pkl), of which numbers are read and nothing is run.

    Raises
    ------
    Mistake
        Both were given, or the name leads nowhere.
    """
    if preprocess and (mean or std):
        raise checks.Mistake("either a mean and std or a preprocess", "both", "leave one out")
    if is_vec_normalize(preprocess):
        return vec_normalize.read(Path(preprocess))
    if preprocess:
        return import_object(preprocess, "a preprocess")  # type: ignore[no-any-return]
    if not mean and not std:
        return None
    count = max(len(mean), len(std))
    return Normalise(tuple(mean) or (0.0,) * count, tuple(std) or (1.0,) * count)
