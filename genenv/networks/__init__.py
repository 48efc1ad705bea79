"""Generators and critics: a pair a kind, built from settings, read back from a folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from torch import nn

from genenv import checks, codecs, generators, noise, reading, seeding
from genenv.codecs import Codec
from genenv.generators import near, rows, wrapped
from genenv.generators.base import Classes
from genenv.networks import normalisation, spectral, table_rows
from genenv.networks.base import Critic, Generator
from genenv.networks.kinds import NETWORKS, Kind, Pair, name_of, pair_of
from genenv.networks.packing import Packed
from genenv.networks.recognition import Recognition
from genenv.networks.table_rows import TableRows
from genenv.noise import Noise

__all__ = [
    "NETWORKS",
    "Classes",
    "Critic",
    "Generator",
    "Kind",
    "Pair",
    "Recognition",
    "TableRows",
    "build",
    "described",
    "knows",
    "load",
    "name_of",
    "normalisation",
    "pair_of",
    "stored",
]

M = TypeVar("M", bound=nn.Module)


class Codes(msgspec.Struct):
    """Codes that a generator was trained to be read off."""

    categorical: list[int]
    continuous: int


class Spec(msgspec.Struct):
    """What spec.json says of a generator; arguments are those of its kind."""

    kind: str
    generator: dict[str, Any]
    noise: dict[str, Any]
    units: dict[str, Any]
    classes: list[int | str]
    objective: str
    critic: dict[str, Any] | None = None
    recognition: Codes | None = None


def build(
    network: Kind,
    noise: Noise,
    units: Codec,
    classes: Classes,
    width: int | None = None,
    critic_width: int | None = None,
    critic_norm: str = "none",
    pack: int = 1,
    seed: int = 0,
) -> tuple[Generator, Critic]:
    """Make a generator and its critic, on the CPU.

    Parameters
    ----------
    network
        A name in NETWORKS, `auto` (the first that suits the data), or a class, see `kinds.Kind`.
    noise, units, classes
        What the generator carries; classes () makes both unconditional.
    width, critic_width
        Units or channels of the two; None: the kind's default.
    critic_norm
        A name in normalisation.NORMS, chosen by `normalisation.choose`.
    pack
        Samples that the critic judges at once; see `packing.Packed`.
    seed
        Address of the initial weights.

    Raises
    ------
    Mistake
        An unknown name, a kind without that normalisation, or data that it cannot take.
    """
    if isinstance(network, str):
        checks.choice("network", network, ["auto", *NETWORKS])
    kind = units.networks[0] if network == "auto" else network
    normalisation.check(critic_norm, kind)
    pair, pack = pair_of(kind), checks.integer("pack", pack)
    of_generator = {} if width is None else {"width": width}
    of_critic = {} if critic_width is None else {"width": critic_width}
    if pair.batch_norm:
        of_critic["batch_norm"] = critic_norm == "batch"
    with seeding.global_seed(seeding.fold(seed, "networks")):
        generator = pair.generator(noise, units, classes, **of_generator)
        critic = _critic(pair, units, classes, of_critic, pack, critic_norm == "spectral")
    generator.kind = name_of(kind)
    return generator, critic


def knows(generator: object) -> bool:
    """Whether `stored` makes a generator again from what it saved."""
    if isinstance(generator, generators.Near):
        return knows(generator.inner)
    if isinstance(generator, generators.MixtureRows | TableRows):
        return True
    kind = getattr(generator, "kind", None)
    return kind in NETWORKS and type(generator) is NETWORKS[kind].generator


def described(folder: Path | str) -> tuple[Codec, Classes]:
    """Read units and classes of any saved generator, made by genenv or elsewhere.

    Raises
    ------
    Mistake
        The folder holds none, or its spec.json is damaged.
    """
    path = Path(folder) / "spec.json"
    spec = _spec(Path(folder))
    return reading.guarded(path, lambda: codecs.from_json(spec.units)), tuple(spec.classes)


class _Described(msgspec.Struct):
    """What spec.json holds of any generator."""

    kind: str
    units: dict[str, Any]
    classes: list[int | str]


def _spec(folder: Path) -> _Described:
    path = folder / "spec.json"
    if not path.is_file():
        raise checks.Mistake(
            "a folder with spec.json and generator.safetensors", folder, "give RUN/generator"
        )
    return reading.struct(path, _Described)


def stored(folder: Path | str) -> generators.Generator:
    """Read any generator of a run: a network (`load`), a table's, or an .onnx file's."""
    folder = Path(folder)
    kind = _spec(folder).kind
    if kind == rows.KIND:
        return generators.MixtureRows.load(folder)
    if kind == wrapped.KIND:
        return generators.rebuilt(folder)
    if kind == table_rows.KIND:
        return TableRows.load(folder, load(folder / "inner"))
    if kind == near.KIND:
        return generators.Near.load(folder, stored(folder / "inner"))
    return load(folder)


@seeding.global_seed(0)  # weights are drawn before those of the file replace them
def load(folder: Path | str, network: Kind | None = None) -> Generator:
    """Read a generator, with its critic if one was kept; executes nothing from the folder.

    Parameters
    ----------
    folder
        That `Generator.save` wrote.
    network
        The class of its kind, where that is none of genenv's.

    Returns
    -------
    The generator on the CPU, in eval mode, its weights frozen.

    Raises
    ------
    Mistake
        The folder holds no generator, or its files are damaged.
    """
    folder = Path(folder)
    path = folder / "spec.json"
    if _spec(folder).kind == wrapped.KIND:
        raise checks.Mistake(
            f"a generator that genenv makes ({', '.join(NETWORKS)}) in {folder}",
            "a decoder from elsewhere, which is not stored there",
            "fit one",
        )
    spec = reading.struct(path, Spec)
    if network is not None and name_of(network) == spec.kind:
        pair = pair_of(network)
    else:
        pair = NETWORKS[checks.choice(f"the kind of network in {path}", spec.kind, NETWORKS)]
    units = reading.guarded(path, lambda: codecs.from_json(spec.units))
    law = reading.guarded(path, lambda: noise.from_json(spec.noise))
    classes = tuple(spec.classes)

    def read(part: str, make: Callable[[], M]) -> M:
        weights = folder / f"{part}.safetensors"
        network = reading.build(path, [weights], make)
        reading.fill(network, weights)
        return network

    generator = read("generator", lambda: pair.generator(law, units, classes, **spec.generator))
    generator.objective = spec.objective
    generator.kind = spec.kind
    if spec.critic is not None:
        of_critic = dict(spec.critic)
        pack, is_spectral = of_critic.pop("pack", 1), of_critic.pop("spectral", False)
        critic = read("critic", lambda: _critic(pair, units, classes, of_critic, pack, is_spectral))
        generator.keep(critic.eval().requires_grad_(False))
    if spec.recognition is not None:
        codes = spec.recognition
        recognition = read(
            "recognition", lambda: Recognition(units, tuple(codes.categorical), codes.continuous)
        )
        generator.keep_recognition(recognition.eval().requires_grad_(False))
    return generator.eval().requires_grad_(False)


def _critic(
    pair: Pair,
    units: Codec,
    classes: Classes,
    arguments: dict[str, Any],
    pack: int,
    is_spectral: bool,
) -> Critic:
    """Make a critic from its own arguments and what is wrapped around any kind."""
    make = partial(pair.critic, **arguments)
    critic = make(units, classes) if pack == 1 else Packed(make, units, classes, pack)
    return spectral.normalise(critic) if is_spectral else critic
