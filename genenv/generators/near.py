"""A generator of what lies near real rows: a row is picked, and its latent is moved a little."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, files, reading
from genenv.generators.base import Generator
from genenv.noise import Gaussian

KIND = "near"  # in spec.json
ANCHORS = "anchors.npz"


class Near(Generator):
    """Samples around the latents of real rows, of the class that is asked for.

    e_0 picks one of the class's rows, evenly; the others, times `scale`, move its latent, which
    stays in the inner generator's plausible set. Every search moves e as ever: it begins at rows,
    and what the plausible set of e bounds is how far it strays from them.

    Parameters
    ----------
    inner
        Whose latents they are; conditional.
    e, label, row
        Latents (n, base_dim) in its plausible set, class indices (n,), and the rows' numbers in
        the user's data (n,). Of every class one at least.
    scale
        Standard deviation of a move, in those of a latent.
    origin
        How the latents were found, see `own_rows.start_from`.

    Raises
    ------
    Mistake
        A class has no row.
    """

    def __init__(
        self,
        inner: Generator,
        e: Tensor,
        label: NDArray[np.int64],
        row: NDArray[np.int64],
        scale: float,
        origin: dict[str, Any],
    ) -> None:
        checks.positive("near", scale)
        self.inner = inner
        self.scale = scale
        self.origin = origin
        self.notes = (*inner.notes, words(origin, scale))
        self.units, self.classes = inner.units, inner.classes
        self.noise = Gaussian(1 + inner.noise.base_dim)
        order = np.argsort(label, kind="stable")
        self.anchors = e[order]
        self.label = label[order]
        self.row = row[order]
        counts = np.bincount(self.label, minlength=len(self.classes))
        if not counts.all():
            names = [str(self.classes[i]) for i in np.flatnonzero(counts == 0)]
            raise checks.Mistake(
                "rows of every class to start from, which the model has right as they are and made "
                "again",
                f"none of {', '.join(names[:5])}, where {origin['wrong']} of {origin['rows']} rows "
                f"are wrong as they are and {origin['turned']} made again",
                "give more held-out rows or a generator or encoder that makes them again better, "
                "or leave --start out",
            )
        self._counts = torch.from_numpy(counts)
        self._first = torch.from_numpy(np.cumsum(counts) - counts)

    @property
    def differentiable(self) -> bool:
        """As the inner generator; the pick of a row has no slope."""
        return self.inner.differentiable

    def picked(self, e: Tensor, label: Tensor) -> Tensor:
        """Return which anchor each e starts from: (n, base_dim), (n,) -> (n,)."""
        share = torch.special.ndtr(e[:, 0].detach().double())
        count = self._counts[label]
        place: Tensor = self._first[label] + (share * count).long().clamp(max=count - 1)
        return place

    def from_base(self, e: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, noise.base_dim), labels (batch,) -> (batch, *units.layout)."""
        checks.shape("e", e, (None, self.noise.base_dim))
        if label is None:
            raise checks.Mistake("labels of a conditional generator", "none", "give one a row")
        moved = self.anchors[self.picked(e, label)] + self.scale * e[:, 1:]
        return self.inner.from_base(self.inner.noise.project(moved), label)

    def facts(self) -> dict[str, Any]:
        """Tell the inner generator's, and what is near."""
        return self.inner.facts() | {"starts": self.origin, "near": self.scale}

    def digest(self) -> str:
        """Return a digest of the inner generator's and the anchors."""
        found = hashlib.sha256(f"{self.inner.digest()} {self.scale}".encode())
        for array in (self.anchors.numpy(), self.label):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()

    def save(self, folder: Path) -> None:
        """Write spec.json and anchors.npz, and the inner generator in a folder of its own."""
        self.inner.save(folder / "inner")
        spec = {"kind": KIND, "units": self.units.to_json(), "classes": list(self.classes)}
        files.write_json(folder / "spec.json", spec | {"scale": self.scale, "origin": self.origin})
        columns: dict[str, Any] = {"e": self.anchors.numpy(), "label": self.label, "row": self.row}
        files.write_atomically(folder / ANCHORS, lambda file: np.savez_compressed(file, **columns))

    @classmethod
    def load(cls, folder: Path, inner: Generator) -> Near:
        """Read what `save` wrote, around the inner generator."""
        path = folder / ANCHORS
        columns = reading.arrays(path)
        spec = reading.plain(folder / "spec.json")

        def read() -> Near:
            e = torch.from_numpy(columns["e"].astype(np.float32))
            about = float(spec["scale"]), dict(spec["origin"])
            return cls(inner, e, columns["label"], columns["row"], *about)

        return reading.guarded(path, read)

    def in_eval(self) -> Generator:
        """Return it around the inner generator whose samples do not depend on their batch."""
        about = self.scale, self.origin
        return Near(self.inner.in_eval(), self.anchors, self.label, self.row, *about)

    def untrained(self, seed: int) -> Generator | None:
        """Return an inner generator that has learned nothing."""
        return self.inner.untrained(seed)

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """See `Generator.evaluated`."""
        with self.inner.evaluated():
            yield


def words(origin: dict[str, Any], scale: float) -> str:
    """Say where the searches start, and how well the rows were made again."""
    error, neighbour = origin["error"], origin["neighbour"]
    return (
        f"Searches start from {origin['kept']} of {origin['rows']} untouched rows, whose latents "
        f"{origin['by']} found, and move these by {scale:g} standard deviations: shares of random "
        f"draws are of that law. Made again, half of the rows differ by at most {error:.2g} a "
        f"number (root mean square, of a range of 2), nine tenths by {origin['error_90']:.2g}; "
        f"rows of a class lie {neighbour:.2g} from their nearest. Left out: {origin['wrong']} "
        f"that the model has wrong, {origin['turned']} that it has wrong when they are made again."
    )
