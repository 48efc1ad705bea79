"""What a training hands over: the averaged generator, with its critic."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch

from genenv import naming
from genenv.networks import Generator, Recognition
from genenv.training.game import Game
from genenv.training.machine import laid_out

Module = TypeVar("Module", bound=torch.nn.Module)


def exported(game: Game) -> Generator:
    """Copy the averaged generator, with critic and recognition network: on the CPU, frozen."""
    generator = _as_loaded(game.average)
    generator.objective = naming.spelled(game.config.objective)
    generator.keep(_as_loaded(game.critic))
    if isinstance(game.auxiliary, Recognition):
        generator.keep_recognition(_as_loaded(game.auxiliary))
    return generator


def _as_loaded(module: Module) -> Module:
    """Copy a network as `networks.load` would make it: its weights lie in memory as on disk."""
    module = copy.deepcopy(module).cpu().eval().requires_grad_(False)
    return laid_out(module, torch.contiguous_format)
