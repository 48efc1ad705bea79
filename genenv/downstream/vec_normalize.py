"""Observations as Stable-Baselines3's VecNormalize hands them to a policy; its file, read inertly.

The file is a pickle, which could run any code. Here it is read by `reading.unpickled`, which looks
up no class that it names and rebuilds arrays of plain numbers alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, reading
from genenv.wording import said

SUFFIX = ".pkl"


@dataclass(frozen=True, eq=False)
class VecNormalize:
    """(x - mean) / sqrt(variance + epsilon), clipped, of what a policy is handed."""

    mean: NDArray[np.float64]  # of the observations' shape
    spread: NDArray[np.float64]
    limit: float

    def __call__(self, batch: Any) -> Any:
        """Normalise a batch, an array or a tensor."""
        mean, spread = (self._fitted(v, tuple(batch.shape[1:])) for v in (self.mean, self.spread))
        if isinstance(batch, Tensor):
            centred = batch - torch.from_numpy(mean).to(batch)
            return (centred / torch.from_numpy(spread).to(batch)).clamp(-self.limit, self.limit)
        seen = (np.asarray(batch) - mean) / spread
        return seen.clip(-self.limit, self.limit).astype(np.float32)

    def _fitted(self, values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Lay out values as a batch has them, which may have its channels last."""
        if values.shape != shape and values.ndim == 3:
            values = values.transpose(1, 2, 0)
        if values.shape != shape:
            raise checks.Mistake(
                f"a VecNormalize of observations of shape {shape}", self.mean.shape,
                "give the file that belongs to the policy, or choose input raw or flat",
            )  # fmt: skip
        return np.ascontiguousarray(values)


def of(wrapper: Any) -> VecNormalize | None:
    """Take the numbers of a VecNormalize; None: it leaves observations as they are."""
    if not wrapper.norm_obs:
        return None
    if isinstance(wrapper.obs_rms, dict):
        raise checks.Mistake(
            "a VecNormalize of one array", "one of several observations",
            "wrap the policy in a function that fills in the others",
        )  # fmt: skip
    rms = wrapper.obs_rms
    mean, var = _numbers(rms.mean), _numbers(rms.var)
    if mean.shape != var.shape:
        got = f"{mean.shape} and {var.shape}"
        raise checks.Mistake("as many means as variances", got, "give the file that was saved")
    found = VecNormalize(mean, _spread(var, wrapper.epsilon), float(_numbers(wrapper.clip_obs)))
    if not found.limit > 0 or not np.isfinite(mean).all():
        raise checks.Mistake(
            "finite means and a limit above 0 of a VecNormalize", "others",
            "look at its obs_rms and clip_obs",
        )  # fmt: skip
    return found


def _spread(var: NDArray[np.float64], epsilon: Any) -> NDArray[np.float64]:
    lifted = var + float(_numbers(epsilon))
    if not (np.isfinite(lifted).all() and (lifted > 0).all()):
        raise checks.Mistake(
            "finite variances above 0 of a VecNormalize", "others", "look at its obs_rms"
        )
    return np.sqrt(lifted)


def _numbers(value: Any) -> NDArray[np.float64]:
    """Copy an array of a wrapper, or of its file."""
    if isinstance(value, reading.Numbers):
        value = value.array
    if not isinstance(value, np.ndarray | np.number | int | float):  # a list may unfold for ever
        raise TypeError(f"a {type(value).__name__} in place of numbers")
    return np.array(value, np.float64)


def read(path: Path) -> VecNormalize:
    """Read what `VecNormalize.save` wrote; runs nothing that the file names.

    Raises
    ------
    Mistake
        There is no such file, or it holds something else.
    """
    path = path.expanduser()
    if not path.is_file():
        raise checks.Mistake(f"a file {path} of VecNormalize", "none", "give what its save wrote")
    try:
        found = of(reading.unpickled(path))
    except checks.Mistake:
        raise
    except Exception as error:  # of any kind, as the file has it
        raise checks.Mistake(
            f"a file of VecNormalize in {path}", said(error), "give what its save wrote"
        ) from error
    if found is None:
        raise checks.Mistake(
            "a VecNormalize of observations", f"one of rewards alone in {path}", "leave it out"
        )
    return found
