"""A forger's renderer: from actions to samples, by a function of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from genenv import checks
from genenv.codecs import Codec

Renderer = Callable[[Any], Any]  # actions (n, action_size) -> samples (n, *shape), data's units


class Rendering:
    """A renderer that is tried when it is given, and looked at whenever it is used.

    Parameters
    ----------
    renderer
        See `Forger`.
    numbers
        Of an action.
    units
        Of a sample.

    Raises
    ------
    Mistake
        It cannot be called, or does not return one finite sample an action.
    """

    def __init__(self, renderer: Renderer, numbers: int, units: Codec) -> None:
        if not callable(renderer):
            raise checks.Mistake("a renderer that can be called", repr(renderer), "give a function")
        self._renderer = renderer
        self._shape = units.shape
        for rows in (1, 3):
            self(np.linspace(-1, 1, rows * numbers, dtype=np.float32).reshape(rows, numbers))

    @torch.no_grad()
    def __call__(self, action: NDArray[np.float32]) -> Tensor:
        """(n, action_size) -> (n, *shape) float32, in the data's units."""
        given = torch.from_numpy(action) if isinstance(self._renderer, nn.Module) else action
        made = self._renderer(given)
        try:
            x = torch.as_tensor(made).float()
        except (TypeError, ValueError, RuntimeError) as error:
            got = f"{type(made).__name__} ({error})"
            raise checks.Mistake("a renderer that returns an array", got, "mend it") from error
        expected = len(action), *self._shape
        checks.shape(f"the renderer's samples of {len(action)} actions", x, expected)
        checks.finite("the renderer's samples", x.numpy())
        return x
