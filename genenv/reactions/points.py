"""Real, generated and corrupted samples where each learner puts them, for the projector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import files, reading
from genenv.downstream import Downstream
from genenv.learners import features
from genenv.reactions.noises import SampleBatch

EACH = 150  # samples of a source
MIDDLE = 3  # strength of the corrupted ones


@dataclass(frozen=True)
class Points:
    """The same samples seen by every learner."""

    x: NDArray[Any]
    """(n, *units.shape) in the data's units."""
    source: NDArray[np.str_]
    """(n,): real, generated, or the noise that changed it."""
    label: NDArray[np.int64]
    """(n,)."""
    at: dict[str, NDArray[np.float32]]
    """Learner -> its features (n, d)."""
    said: dict[str, NDArray[np.int64]]
    """Learner -> its answers (n,), class indices."""

    def save(self, path: Path) -> None:
        """Write one .npz file, whole."""
        columns: dict[str, Any] = {"x": self.x, "source": self.source, "label": self.label}
        columns["learners"] = np.array(list(self.at))
        for name, place in self.at.items():
            columns |= {f"at {name}": place, f"said {name}": self.said[name]}
        files.write_atomically(path, lambda file: np.savez_compressed(file, **columns))

    @staticmethod
    def load(path: Path) -> Points:
        """Read what `save` wrote."""
        file = reading.arrays(path)

        def read() -> Points:
            names = [str(name) for name in file["learners"]]
            return Points(
                file["x"],
                file["source"],
                file["label"],
                {name: file[f"at {name}"] for name in names},
                {name: file[f"said {name}"] for name in names},
            )

        return reading.guarded(path, read)


def take(batch: SampleBatch, learners: Mapping[str, Downstream], noises: Sequence[str]) -> Points:
    """Pick samples of each source, and ask every learner where they lie.

    Parameters
    ----------
    batch
        The samples.
    learners
        Name -> trained model.
    noises
        Those that change generated samples are drawn from in turn, at strength 3.
    """
    real, own = (column[:EACH] for column in batch.real)
    made = [name for name in noises if not name.startswith("real:")]
    parts = [real]
    labels, sources = [own], [np.full(len(real), "real")]
    if made:
        plain, label = batch.at(made[0], 0)
        parts.append(plain[:EACH])
        labels.append(label[:EACH])
        sources.append(np.full(len(plain[:EACH]), "generated"))
    for i, name in enumerate(made):
        rows = np.arange(i, min(EACH, len(batch.label)), len(made))
        x, label = batch.at(name, MIDDLE)
        parts.append(x[rows])
        labels.append(label[rows])
        sources.append(np.full(len(rows), name))
    x = np.concatenate(parts)
    at = {name: features(model, x) for name, model in learners.items()}
    with torch.no_grad():
        said = {
            name: model.log_probabilities(batch.units.tensor(x)).argmax(1).numpy()
            for name, model in learners.items()
        }
    return Points(x, np.concatenate(sources), np.concatenate(labels), at, said)
