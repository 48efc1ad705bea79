"""The blind sheet of a run: samples of every verdict and real rows, mixed, fixed by a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, files, reading, seeding
from genenv.judge import Verdict
from genenv.reading import Column

REAL = -1  # in place of a verdict: a real row, which tells how people and pictures do
STRATA = (Verdict.CONFIRMED, Verdict.AMBIGUOUS, Verdict.INVALID)
SHARES = {Verdict.CONFIRMED: 0.5, Verdict.AMBIGUOUS: 0.2, Verdict.INVALID: 0.15, REAL: 0.15}
NAME = "sheet.npz"
COLUMNS = {
    "x": Column("fiub", None),
    "kind": Column("i", (None,), REAL, max(Verdict)),
    "label": Column("i", (None,), -1),
    "search": Column("U", (None,)),
    "seed": Column("i", (None,)),
    "index": Column("i", (None,)),
    "p": Column("f", (None,)),
}


@dataclass(frozen=True)
class Sheet:
    """Samples that people are asked about, in the order of asking."""

    x: NDArray[Any]  # (n, *units.shape), the data's units and dtype
    kind: NDArray[np.int64]  # (n,), a Verdict, or REAL
    label: NDArray[np.int64]  # (n,), the condition; -1 where a real row has no known class
    search: NDArray[np.str_]  # (n,), "" for real rows
    seed: NDArray[np.int64]  # (n,)
    index: NDArray[np.int64]  # (n,), query of the search, or number of the real row
    p: NDArray[np.float32]  # (n,), the audit's probability of the condition; 1 for real rows

    def __len__(self) -> int:
        return len(self.x)

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(path, lambda file: np.savez_compressed(file, **columns))

    @staticmethod
    def load(path: Path) -> Sheet:
        """Read what `save` wrote.

        Raises
        ------
        Mistake
            It is damaged.
        """
        found = reading.arrays(path, COLUMNS)
        reading.check(path, found, COLUMNS)
        return Sheet(**{name: found[name] for name in COLUMNS})


@dataclass(frozen=True)
class Flips:
    """The flips of a run: where each came from and what the judge said, (n,) each."""

    verdict: NDArray[np.int64]
    e: NDArray[np.float32]  # (n, base_dim)
    label: NDArray[np.int64]
    search: NDArray[np.str_]
    seed: NDArray[np.int64]
    index: NDArray[np.int64]
    p: NDArray[np.float32]  # the audit's probability of the condition

    @property
    def counts(self) -> dict[str, int]:
        """Verdict -> how many flips have it."""
        return {v.name.lower(): int((self.verdict == v).sum()) for v in STRATA}

    def rows(self, index: NDArray[np.int64]) -> Flips:
        """Pick rows."""
        return Flips(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def flips_of(run: Path) -> Flips:
    """Read the flips of a run from its findings.

    Raises
    ------
    Mistake
        The run holds no findings, or no flip among them, or a damaged file.
    """
    names = [field.name for field in fields(Flips)]
    parts = []
    for path in files.shards(run / "findings"):
        found = reading.arrays(path, names)
        kept = np.isin(found["verdict"], STRATA)
        parts.append({name: found[name][kept] for name in names})
    if not parts or not sum(len(part["verdict"]) for part in parts):
        raise checks.Mistake(f"flips in {run}/findings", "none", "give a run of stress with some")
    joined = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return Flips(**joined | {"verdict": joined["verdict"].astype(np.int64)})


def draw(
    flips: Flips,
    make: Callable[[Flips], NDArray[Any]],
    real: tuple[NDArray[Any], NDArray[np.int64]],
    count: int,
    seed: int = 0,
) -> Sheet:
    """Draw a sheet: half confirmed failures, the rest of each other verdict and of real rows.

    What a stratum lacks is asked of the confirmed ones, as far as there are some.

    Parameters
    ----------
    flips
        Of all searches.
    make
        Makes samples (n, *units.shape) of flips.
    real
        Real rows in the data's units and their class indices, -1 where unknown.
    count
        Samples to ask about.
    seed
        Address of the draw and of the order.
    """
    checks.integer("count", count)
    rng = seeding.numpy_generator(seed, "sheet")
    wanted = {kind: round(share * count) for kind, share in SHARES.items()}
    rows: list[int] = []
    for verdict in reversed(STRATA):
        there = np.flatnonzero(flips.verdict == verdict)
        asked = (
            wanted[verdict] if verdict != Verdict.CONFIRMED else count - wanted[REAL] - len(rows)
        )
        rows += rng.permutation(there)[:asked].tolist()
    picked = flips.rows(np.array(rows, np.int64))
    beside = rng.permutation(len(real[0]))[: wanted[REAL]]
    nothing = np.zeros(len(beside), np.int64)
    sheet = {
        "x": np.concatenate([make(picked), real[0][beside]]),
        "kind": np.concatenate([picked.verdict, nothing + REAL]),
        "label": np.concatenate([picked.label, real[1][beside]]),
        "search": np.concatenate([picked.search, np.full(len(beside), "")]),
        "seed": np.concatenate([picked.seed, nothing]),
        "index": np.concatenate([picked.index, beside]),
        "p": np.concatenate([picked.p, np.ones(len(beside), np.float32)]),
    }
    order = rng.permutation(len(sheet["kind"]))
    return Sheet(**{name: column[order] for name, column in sheet.items()})


def sheet_of(run: Path, make: Callable[[], Sheet]) -> Sheet:
    """Return the sheet that a run holds; the first rater's call makes it."""
    path = run / "audit" / NAME
    if not path.is_file():
        make().save(path)
    return Sheet.load(path)
