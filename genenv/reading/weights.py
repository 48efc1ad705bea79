"""Tensors of a file that others may have touched, and the networks they are put into."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from safetensors import safe_open
from safetensors.torch import load
from torch import Tensor, nn

from genenv.reading.guards import MOST_ARRAYS, check_file, content, damaged, guarded

T = TypeVar("T")


def tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file; none of its numbers is NaN or infinite.

    Raises
    ------
    Mistake
        The file is damaged.
    """
    read = guarded(path, lambda: load(content(path, MOST_ARRAYS)))
    for name, tensor in read.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise damaged(path, f"NaN or infinity in {name}")
    return read


def metadata(path: Path, name: str) -> Any:
    """Read the JSON that a safetensors file carries under a name."""

    def read() -> Any:
        check_file(path, MOST_ARRAYS)
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(name)
        if text is None:
            raise damaged(path, f"no description {name}")
        return json.loads(text)

    return guarded(path, read)


def fill(module: nn.Module, path: Path) -> None:
    """Put the weights of a safetensors file into a module: all of them, and no others.

    Raises
    ------
    Mistake
        The file is damaged, or a name, a shape or a kind of number is another.
    """
    read, own = tensors(path), module.state_dict()
    if strange := sorted(set(read) ^ set(own)):
        raise damaged(path, f"{len(strange)} tensors too many or too few, such as {strange[0]}")
    for name, tensor in read.items():
        wanted = own[name]
        both_real = tensor.is_floating_point() and wanted.is_floating_point()
        if tensor.shape != wanted.shape or not (both_real or tensor.dtype == wanted.dtype):
            got = f"{tensor.dtype} {tuple(tensor.shape)}"
            raise damaged(path, f"{name} is {got}, not {wanted.dtype} {tuple(wanted.shape)}")
    module.load_state_dict(read)


def build(path: Path, weights: Sequence[Path], make: Callable[[], T]) -> T:
    """Build a network by a description, whose size the weights beside it bear out.

    Parameters
    ----------
    path
        Of the description, for errors.
    weights
        Their files: a network of many times their bytes is refused before memory is taken.
    make
        Builds it, on any device.
    """
    import torch

    def count() -> int:
        with torch.device("meta"):
            made: Any = make()
        return sum(t.numel() * t.element_size() for t in made.state_dict().values())

    held = sum(file.stat().st_size for file in weights if file.is_file())
    claimed = guarded(path, count)
    if claimed > 4 * held + 2**16:  # what is stored as float16 may be float64
        raise damaged(path, f"a network of {claimed:,} bytes beside weights of {held:,}")
    return guarded(path, make)
