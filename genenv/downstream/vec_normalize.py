"""Observations as Stable-Baselines3's VecNormalize hands them to a policy; its file, read inertly.

The file is a pickle, which could run any code. Here it is read with nothing but NumPy's arrays and
scalars let through: of every other class that it names an empty shell takes the place.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks
from genenv.wording import said

SUFFIX = ".pkl"
MOST = 2**26  # bytes of a file
LET_THROUGH = {
    (module, name)
    for module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
    for name in ("ndarray", "dtype", "_reconstruct", "scalar")
}


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
    mean, var = (np.asarray(each, np.float64) for each in (rms.mean, rms.var))
    if mean.shape != var.shape:
        got = f"{mean.shape} and {var.shape}"
        raise checks.Mistake("as many means as variances", got, "give the file that was saved")
    return VecNormalize(mean, np.sqrt(var + float(wrapper.epsilon)), float(wrapper.clip_obs))


def read(path: Path) -> VecNormalize:
    """Read what `VecNormalize.save` wrote; runs nothing that the file names.

    Raises
    ------
    Mistake
        There is no such file, or it holds something else.
    """
    path = path.expanduser()
    if not path.is_file() or path.stat().st_size > MOST:
        raise checks.Mistake(f"a file {path} of VecNormalize", "none", "give what its save wrote")
    try:
        with path.open("rb") as file:
            found = of(_Inert(file).load())
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


class _Inert(pickle.Unpickler):
    """Builds arrays, and shells in the place of all else."""

    def find_class(self, module: str, name: str) -> Any:
        """Let NumPy's arrays through."""
        if (module, name) not in LET_THROUGH:
            return _Shell
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


class _Shell:
    """Stands for an object of a class that is not looked up."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            vars(self).update(state)
