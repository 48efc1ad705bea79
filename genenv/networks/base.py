"""The two contracts: a generator that carries its noise, classes and units; a critic."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from genenv import checks, generators, seeding
from genenv.codecs import Codec
from genenv.generators.base import CHUNK, Classes, piece
from genenv.networks.evaluating import evaluating
from genenv.networks.recognition import Recognition
from genenv.networks.weights import digest
from genenv.noise import Noise

SCHEMA = 1  # of spec.json


class Critic(nn.Module, ABC):
    """x, label -> raw score, no sigmoid.

    Parameters
    ----------
    units
        Of the data: the layout of one sample.
    classes
        The user's labels, sorted; () where the critic is unconditional.
    arguments
        The other arguments of the kind's constructor, which `save` writes down.
    """

    pack = 1  # rows a score; see `packing`

    def __init__(self, units: Codec, classes: Classes, arguments: dict[str, int | bool]) -> None:
        super().__init__()
        self.units = units
        self.classes = classes
        self.arguments = arguments

    @abstractmethod
    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *units.layout) in [-1, 1], (batch,) -> (batch,).

        A row may have several labels, (batch, slots): it is then a pack of samples.
        """


class Generator(generators.Generator, nn.Module):
    """z, label -> sample in [-1, 1] (vectors may leave it), in the user's layout.

    Parameters
    ----------
    noise
        The law of the latents.
    units
        Of the data: layout, dtype and range of one sample.
    classes
        The user's labels, sorted; label i is an index into them. () : unconditional.
    arguments
        The other arguments of the kind's constructor, which `save` writes down.
    """

    kind: str  # its name in NETWORKS, or the import path of a class of one's own
    notes: tuple[str, ...] = ()  # what was done to fit the data: sizes padded and cropped
    objective = ""  # the name of the objective it was trained with

    def __init__(
        self, noise: Noise, units: Codec, classes: Classes, arguments: dict[str, int | bool]
    ) -> None:
        super().__init__()
        self.noise = noise
        self.units = units
        self.classes = classes
        self.arguments = arguments
        self._kept: tuple[Critic, ...] = ()  # a tuple, for torch would register a bare module
        self._recognition: tuple[Recognition, ...] = ()

    @abstractmethod
    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), (batch,) -> (batch, *units.layout).

        Labels may be weights of the classes, (batch, classes): samples between them.
        """

    @property
    def differentiable(self) -> bool:
        """As the law of the latents is."""
        return self.noise.differentiable

    def facts(self) -> dict[str, Any]:
        """Tell kind, objective, law and size."""
        return {
            "network": self.kind,
            "objective": self.objective,
            "noise": self.noise.to_json(),
            "parameters": sum(p.numel() for p in self.parameters()),
        }

    def digest(self) -> str:
        """Return a digest of the weights and of their names."""
        return digest(self)

    def in_eval(self) -> Generator:
        """Return it in eval mode."""
        return self.eval()

    def untrained(self, seed: int) -> Generator:
        """Return a copy with weights and statistics as torch draws them for a new module."""
        fresh = copy.deepcopy(self).eval()
        with seeding.global_seed(seeding.fold(seed, "untrained")):
            for module in fresh.modules():
                draw = getattr(module, "reset_parameters", None)
                if callable(draw):
                    draw()
        return fresh

    def frozen(self) -> Generator:
        """Return a copy in eval mode, whose weights stay."""
        return copy.deepcopy(self).eval().requires_grad_(False)

    def on(self, device: torch.device) -> Generator:
        """Return it with its weights on a device."""
        return self.to(device)

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Be in eval mode for a while."""
        with evaluating(self):
            yield

    @final
    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return next(self.parameters()).device

    @final
    @property
    def kept_critic(self) -> Critic | None:
        """The critic of the training, None if none was kept; no part of `parameters()`."""
        return self._kept[0] if self._kept else None

    @final
    def keep(self, critic: Critic) -> None:
        """Keep a critic for `score` and `save`."""
        self._kept = (critic,)

    @final
    @property
    def recognition(self) -> Recognition | None:
        """What reads codes off samples, None where none were learned; not in `parameters()`."""
        return self._recognition[0] if self._recognition else None

    @final
    def keep_recognition(self, recognition: Recognition) -> None:
        """Keep a recognition network for `recognition` and `save`."""
        self._recognition = (recognition,)

    mixes_labels = True

    @final
    def from_latent(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), labels -> (batch, *units.layout): `forward`."""
        return self(z, label)  # type: ignore[no-any-return]

    @final
    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim), labels -> (batch, *units.layout); differentiable in e."""
        return self(self.noise.from_base(e), label)  # type: ignore[no-any-return]

    @final
    def score(self, x: NDArray[Any], label: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Score samples by the kept critic, see `generators.Generator.score`."""
        critic = self.kept_critic
        if critic is None:
            raise checks.Mistake("a generator with its critic", "none kept", "train or load it so")
        if critic.pack > 1:
            raise checks.Mistake(
                "a critic of single samples",
                f"one of packs of {critic.pack}, which has no score of one sample",
                "train with a pack of 1",
            )
        checks.shape("x", x, (None, *self.units.shape))
        if self.conditional and label is None:
            raise checks.Mistake("label for a conditional critic", "None", "give class indices")
        label = None if label is None else self.labelled(len(x), 0, label, 0)
        device = next(critic.parameters()).device
        parts = [np.empty(0, np.float32)]
        with torch.no_grad(), evaluating(critic):
            for at in range(0, len(x), CHUNK):
                rows = min(CHUNK, len(x) - at)
                u = self.units.encode(self.units.tensor(x[at : at + rows]).to(device))
                parts.append(critic(u, piece(label, at, rows, device)).float().cpu().numpy())
        return np.concatenate(parts)

    @final
    def save(self, folder: Path | str) -> None:
        """Write generator, critic and recognition network (if kept) and spec.json to a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_file(_weights(self), folder / "generator.safetensors")
        critic = self.kept_critic
        if critic is not None:
            save_file(_weights(critic), folder / "critic.safetensors")
        spec: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": self.kind,
            "generator": self.arguments,
            "critic": None if critic is None else critic.arguments,
            "noise": self.noise.to_json(),
            "units": self.units.to_json(),
            "classes": list(self.classes),
            "objective": self.objective,
        }
        if self.recognition is not None:
            save_file(_weights(self.recognition), folder / "recognition.safetensors")
            codes = {"categorical": self.recognition.categorical}
            spec["recognition"] = codes | {"continuous": self.recognition.continuous}
        (folder / "spec.json").write_text(json.dumps(spec, indent=2) + "\n")


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: t.detach().cpu().contiguous() for name, t in module.state_dict().items()}
