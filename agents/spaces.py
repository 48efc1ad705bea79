"""Gymnasium's spaces as JSON, so that an agent's file rebuilds its networks and runs no code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete, Space
from numpy.typing import NDArray

from genenv import checks

MOST = 2**22  # numbers of a space in a file


def to_json(space: Space[Any]) -> dict[str, Any]:
    """Describe a space by plain numbers and lists.

    Raises
    ------
    Mistake
        A kind other than Box, Discrete and MultiDiscrete.
    """
    if isinstance(space, Box):
        limits = {"low": _plain(space.low), "high": _plain(space.high)}
        return {"kind": "box", **limits, "shape": list(space.shape), "dtype": space.dtype.name}
    if isinstance(space, Discrete):
        return {"kind": "discrete", "n": int(space.n), "start": int(space.start)}
    if isinstance(space, MultiDiscrete):
        return {"kind": "multidiscrete", "nvec": space.nvec.tolist(), "dtype": space.dtype.name}
    raise checks.Mistake("a Box, Discrete or MultiDiscrete space", space, "flatten it")


def from_json(plain: dict[str, Any]) -> Space[Any]:
    """Read what `to_json` wrote."""
    kind = checks.choice("kind of space", plain["kind"], ("box", "discrete", "multidiscrete"))
    if kind == "box":
        shape, dtype = tuple(plain["shape"]), np.dtype(plain["dtype"])
        if math.prod(shape) > MOST:
            raise checks.Mistake(f"a space of {MOST:,} numbers at most", shape, "flatten less")
        low, high = (np.broadcast_to(np.array(plain[k], dtype), shape) for k in ("low", "high"))
        return Box(low.copy(), high.copy(), shape, dtype.type)
    if kind == "discrete":
        return Discrete(plain["n"], start=plain["start"])
    return MultiDiscrete(plain["nvec"], dtype=np.dtype(plain["dtype"]).type)


def _plain(limit: NDArray[Any]) -> Any:
    """Write one number where all limits are the same."""
    same = bool(limit.size) and bool((limit == limit.flat[0]).all())
    return limit.flat[0].item() if same else limit.tolist()
