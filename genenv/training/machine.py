"""What a training runs on: device, threads, precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import torch

from genenv import checks
from genenv.memory import keep_buffers
from genenv.training.distributed import local_rank, started_by_torchrun

Module = TypeVar("Module", bound=torch.nn.Module)

ONE_THREAD_BELOW = 1_000_000  # parameters: tiny networks run best on one thread
DEFAULT_THREADS = torch.get_num_threads()  # torch's own choice, before a run changes it
PRECISIONS = {"32": "float32", "bf16": "bfloat16 autocast", "tf32": "TF32 on CUDA"}


def pick_device(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda` or `cuda:N` into a device that is there.

    Raises
    ------
    Mistake
        Another name, or a CUDA device that is not there; under torchrun, one card for all
        processes, or more processes than cards.
    """
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    kind, colon, index = (
        ("cuda" if there else "cpu", "", "") if name == "auto" else (name.partition(":"))
    )
    if kind not in ("cpu", "cuda") or (colon and not (kind == "cuda" and index.isdigit())):
        raise checks.Mistake("device to be auto, cpu, cuda or cuda:N", repr(name), "choose one")
    if kind == "cuda" and int(index or 0) >= there:
        raise checks.Mistake(
            f"a CUDA device for {name!r}", f"{there} CUDA devices", "use device='auto'"
        )
    if kind == "cuda" and started_by_torchrun().size > 1:
        _check_cards(name, index, there)
    return torch.device(kind + colon + index)


def _check_cards(name: str, index: str, there: int) -> None:
    """Raise a Mistake unless each process that torchrun started on this machine has a card."""
    if index:
        raise checks.Mistake(
            "device to be auto, cpu or cuda under torchrun",
            repr(name),
            "leave the number out: each process takes the card of its LOCAL_RANK",
        )
    if local_rank() >= there:
        raise checks.Mistake(
            "a CUDA device for each process on this machine",
            f"LOCAL_RANK {local_rank()} with {there} of them",
            f"start at most {there} (torchrun --nproc-per-node), or use device='cpu'",
        )


def pick_threads(asked: int, parameters: int, images: bool = False) -> int:
    """Return the CPU threads of a run.

    Parameters
    ----------
    asked
        Threads that the user wants; 0: by rule.
    parameters
        Of the networks: below a million they run best on one thread, else on torch's default.
    images
        Whether the samples are images of 16 or more pixels a side: convolutions over these are
        worth torch's default at any number of parameters (a step of dcgan on 28 x 28 pixels and two
        quiet cores: 98 to 113 ms by one thread, 62 to 72 ms by two). Where another process keeps a
        core busy, threads that wait for each other make it ten times slower: ask for one.
    """
    tiny = parameters < ONE_THREAD_BELOW and not images
    return asked or (1 if tiny else DEFAULT_THREADS)


def parameters_of(*networks: object) -> int:
    """Count the weights of those that are modules."""
    modules = [network for network in networks if isinstance(network, torch.nn.Module)]
    return sum(p.numel() for module in modules for p in module.parameters())


def described(device: torch.device, threads: int, precision: str) -> str:
    """Say what a training runs on: `cpu in float32, 1 thread`."""
    kind = PRECISIONS[precision]
    if precision == "tf32" and device.type != "cuda":
        kind = "float32, for TF32 is CUDA's alone"
    return f"{device.type} in {kind}, {threads} thread{'s' * (threads > 1)}"


def laid_out(module: Module, layout: torch.memory_format) -> Module:
    """Lay the weights of a module's convolutions out in memory, in place."""
    return cast(Module, module.to(memory_format=layout))  # type: ignore[call-overload]


@contextmanager
def reproducible(threads: int, precision: str = "32") -> Iterator[None]:
    """Set the thread count, and on CUDA the convolutions that repeat bit for bit; then back.

    Parameters
    ----------
    threads
        Of the CPU.
    precision
        A key of PRECISIONS; CUDA multiplies in TF32 for `tf32` alone.
    """
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = torch.get_num_threads(), cudnn.deterministic, cuda.allow_tf32, cudnn.allow_tf32
    tf32 = precision == "tf32"
    torch.set_num_threads(threads)
    cudnn.deterministic = True
    cuda.allow_tf32 = tf32
    cudnn.allow_tf32 = tf32
    keep_buffers()
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cudnn.deterministic, cuda.allow_tf32, cudnn.allow_tf32 = before[1:]
