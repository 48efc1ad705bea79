"""What of torch a caller may have changed around a call: dtype, gradients, device, random state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from genenv import seeding


@contextmanager
def isolated() -> Iterator[None]:
    """Compute in float32 on the CPU unless told otherwise, with gradients, and move nothing.

    A caller's `torch.set_default_dtype`, `set_default_device`, `no_grad`, `inference_mode` and
    `autocast` do not reach inside, and are as they were afterwards; so are the global random states
    of Python, NumPy and torch.
    """
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    with ExitStack() as entered:
        entered.enter_context(seeding.global_state())
        entered.enter_context(torch.inference_mode(False))
        entered.enter_context(torch.enable_grad())
        entered.enter_context(torch.autocast("cpu", enabled=False))
        if device.type != "cpu":  # each call of torch is dearer inside
            entered.enter_context(torch.device("cpu"))
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
