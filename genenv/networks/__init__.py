"""Generators and critics: a pair a kind, built from settings, read back from a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file

from genenv import checks, noise, seeding
from genenv.data.dataset import Units
from genenv.networks.base import Classes, Critic, Generator
from genenv.networks.dcgan import DCGANCritic, DCGANGenerator
from genenv.networks.mlp import MLPCritic, MLPGenerator
from genenv.noise import Noise

__all__ = ["NETWORKS", "Classes", "Critic", "Generator", "Pair", "build", "choose", "load"]


class Pair(NamedTuple):
    """A generator kind and the critic that goes with it."""

    generator: Callable[..., Generator]  # (noise, units, classes, width, ...)
    critic: Callable[..., Critic]  # (units, classes, width, ...)
    batch_norm: bool  # whether the critic has any to switch on


NETWORKS = {
    "mlp": Pair(MLPGenerator, MLPCritic, batch_norm=False),
    "dcgan": Pair(DCGANGenerator, DCGANCritic, batch_norm=True),
}


def choose(units: Units) -> str:
    """Name the kind that `auto` takes: mlp for vectors and images below 16 pixels, else dcgan."""
    return "dcgan" if units.is_image and max(units.shape[:2]) >= 16 else "mlp"


def build(
    network: str,
    noise: Noise,
    units: Units,
    classes: Classes,
    width: int | None = None,
    critic_width: int | None = None,
    batch_norm: bool = False,
    seed: int = 0,
) -> tuple[Generator, Critic]:
    """Make a generator and its critic, on the CPU.

    Parameters
    ----------
    network
        A name in NETWORKS, or `auto`: see `choose`.
    noise, units, classes
        What the generator carries; classes () makes both unconditional.
    width, critic_width
        Units or channels of the two; None: the kind's default.
    batch_norm
        Whether the critic may use batch norm: only where its objective has no penalty. The mlp
        critic has none in either case.
    seed
        Address of the initial weights.

    Raises
    ------
    Mistake
        An unknown name, or data that the kind cannot take.
    """
    name = checks.choice("network", network, ["auto", *NETWORKS])
    name = choose(units) if name == "auto" else name
    pair = NETWORKS[name]
    of_generator = {} if width is None else {"width": width}
    of_critic = {} if critic_width is None else {"width": critic_width}
    if pair.batch_norm:
        of_critic["batch_norm"] = batch_norm
    with seeding.global_seed(seeding.fold(seed, "networks")):
        generator = pair.generator(noise, units, classes, **of_generator)
        critic = pair.critic(units, classes, **of_critic)
    return generator, critic


def load(folder: Path | str) -> Generator:
    """Read a generator, with its critic if one was kept; executes nothing from the folder.

    Returns
    -------
    The generator on the CPU, in eval mode, its weights frozen.

    Raises
    ------
    Mistake
        The folder holds no generator, or its files are damaged.
    """
    folder = Path(folder)
    if not (folder / "spec.json").is_file():
        raise checks.Mistake(
            "a folder with spec.json and generator.safetensors", folder, "give RUN/generator"
        )
    try:
        spec = json.loads((folder / "spec.json").read_text())
        pair = NETWORKS[spec["kind"]]
        units, classes = Units.from_json(spec["units"]), tuple(spec["classes"])
        law = noise.from_json(spec["noise"])
        generator = pair.generator(law, units, classes, **spec["generator"])
        generator.load_state_dict(load_file(folder / "generator.safetensors"))
        generator.objective = str(spec["objective"])
        if spec["critic"] is not None:
            critic = pair.critic(units, classes, **spec["critic"])
            critic.load_state_dict(load_file(folder / "critic.safetensors"))
            generator.keep(critic.eval().requires_grad_(False))
    except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        raise checks.Mistake(
            f"a whole generator in {folder}", f"{type(error).__name__}: {error}", "write it again"
        ) from error
    return generator.eval().requires_grad_(False)
