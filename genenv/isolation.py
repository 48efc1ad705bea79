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


@contextmanager
def kept() -> Iterator[None]:
    """Keep torch's default dtype, threads and gradients, whatever code of others does to them."""
    dtype, threads, slopes = (
        torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(),
    )  # fmt: skip
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(slopes)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
