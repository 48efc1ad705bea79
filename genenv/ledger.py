"""What a campaign leaves on disk: every query, and the samples of failures and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genenv import files, reading
from genenv.failures import Confirmed
from genenv.judge import Judge, Verdict
from genenv.probe import Findings, Probe
from genenv.reading import Column
from genenv.unanswered import Unanswered

NOT_STORED = ("x", "error")  # of findings: samples, and what the verdict says
ADDRESS = {"search": Column("U", (None,)), "seed": Column("iu", (None,))}
COLUMNS = ADDRESS | {  # of a shard, at least
    "e": Column("f", (None, None)),
    "label": Column("iu", (None,), 0),
    "output": Column("f", (None, None)),
    "severity": Column("f", (None,)),
    "verdict": Column("iu", (None,), 0),
    "p": Column("f", (None,), -1, 1),
    "taken_for": Column("iu", (None,)),
    "model_answer": Column("b", (None,)),
    "other_label": Column("b", (None,)),
    "index": Column("iu", (None,), 0),
}

Columns = dict[str, NDArray[Any]]  # (n,) each


class Ledger:
    """RUN/findings, one row a query; RUN/failures and RUN/errors, some of them with their samples.

    Parameters
    ----------
    run
        The run's folder.

    Attributes
    ----------
    next
        Number of the next shard.
    """

    def __init__(self, run: Path) -> None:
        self.findings, self.failures, self.errors = (
            run / name for name in ("findings", "failures", "errors")
        )
        self.aside = run / "unrepeated"  # of failures and errors, those that are no more
        self.findings.mkdir(parents=True, exist_ok=True)
        self.failures.mkdir(exist_ok=True)
        self.next = 1 + max(map(_number, files.shards(self.findings)), default=-1)

    def write(
        self, findings: Findings, judge: Judge, search: str, seed: int, start: int, probe: Probe
    ) -> Columns:
        """Judge a stretch of queries and write it.

        Parameters
        ----------
        findings
            With their samples `x`.
        judge
            Gives the verdicts.
        search, seed, start
            Their address: search, its seed, and the number of the first query, from 0.
        probe
            Knows the data's units.

        Returns
        -------
        `verdict`, `p`, `taken_for`, `model_answer` and `other_label`, (n,) each, as `Judge.judged`
        gives them.
        """
        assert findings.x is not None
        units = probe.units
        x = torch.from_numpy(findings.x)
        index = np.arange(start, start + len(findings))
        judged = judge.judged(
            findings.x, findings.label, np.where(findings.error, np.nan, findings.severity),
            judge.answer(findings.output), judge.of_query(search, seed, index),
        )  # fmt: skip
        said = (judged if findings.broken is None else judged.without(findings.broken)).columns()
        address: dict[str, Any] = {
            **said,
            "search": np.full(len(index), search),
            "seed": np.full(len(index), seed),
            "index": index,
        }
        columns = {f.name: getattr(findings, f.name) for f in fields(findings)}
        kept = {n: c for n, c in columns.items() if c is not None and n not in NOT_STORED}
        shard = f"{self.next:05d}.npz"
        for place in self._beside(shard):
            place.unlink(missing_ok=True)  # of a process that ended between the files of a shard
        for kind, folder, verdict in (
            (Confirmed, self.failures, Verdict.CONFIRMED),
            (Unanswered, self.errors, Verdict.ERROR),
        ):
            rows = said["verdict"] == verdict
            if rows.any():
                shared = {f.name for f in fields(kind)} & (kept.keys() | address.keys())
                part = {name: (kept | address)[name][rows] for name in shared}
                record = kind(x=units.store(x[torch.from_numpy(rows)]), **part)
                files.write_atomically(folder / shard, record.save)
        files.write_atomically(
            self.findings / shard, lambda file: np.savez_compressed(file, **kept, **address)
        )
        self.next += 1
        return said

    def read(
        self, search: str, seed: int, names: Iterable[str] | None = None
    ) -> dict[str, NDArray[Any]] | None:
        """Read columns of all rows of one search and seed in order; None where there are none.

        Parameters
        ----------
        search, seed
            The address.
        names
            Of the columns; None: all, which may be large.

        Raises
        ------
        Mistake
            A shard that is cut off or holds other columns.
        """
        parts = [*self.shards(search, seed, names)]
        if not parts:
            return None
        return reading.guarded(
            self.findings,
            lambda: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        )

    def shards(
        self, search: str, seed: int, names: Iterable[str] | None = None
    ) -> Iterator[dict[str, NDArray[Any]]]:
        """Read the shards of one search and seed in order, one at a time; see `read`."""
        wanted = None if names is None else list(names)
        for path in self._paths(search, seed):
            columns = reading.arrays(path, wanted)
            reading.check(
                path, columns, {n: c for n, c in COLUMNS.items() if n in columns or not wanted}
            )
            yield columns

    def drop(self, search: str, seed: int) -> None:
        """Forget all rows of one search and seed."""
        self.cut(search, seed, 0)

    def cut(self, search: str, seed: int, queries: int) -> None:
        """Forget the rows of one search and seed but its first ones."""
        for path in reversed(self._paths(search, seed)):
            for place in (*self._beside(path.name), path):  # the findings last: it can be repeated
                if place.is_file():
                    _keep_first(place, queries)

    def _beside(self, shard: str) -> list[Path]:
        """Where rows of a shard of findings may lie as well."""
        kinds = self.failures, self.errors
        return [*(k / shard for k in kinds), *(self.aside / k.name / shard for k in kinds)]

    def _paths(self, search: str, seed: int) -> list[Path]:
        """List the shards that hold rows of one search and seed: all of their rows are."""
        paths = []
        for path in files.shards(self.findings):
            address = reading.arrays(path, ADDRESS)
            reading.check(path, address, ADDRESS)
            if ((address["search"] == search) & (address["seed"] == seed)).any():
                paths.append(path)
        return paths


def _number(shard: Path) -> int:
    return reading.guarded(shard, lambda: int(shard.stem))


def _keep_first(path: Path, queries: int) -> None:
    """Leave of a shard only what was asked before so many queries."""
    columns = reading.arrays(path)
    reading.check(path, columns, {"index": COLUMNS["index"]})
    rows = columns["index"] < queries
    if not rows.any():
        path.unlink()
    elif not rows.all():
        kept: dict[str, Any] = {name: column[rows] for name, column in columns.items()}
        files.write_atomically(path, lambda file: np.savez_compressed(file, **kept))
