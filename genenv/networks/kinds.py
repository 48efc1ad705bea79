"""The kinds of networks: a generator and the critic that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from genenv.networks.base import Critic, Generator
from genenv.networks.dcgan import DCGANCritic, DCGANGenerator
from genenv.networks.mlp import MLPCritic, MLPGenerator
from genenv.networks.resnet import ResnetCritic, ResnetGenerator


class Pair(NamedTuple):
    """A generator kind and the critic that goes with it."""

    generator: Callable[..., Generator]  # (noise, units, classes, width, ...)
    critic: Callable[..., Critic]  # (units, classes, width, ...)
    batch_norm: bool  # whether the critic has any to switch on


NETWORKS = {
    "mlp": Pair(MLPGenerator, MLPCritic, batch_norm=False),
    "dcgan": Pair(DCGANGenerator, DCGANCritic, batch_norm=True),
    "resnet": Pair(ResnetGenerator, ResnetCritic, batch_norm=True),
}
