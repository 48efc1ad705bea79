"""The generator of a run, and what it makes of latents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import networks
from genenv.board.folders import own
from genenv.generators import Generator


def loaded(run: Path, place: str = "generator") -> Generator:
    """Load a generator that lies at a place in a run; executes nothing that the folder holds.

    Raises
    ------
    Mistake
        It is not whole, a file of it lies outside of the run, or it is a decoder from elsewhere.
    """
    folder = run / place
    for path in folder.rglob("*"):
        own(path, run)
    return networks.stored(folder)


def generated(generator: Generator, z: Tensor, label: Tensor) -> NDArray[Any]:
    """Generate from latents (n, dim), in the data's units."""
    with torch.no_grad(), generator.evaluated():
        return generator.units.store(generator.units.decode(generator.from_latent(z, label)))
