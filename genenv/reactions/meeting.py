"""Trained learners meet noise: every learner answers the same samples, at every strength."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import files, reading
from genenv.downstream import Downstream
from genenv.judge import Judge
from genenv.reactions import measures
from genenv.reactions.noises import STRENGTHS, SampleBatch

SOURCES = ("generated", "met", "real")  # of labels

Row = dict[str, Any]


@dataclass(frozen=True)
class Answers:
    """What learners of one seed answered to samples of one source of labels."""

    noises: tuple[str, ...]
    learners: tuple[str, ...]
    label: dict[str, NDArray[np.int64]]
    """generated, met (real rows that met noise) and real (all of them) -> (n,)."""
    accepted: dict[str, NDArray[np.bool_]]
    """Noise -> (strengths, n): both gates of the audit take it for its label."""
    log_p: dict[str, NDArray[np.float32]]
    """Noise -> (learners, strengths, n, classes)."""
    real: NDArray[np.float32]
    """Of the real rows as stored: (learners, n, classes) log-probabilities."""

    def label_of(self, noise: str) -> NDArray[np.int64]:
        """Labels (n,) of a noise's samples."""
        return self.label["met" if noise.startswith("real:") else "generated"]

    def save(self, path: Path) -> None:
        """Write one .npz file, whole."""
        columns: dict[str, Any] = {
            "noises": np.array(self.noises),
            "learners": np.array(self.learners),
            "real": self.real,
        }
        columns |= {f"label {source}": label for source, label in self.label.items()}
        for noise in self.noises:
            columns[f"accepted {noise}"] = self.accepted[noise]
            columns[f"log_p {noise}"] = self.log_p[noise]
        files.write_atomically(path, lambda file: np.savez_compressed(file, **columns))

    @staticmethod
    def load(path: Path) -> Answers:
        """Read what `save` wrote."""
        file = reading.arrays(path)

        def read() -> Answers:
            noises = tuple(map(str, file["noises"]))
            return Answers(
                noises,
                tuple(map(str, file["learners"])),
                {source: file[f"label {source}"] for source in SOURCES},
                {noise: file[f"accepted {noise}"] for noise in noises},
                {noise: file[f"log_p {noise}"] for noise in noises},
                file["real"],
            )

        return reading.guarded(path, read)


def meet(
    batch: SampleBatch,
    learners: Mapping[str, Downstream],
    judge: Judge,
    noises: Sequence[str],
    advance: Callable[[int], None] | None = None,
) -> Answers:
    """Ask every learner about every noise at strengths 0 to 5.

    Parameters
    ----------
    batch
        The samples.
    learners
        Name -> trained model.
    judge
        Its audit gives gates that no learner has seen.
    noises
        See `noises.names`.
    advance
        Called with 1 after each noise and strength.
    """
    accepted: dict[str, NDArray[np.bool_]] = {}
    log_p: dict[str, NDArray[np.float32]] = {}
    for noise in noises:
        gates, answers = [], []
        for strength in STRENGTHS:
            x, label = batch.at(noise, strength)
            gates.append(judge.accepts(x, label))
            answers.append(_asked(learners, batch, x))
            if advance:
                advance(1)
        accepted[noise] = np.stack(gates)
        log_p[noise] = np.stack([np.stack(own) for own in answers], 1)
    label_of = {"generated": batch.label, "met": batch.met[1], "real": batch.real[1]}
    real = np.stack(_asked(learners, batch, batch.real[0]))
    return Answers(tuple(noises), tuple(learners), label_of, accepted, log_p, real)


def _asked(
    learners: Mapping[str, Downstream], batch: SampleBatch, x: NDArray[Any]
) -> list[NDArray[np.float32]]:
    """Ask every learner about samples: log-probabilities (n, classes) each."""
    rows = batch.units.tensor(x)
    with torch.no_grad():
        return [model.log_probabilities(rows).numpy() for model in learners.values()]


def curves(answers: Answers, seed: int) -> list[Row]:
    """Return a row a noise, strength and learner: their names, the seed, and `measures.figures`."""
    return [
        {"noise": noise, "learner": learner, "seed": seed, "strength": strength}
        | measures.figures(
            answers.log_p[noise][i, j], answers.label_of(noise), answers.accepted[noise][j]
        )
        for noise in answers.noises
        for i, learner in enumerate(answers.learners)
        for j, strength in enumerate(STRENGTHS)
    ]


def alike(answers: Answers, seed: int) -> list[Row]:
    """Return a row a noise and strength: the agreement between learners."""
    rows = []
    for noise in answers.noises:
        said = answers.log_p[noise].argmax(3)
        for j, strength in enumerate(STRENGTHS):
            share = measures.between(list(said[:, j]))
            rows.append({"noise": noise, "seed": seed, "strength": strength, "between": share})
    return rows


def half_margins(rows: Sequence[Row]) -> list[Row]:
    """Return a row a noise and learner: the strength of half the margin, of the mean over seeds."""
    found = []
    for noise, learner in dict.fromkeys((row["noise"], row["learner"]) for row in rows):
        own = [row for row in rows if (row["noise"], row["learner"]) == (noise, learner)]
        margin = [
            float(np.mean([row["margin"] for row in own if row["strength"] == strength]))
            for strength in STRENGTHS
        ]
        at = measures.half_margin(np.array(STRENGTHS, float), np.array(margin))
        found.append({"noise": noise, "learner": learner, "half_margin_strength": at})
    return found
