"""Memory that runs out: one sentence, with what to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from genenv import checks
from genenv.exhausted import exhausted
from genenv.training.config import TrainingConfig


class OutOfMemory(checks.Mistake):
    """The device or the machine has no memory left for a training of these settings."""


@contextmanager
def explained(
    config: TrainingConfig, device: torch.device, processes: int, step: Callable[[], int | None]
) -> Iterator[None]:
    """Turn a failed allocation into a sentence; any other error passes.

    Parameters
    ----------
    config
        Of the training.
    device
        It runs on.
    processes
        That train together: a batch must be divided by all of them, in whole packs.
    step
        Returns the running step; None: networks and data are still being placed.

    Raises
    ------
    OutOfMemory
        Names what did not fit and what to try.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not exhausted(error):
            raise
        raise _sentence(config, device, processes, step()) from error


def _sentence(
    config: TrainingConfig, device: torch.device, processes: int, step: int | None
) -> OutOfMemory:
    smaller = "try a smaller width and critic_width"
    if step is None:
        sizes = f"widths of {config.width} and {config.critic_width}"
        return _afresh(
            OutOfMemory(
                f"memory on {device.type} for the data and networks with {sizes}",
                "none left before the first step",
                smaller,
            )
        )
    least = config.pack * processes
    half = max(config.batch // 2 // least, 1) * least
    fewer = half < config.batch
    mistake = OutOfMemory(
        f"memory on {device.type} for a batch of {config.batch}",
        f"none left at step {step}",
        f"try a batch of {half}, or a smaller width" if fewer else smaller,
    )
    return _afresh(mistake, *(("--batch", str(half)) if fewer else ()))


def _afresh(mistake: OutOfMemory, *flags: str) -> OutOfMemory:
    mistake.afresh = flags
    return mistake
