"""A shard of findings as the tab reads it: a few bytes of each flip, and its latents on demand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, reading
from genenv.board.folders import own
from genenv.columns import Columns
from genenv.generators import Generator
from genenv.judge import Verdict
from genenv.reading import Column

INDEXED = {  # columns that tell of a flip; its latents, the most bytes, are not among them
    name: failures.COLUMNS[name] for name in ("label", "output", "severity", "search", "seed")
} | {"index": failures.COLUMNS["index"], "verdict": Column("iu", (None,), 0)}


@dataclass(frozen=True)
class Found(Columns):
    """Flips, a row each: 30 bytes."""

    shard: NDArray[np.int32]  # (n,), its place among the names of shards
    row: NDArray[np.int32]  # (n,), within the shard
    search: NDArray[np.int16]  # (n,), its place among the names of searches
    seed: NDArray[np.int64]  # (n,), of the search
    query: NDArray[np.int32]  # (n,), of the search and seed, from 0
    label: NDArray[np.int16]  # (n,), the condition
    answer: NDArray[np.int16]  # (n,), the class that the model said
    p: NDArray[np.float32]  # (n,), its probability
    severity: NDArray[np.float32]  # (n,), > 0
    verdict: NDArray[np.int8]  # (n,)


def flips(path: Path, run: Path, generator: Generator, shard: int, searches: list[str]) -> Found:
    """Read the flips of a shard.

    Parameters
    ----------
    path, run
        The file, and the folder of its run.
    generator
        Of the run.
    shard
        The file's place among the shards.
    searches
        Names of searches so far, to which new ones are added.

    Raises
    ------
    Mistake
        Columns that do not belong together, or not to the generator; a link out of the run.
    """
    columns = _read(own(path, run), generator, INDEXED)
    rows = np.flatnonzero(columns["severity"] > 0)
    kept = {name: column[rows] for name, column in columns.items()}
    answer = kept["output"].argmax(1)
    log_p = kept["output"][np.arange(len(rows)), answer].astype(np.float64)
    return Found(
        shard=np.full(len(rows), shard, np.int32),
        row=rows.astype(np.int32),
        search=_codes(kept["search"], searches),
        seed=kept["seed"].astype(np.int64),
        query=kept["index"].astype(np.int32),
        label=kept["label"].astype(np.int16),
        answer=answer.astype(np.int16),
        p=np.exp(log_p).astype(np.float32),
        severity=kept["severity"],
        verdict=kept["verdict"].astype(np.int8),
    )


def latents(path: Path, run: Path, generator: Generator) -> dict[str, NDArray[Any]]:
    """Read e (n, base_dim), label (n,) and output (n, classes) of all queries of a shard.

    Raises
    ------
    Mistake
        See `flips`.
    """
    columns = {name: failures.COLUMNS[name] for name in ("e", "label", "output")}
    return _read(own(path, run), generator, columns)


def within(name: str, column: NDArray[np.integer[Any]], count: int) -> None:
    """Raise a Mistake unless all of a column are whole numbers from 0 to below `count`."""
    if column.dtype.kind not in "iu" or ((column < 0) | (column >= count)).any():
        raise checks.Mistake(
            f"{name} from 0 to {count - 1}", "others", "look whether its files are of one run"
        )


def _read(path: Path, generator: Generator, wanted: dict[str, Column]) -> dict[str, NDArray[Any]]:
    columns = reading.arrays(path, wanted)
    count, classes = columns["label"].size, len(generator.classes)
    wide = {"e": (count, generator.noise.base_dim), "output": (count, classes)}
    for name, column in columns.items():
        checks.shape(name, column, wide.get(name, (count,)))
    within("label", columns["label"], classes)
    if "verdict" in columns:
        within("verdict", columns["verdict"], len(Verdict))
    reading.check(path, columns, wanted)
    return columns


def _codes(names: NDArray[np.str_], known: list[str]) -> NDArray[np.int16]:
    """Return the places of names among the known ones, to which new ones are added."""
    own, place = np.unique(names, return_inverse=True)
    known += [name for name in own.tolist() if name not in known]
    return np.array([known.index(name) for name in own.tolist()], np.int16)[place.reshape(-1)]
