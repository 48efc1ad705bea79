"""The two contracts: a generator that carries its noise, classes and units; a critic."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from genenv import checks, seeding
from genenv.codecs import Codec
from genenv.networks.evaluating import evaluating
from genenv.networks.labels import indices
from genenv.networks.recognition import Recognition
from genenv.noise import Noise

CHUNK = 1024  # rows a forward pass of `sample` and `score`
SCHEMA = 1  # of spec.json

Classes = tuple[int | str, ...]


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
        self.units, self.classes, self.arguments = units, classes, arguments

    @abstractmethod
    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, *units.layout) in [-1, 1], (batch,) -> (batch,).

        A row may have several labels, (batch, slots): it is then a pack of samples.
        """


class Generator(nn.Module, ABC):
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

    kind: ClassVar[str]  # its name in NETWORKS
    notes: tuple[str, ...] = ()  # what was done to fit the data: sizes padded and cropped
    objective = ""  # the name of the objective it was trained with

    def __init__(
        self, noise: Noise, units: Codec, classes: Classes, arguments: dict[str, int | bool]
    ) -> None:
        super().__init__()
        self.noise, self.units, self.classes, self.arguments = noise, units, classes, arguments
        self._kept: tuple[Critic, ...] = ()  # a tuple, for torch would register a bare module
        self._recognition: tuple[Recognition, ...] = ()

    @abstractmethod
    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), (batch,) -> (batch, *units.layout).

        Labels may be weights of the classes, (batch, classes): samples between them.
        """

    @final
    @property
    def conditional(self) -> bool:
        """Whether samples are made on request of a class."""
        return bool(self.classes)

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

    @final
    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim), labels -> (batch, *units.layout); differentiable in e."""
        return self(self.noise.from_base(e), label)  # type: ignore[no-any-return]

    @final
    def labels(self, count: int, seed: int, start: int = 0) -> NDArray[np.int64]:
        """Draw class indices uniformly for addresses start to start + count - 1: (count,)."""
        keys = seeding.fold_rows(seed, "label", np.arange(start, start + count))
        return (seeding.uniforms(keys, 1)[:, 0] * len(self.classes)).astype(np.int64)

    @final
    def sample(
        self,
        count: int,
        seed: int = 0,
        label: int | NDArray[np.int64] | None = None,
        start: int = 0,
    ) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
        """Make samples by address: `sample(10, start=5)` gives rows 5 to 14 of the same seed.

        Parameters
        ----------
        count
            Number of samples.
        seed
            Address of the latents and of the labels.
        label
            Index into `classes`: one for all, or (count,). None: drawn uniformly by address.
        start
            Address of the first sample.

        Returns
        -------
        Samples (count, *units.shape) in the data's units and dtype, equal to 1e-5 in any batch;
        class indices (count,), None for an unconditional generator.

        Raises
        ------
        Mistake
            A label of an unconditional generator, or one that is no index into `classes`.
        """
        label = self._labelled(count, seed, label, start)
        parts = []
        with torch.no_grad(), evaluating(self):
            for at in range(0, count, CHUNK):
                rows = min(CHUNK, count - at)
                e = self.noise.base(rows, seed, start + at).to(self.device)
                u = self.from_base(e, _piece(label, at, rows, self.device))
                parts.append(self.units.store(self.units.decode(u)))
        empty = np.empty((0, *self.units.shape), self.units.dtype)
        return (np.concatenate(parts) if parts else empty), label

    @final
    def score(self, x: NDArray[Any], label: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Score samples by the kept critic; larger is more like the data, in no fixed unit.

        Parameters
        ----------
        x
            (n, *units.shape) in the data's units.
        label
            (n,) class indices; None for an unconditional generator.

        Returns
        -------
        Raw scores (n,). Not a realism gate.

        Raises
        ------
        Mistake
            No critic was kept, it is one of packs, the shape differs, or labels are missing or
            out of range.
        """
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
        label = None if label is None else self._labelled(len(x), 0, label, 0)
        device = next(critic.parameters()).device
        parts = [np.empty(0, np.float32)]
        with torch.no_grad(), evaluating(critic):
            for at in range(0, len(x), CHUNK):
                rows = min(CHUNK, len(x) - at)
                u = self.units.encode(self.units.tensor(x[at : at + rows]).to(device))
                parts.append(critic(u, _piece(label, at, rows, device)).float().cpu().numpy())
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

    def _labelled(
        self, count: int, seed: int, label: int | NDArray[np.int64] | None, start: int
    ) -> NDArray[np.int64] | None:
        """Give each of `count` rows its class index."""
        if not self.conditional:
            if label is not None:
                raise checks.Mistake(
                    "no label for an unconditional generator", repr(label), "leave it out"
                )
            return None
        if label is None:
            return self.labels(count, seed, start)
        return indices(label, count, len(self.classes))


def _piece(
    label: NDArray[np.int64] | None, at: int, rows: int, device: torch.device
) -> Tensor | None:
    return None if label is None else torch.from_numpy(label[at : at + rows].copy()).to(device)


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: t.detach().cpu().contiguous() for name, t in module.state_dict().items()}
