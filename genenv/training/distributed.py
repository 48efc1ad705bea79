"""Several processes that train as one: torchrun starts them, one flat average a step joins them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from genenv import checks


class World(NamedTuple):
    """The processes of a training."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0


def started_by_torchrun() -> World:
    """Read this process's place from torchrun's environment; (0, 1) where there is none."""
    return World(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))


def local_rank() -> int:
    """Return this process's number among those on its machine: that of its CUDA device."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def current() -> World:
    """Return the place in the group that was joined; (0, 1) where there is none."""
    if not (dist.is_available() and dist.is_initialized()):
        return World()
    return World(dist.get_rank(), dist.get_world_size())


@contextmanager
def joined(cuda: bool) -> Iterator[World]:
    """Join the processes that torchrun started, over NCCL on CUDA and gloo on the CPU.

    Parameters
    ----------
    cuda
        Whether each process trains on a CUDA device, the one of its LOCAL_RANK.
    """
    world = started_by_torchrun()
    if world.size == 1 or dist.is_initialized():
        yield world
        return
    if cuda:
        torch.cuda.set_device(local_rank())
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield world
    finally:
        dist.destroy_process_group()


def part(batch: int, world: World, pack: int = 1) -> slice:
    """Return the rows of a batch that belong to this process.

    Parameters
    ----------
    batch
        Rows a step, over all processes.
    world
        The processes.
    pack
        Rows that the critic judges together, all in one process.

    Raises
    ------
    Mistake
        The processes cannot share the batch in whole packs.
    """
    least = world.size * pack
    if batch % least:
        less = batch // least * least
        packs = f" in packs of {pack}" if pack > 1 else ""
        raise checks.Mistake(
            f"a batch that {world.size} processes divide{packs}",
            batch,
            f"give {less} or {less + least}" if less else f"give {least}",
        )
    rows = batch // world.size
    return slice(world.rank * rows, (world.rank + 1) * rows)


@torch.no_grad()
def average(tensors: Sequence[Tensor], world: World) -> None:
    """Replace tensors by their mean over the processes, in one exchange."""
    if world.size == 1 or not tensors:
        return
    flat = torch.cat([t.reshape(-1).float() for t in tensors])
    dist.all_reduce(flat)
    pieces = torch.split(flat / world.size, [t.numel() for t in tensors])
    for tensor, piece in zip(tensors, pieces, strict=True):
        tensor.copy_(piece.view_as(tensor))


def agree(number: int, world: World) -> bool:
    """Whether all processes have the same whole number."""
    if world.size == 1:
        return True
    ends = torch.tensor([number, -number], dtype=torch.int64)
    ends = ends.cuda() if dist.get_backend() == "nccl" else ends
    dist.all_reduce(ends, dist.ReduceOp.MAX)
    return int(ends[0]) == -int(ends[1])


def wait(world: World) -> None:
    """Wait until every process is here."""
    if world.size > 1:
        dist.barrier()
