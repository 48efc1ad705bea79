"""How oracles see rows: pictures with the channels first, all else as networks see it."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from genenv import codecs
from genenv.codecs import Codec


def planes(u: Tensor, units: Codec) -> Tensor:
    """Turn samples (n, *units.layout) to (n, c, h, w) if they are pictures, else (n, width)."""
    return codecs.planes(u) if units.channels else u.flatten(1)


def lawful(rows: Tensor, units: Codec) -> Tensor:
    """Move made rows of a table (n, width) to values that its columns can hold."""
    return rows if units.groups is None else units.encode(units.decode(rows))


def seen(x: NDArray[Any], units: Codec) -> Tensor:
    """Turn stored samples (n, *units.shape) into rows as oracles see them."""
    return planes(units.encode(units.tensor(x)), units)
