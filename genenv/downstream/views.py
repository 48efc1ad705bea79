"""What a model is handed of samples: raw, unit, stored or flat, its axes in a layout."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv.codecs import Codec, planes
from genenv.downstream import layouts

VIEWS = ("raw", "unit", "flat", "stored")


def array(x: Tensor, units: Codec, view: str, layout: str) -> NDArray[Any]:
    """Turn (n, *units.shape) into a NumPy array, a copy."""
    if view in ("unit", "stored"):
        return _of_modules(x.detach(), units, view, layout).cpu().numpy()
    handed: NDArray[Any] = units.store(x)
    if view == "flat":
        handed = units.flat_view(handed)
    elif layout == "auto":
        handed = units.raw_view(handed)
    else:
        handed = layouts.laid_out(planes(torch.from_numpy(handed)), layout).numpy()
    return handed


def tensor(x: Tensor, units: Codec, view: str, layout: str) -> Tensor:
    """Turn (n, *units.shape) into a tensor, a copy."""
    if view in ("unit", "stored"):
        return _of_modules(x, units, view, layout)
    copy = x.clone()
    if view == "flat":
        return copy.flatten(1)
    return copy if layout == "auto" else layouts.laid_out(planes(copy), layout)


def _of_modules(x: Tensor, units: Codec, view: str, layout: str) -> Tensor:
    """Lay samples out as torch modules are used to it, in [0, 1] or in the data's units."""
    if view == "unit" or not units.channels:
        batch = units.module_view(x)
    else:
        batch = planes(x.float()).clone().contiguous()
    return layouts.laid_out(batch, layout)
