"""Buffers between layers: kept by the process, not fetched anew in every pass."""

from __future__ import annotations

import torch

LARGEST_BLOCK = (1 << 25) - (1 << 16)  # bytes, just below the largest threshold of glibc, 32 MiB


def keep_buffers() -> None:
    """Let glibc keep freed buffers of some megabytes.

    By default it hands them back to the system and fetches them again, page by page, in every
    pass over a batch, which can take half of the time of a small network. It raises that limit
    when one block below its largest threshold is freed (mallopt(3), M_MMAP_THRESHOLD). With
    other allocators nothing changes.
    """
    block = torch.empty(LARGEST_BLOCK, dtype=torch.uint8)
    del block
