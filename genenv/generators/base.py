"""The contract of a generator: noise, units, classes, from_base, and whether it has a gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.codecs import Codec
from genenv.generators.labels import indices
from genenv.isolation import isolated
from genenv.noise import Gaussian, Noise

CHUNK = 1024  # rows a forward pass of `sample`

Classes = tuple[int | str, ...]


class Generator(ABC):
    """A base vector and a label make a sample, in about [-1, 1] of the data's units.

    Five members make one: `noise`, `units`, `classes`, `differentiable` and `from_base`. What it
    was trained by, its critic and its file are optional, and it tells them itself.
    """

    noise: Noise
    """The law of its latents, a map of e ~ N(0, I)."""
    units: Codec
    """Of the data: layout, dtype and range of one sample."""
    classes: Classes
    """The user's labels, sorted; label i is an index into them. () : unconditional."""
    notes: tuple[str, ...] = ()
    """Sentences for the report."""
    mixes_labels: bool = False
    """Whether labels may be weights of the classes, (batch, classes): samples between them."""

    @property
    @abstractmethod
    def differentiable(self) -> bool:
        """Whether samples have a gradient in e."""

    @abstractmethod
    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim), labels (batch,) -> (batch, *units.layout), about in [-1, 1]."""

    def from_latent(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.dim), labels (batch,) -> (batch, *units.layout): without its noise's map.

        Raises
        ------
        Mistake
            It knows base vectors alone.
        """
        if not isinstance(self.noise, Gaussian):
            raise checks.Mistake(
                "a generator that takes latents", f"a {type(self).__name__}", "write `from_latent`"
            )
        return self.from_base(z, label)

    def facts(self) -> dict[str, Any]:
        """Tell what report.json says of it: plain values by name."""
        return {"network": type(self).__name__, "noise": type(self.noise).__name__}

    def digest(self) -> str:
        """Return what tells it from another: equal for equal samples."""
        raise checks.Mistake(
            "a generator that can be told from another",
            f"a {type(self).__name__} without `digest`",
            "write it, or hand its function to genenv.wrap_generator",
        )

    def save(self, folder: Path) -> None:
        """Write what is known of it to a folder."""
        del folder
        raise checks.Mistake(
            "a generator that can be written down",
            f"a {type(self).__name__} without `save`",
            "write it, or hand its function to genenv.wrap_generator",
        )

    def in_eval(self) -> Generator:
        """Return it where a sample does not depend on its batch."""
        return self

    def untrained(self, seed: int) -> Generator | None:  # noqa: ARG002 - there are no weights
        """Return one of the same make that has learned nothing; None: it was made elsewhere."""
        return None

    def frozen(self) -> Generator:
        """Return one that later training does not change."""
        return self

    def on(self, device: torch.device) -> Generator:  # noqa: ARG002 - one without weights is anywhere
        """Return it where its weights lie on a device."""
        return self

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Make samples independent of their batch for a while."""
        yield

    @property
    def device(self) -> torch.device:
        """Where `sample` puts base vectors."""
        return torch.device("cpu")

    @property
    def kept_critic(self) -> Any:
        """The critic of the training; None: none was kept."""
        return None

    @property
    def recognition(self) -> Any:
        """What reads codes off samples; None: none were learned."""
        return None

    @final
    @property
    def conditional(self) -> bool:
        """Whether samples are made on request of a class."""
        return bool(self.classes)

    @final
    def labels(self, count: int, seed: int, start: int = 0) -> NDArray[np.int64]:
        """Draw class indices uniformly for addresses start to start + count - 1: (count,)."""
        keys = seeding.fold_rows(seed, "label", np.arange(start, start + count))
        return (seeding.uniforms(keys, 1)[:, 0] * len(self.classes)).astype(np.int64)

    @final
    @isolated()
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
        label = self.labelled(count, seed, label, start)
        parts = []
        with torch.no_grad(), self.evaluated():
            for at in range(0, count, CHUNK):
                rows = min(CHUNK, count - at)
                e = self.noise.base(rows, seed, start + at).to(self.device)
                u = self.from_base(e, piece(label, at, rows, self.device))
                parts.append(self.units.store(self.units.decode(u)))
        empty = np.empty((0, *self.units.shape), self.units.dtype)
        return (np.concatenate(parts) if parts else empty), label

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
        del x, label
        raise checks.Mistake("a generator with its critic", "none kept", "train or load it so")

    @final
    def labelled(
        self, count: int, seed: int, label: int | NDArray[np.int64] | None, start: int
    ) -> NDArray[np.int64] | None:
        """Give each of `count` rows its class index, see `sample`."""
        if not self.conditional:
            if label is not None:
                raise checks.Mistake(
                    "no label for an unconditional generator", repr(label), "leave it out"
                )
            return None
        if label is None:
            return self.labels(count, seed, start)
        return indices(label, count, len(self.classes))


def piece(
    label: NDArray[np.int64] | None, at: int, rows: int, device: torch.device
) -> Tensor | None:
    """Cut a batch out of labels, as a tensor on a device; None stays None."""
    return None if label is None else torch.from_numpy(label[at : at + rows].copy()).to(device)
