"""The kinds of networks: a generator and the critic that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from genenv import checks
from genenv.networks.base import Critic, Generator
from genenv.networks.dcgan import DCGANCritic, DCGANGenerator
from genenv.networks.deep_dcgan import DeepDCGANCritic, DeepDCGANGenerator
from genenv.networks.mlp import MLPCritic, MLPGenerator
from genenv.networks.resnet import ResnetCritic, ResnetGenerator
from genenv.networks.table import TableCritic, TableGenerator


class Pair(NamedTuple):
    """A generator kind and the critic that goes with it."""

    generator: Callable[..., Generator]  # (noise, units, classes, width, ...)
    critic: Callable[..., Critic]  # (units, classes, width, ...)
    batch_norm: bool  # whether the critic has any to switch on


NETWORKS = {
    "mlp": Pair(MLPGenerator, MLPCritic, batch_norm=False),
    "dcgan": Pair(DCGANGenerator, DCGANCritic, batch_norm=True),
    "deep-dcgan": Pair(DeepDCGANGenerator, DeepDCGANCritic, batch_norm=True),
    "resnet": Pair(ResnetGenerator, ResnetCritic, batch_norm=True),
    "table": Pair(TableGenerator, TableCritic, batch_norm=False),
}

Kind = str | type[Any]  # a name in NETWORKS, or a class with `generator`, `critic`, `batch_norm`


def pair_of(kind: Kind) -> Pair:
    """Return what a kind makes; a class of a user's own has no batch norm unless it says so.

    Raises
    ------
    Mistake
        An unknown name, or something without `generator` and `critic`.
    """
    if isinstance(kind, str):
        return NETWORKS[checks.choice("network", kind, NETWORKS)]
    made = [getattr(kind, part, None) for part in ("generator", "critic")]
    if not (isinstance(kind, type) and all(map(callable, made))):
        do = "write `class Mine: generator, critic = MyGenerator, MyCritic`"
        raise checks.Mistake("a network: a class with generator and critic", repr(kind), do)
    return Pair(kind.generator, kind.critic, getattr(kind, "batch_norm", False))


def name_of(kind: Kind) -> str:
    """Name a kind: one of a user's own by its import path."""
    return kind if isinstance(kind, str) else f"{kind.__module__}:{kind.__qualname__}"
