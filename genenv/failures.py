"""Confirmed failures: stored as raw arrays, and replayed from disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import checks, files, reading
from genenv.columns import Columns
from genenv.criteria import DEFAULT, Criterion, severity
from genenv.downstream import Answers, Downstream
from genenv.downstream.row_by_row import joined
from genenv.reading import Column

BATCH = 1024  # rows a question to the model
# what reading an .npz file raises that is cut off, or no such file at all
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
COLUMNS = {  # of a shard, in the order of `Confirmed`
    "x": Column("fiu", None),
    "e": Column("f", (None, None)),
    "label": Column("iu", (None,), 0),
    "output": Column("f", (None, None)),
    "severity": Column("f", (None,)),
    "p": Column("f", (None,), 0, 1),
    "search": Column("U", (None,)),
    "seed": Column("iu", (None,)),
    "index": Column("iu", (None,), 0),
}
OUTPUT_TOLERANCE = 1e-3  # of a probability: what another batch size or machine may change


@dataclass(frozen=True)
class Confirmed(Columns):
    """Confirmed failures, one row each: the raw sample, its address, what the model said."""

    x: NDArray[Any]  # (m, *units.shape), the data's units and dtype
    e: NDArray[np.float32]  # (m, base_dim): with the generator and the label, the address
    label: NDArray[np.int64]  # (m,), the condition
    output: NDArray[np.float32]  # (m, classes), log-probabilities
    severity: NDArray[np.float32]  # (m,), > 0
    p: NDArray[np.float32]  # (m,), the audit's probability that the condition holds
    search: NDArray[np.str_]  # (m,)
    seed: NDArray[np.int64]  # (m,)
    index: NDArray[np.int64]  # (m,), query of the search, from 0

    @property
    def prediction(self) -> NDArray[np.int64]:
        """(m,): the class the model chose."""
        chosen: NDArray[np.int64] = self.output.argmax(1).astype(np.int64)
        return chosen

    @property
    def pair(self) -> NDArray[np.int64]:
        """(m,): condition and prediction as one number."""
        pair: NDArray[np.int64] = self.label * self.output.shape[1] + self.prediction
        return pair


def read(path: Path) -> Confirmed:
    """Read a shard of RUN/failures.

    Raises
    ------
    Mistake
        It is damaged or holds other columns.
    """
    if COLUMNS.keys() - set(reading.names(path)) == {"p"}:
        raise checks.Mistake(
            f"failures of this version in {path}", "those of genenv 0.1, which gave them no p",
            "replay them with that version, or make them again",
        )  # fmt: skip
    part = reading.arrays(path, COLUMNS)
    reading.check(path, part, COLUMNS)
    classes = part["output"].shape[1]
    reading.check(path, part, {"label": COLUMNS["label"]._replace(high=classes - 1)})
    return Confirmed(**part)


def shards(folder: Path) -> Iterator[Confirmed]:
    """Read the shards of RUN/failures in order, one at a time; see `read`."""
    return map(read, files.shards(folder))


def load(folder: Path) -> Confirmed | None:
    """Read all shards of RUN/failures in order; None where there are none.

    Takes memory for all of them: what asks about each by itself takes `shards`.

    Raises
    ------
    Mistake
        A shard that is damaged or holds other columns.
    """
    parts = [*shards(folder)]
    return reading.guarded(folder, lambda: Confirmed.concatenate(parts)) if parts else None


def picked(folder: Path, rows: NDArray[np.int64]) -> Confirmed:
    """Read failures by their row in RUN/failures, which holds some, in the order of `rows`."""
    start, order, parts = 0, [], []
    for shard in shards(folder):
        own = np.flatnonzero((rows >= start) & (rows < start + len(shard)))
        order.append(own)
        parts.append(shard.rows(rows[own] - start))
        start += len(shard)
    found = reading.guarded(folder, lambda: Confirmed.concatenate(parts))
    return found.rows(np.argsort(np.concatenate(order)))


def ask(model: Downstream, x: NDArray[Any]) -> Answers:
    """Ask the model about stored samples (m, *shape), as far as it answers."""
    with torch.no_grad():
        return joined(
            [
                model.answers(model.units.tensor(x[at : at + BATCH]))
                for at in range(0, max(len(x), 1), BATCH)
            ]
        )


@dataclass(frozen=True)
class Replay(Columns):
    """What a model says of stored failures now."""

    failing: NDArray[np.bool_]  # (m,): severity > 0
    error: NDArray[np.bool_]  # (m,): no usable answer, which is not failing either
    same: NDArray[np.bool_]  # (m,): failing, and the probabilities are the recorded ones
    label: NDArray[np.int64]  # (m,), the condition
    before: NDArray[np.int64]  # (m,): the class the model chose
    answer: NDArray[np.int64]  # (m,): the class the model chooses now; -1: no usable answer


def replay(model: Downstream, record: Confirmed, criterion: Criterion = DEFAULT) -> Replay:
    """Ask a model again, from the stored arrays; the queries are counted."""
    said = ask(model, record.x)
    log_p = said.log_p
    error = said.error.numpy()
    checks.shape("recorded answers of this model's classes", record.output, tuple(log_p.shape))
    severe = severity(criterion, log_p, torch.from_numpy(record.label)).numpy()
    failing = (severe > 0) & ~error
    drift = np.abs(np.exp(log_p.numpy()) - np.exp(record.output)).max(1)
    same = failing & (drift <= OUTPUT_TOLERANCE)
    return Replay(failing, error, same, record.label, record.prediction, said.guess.numpy())


def replay_all(model: Downstream, folder: Path, criterion: Criterion = DEFAULT) -> Replay | None:
    """Ask a model again about RUN/failures, a shard at a time; None where there are none.

    Raises
    ------
    Mistake
        A shard that is damaged or holds other columns.
    """
    parts = [replay(model, shard, criterion) for shard in shards(folder)]
    return Replay.concatenate(parts) if parts else None
