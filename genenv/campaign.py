"""Searches x seeds on equal counted budgets, every query on disk, judged by an unseen audit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, files, reading
from genenv.failures import Confirmed
from genenv.judge import Judge, Verdict
from genenv.probe import Findings, Probe
from genenv.reading import Column
from genenv.search import Search
from genenv.tracking import Tracker

POINT = 256  # queries between two points of a curve in TensorBoard
SHARD = 4096  # queries written at a time, or what is left
TOLD = ("verdict", "model_answer", "other_label")  # of a search, kept in memory
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


@dataclass(frozen=True)
class Log:
    """One search with one seed: what the audit said of each of its queries, in order."""

    search: str
    seed: int
    verdict: NDArray[np.int8]  # (queries,), a Verdict
    model_answer: NDArray[np.bool_]  # (queries,), ambiguous ones that show what the model said
    other_label: NDArray[np.bool_]  # (queries,), ambiguous ones that show a third class
    seconds: float  # of this process: what a resumed run read from disk took little
    samples_law: bool = False  # see `Search.samples_law`: its rows estimate P(failure)

    @property
    def confirmed_at(self) -> NDArray[np.int64]:
        """Queries, from 1, whose failure was confirmed."""
        return np.nonzero(self.verdict == Verdict.CONFIRMED)[0] + 1

    def tally(self) -> dict[str, Any]:
        """Count verdicts, and say when the first and the tenth failure were confirmed."""
        of = Verdict.INVALID, Verdict.AMBIGUOUS, Verdict.CONFIRMED, Verdict.ERROR
        invalid, ambiguous, confirmed, errors = (int((self.verdict == v).sum()) for v in of)
        at = self.confirmed_at
        return {
            "name": self.search,
            "seed": self.seed,
            "samples_law": self.samples_law,
            "queries": len(self.verdict),
            "flips": invalid + ambiguous + confirmed,
            "realistic": ambiguous + confirmed,
            "ambiguous": ambiguous,
            "model_answer": int(self.model_answer.sum()),
            "other_label": int(self.other_label.sum()),
            "invalid": invalid,
            "errors": errors,
            "confirmed": confirmed,
            "first_confirmed_at": int(at[0]) if len(at) else None,
            "tenth_confirmed_at": int(at[9]) if len(at) > 9 else None,
            "confirmed_per_1k": 1000 * confirmed / len(self.verdict),
            "seconds": round(self.seconds, 2),
        }


class Ledger:
    """RUN/findings, one row a query, and RUN/failures, the confirmed ones with their samples.

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
        self.findings, self.failures = run / "findings", run / "failures"
        self.findings.mkdir(parents=True, exist_ok=True)
        self.failures.mkdir(exist_ok=True)
        self.next = 1 + max((int(path.stem) for path in self.findings.glob("*.npz")), default=-1)

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
        said = judge.judged(
            findings.x, findings.label, findings.severity, findings.output.argmax(1),
            judge.of_query(search, seed, index),
        ).columns()  # fmt: skip
        address: dict[str, Any] = {
            **said,
            "search": np.full(len(index), search),
            "seed": np.full(len(index), seed),
            "index": index,
        }
        columns = {f.name: getattr(findings, f.name) for f in fields(findings) if f.name != "x"}
        kept: dict[str, Any] = {name: c for name, c in columns.items() if c is not None}
        rows = said["verdict"] == Verdict.CONFIRMED
        place = self.failures / f"{self.next:05d}.npz"
        place.unlink(missing_ok=True)  # of a process that ended between the two files of a shard
        if rows.any():
            shared = {f.name for f in fields(Confirmed)} & (kept.keys() | address.keys())
            part = {name: (kept | address)[name][rows] for name in shared}
            failures = Confirmed(x=units.store(x[torch.from_numpy(rows)]), **part)
            files.whole(place, failures.save)
        shard = self.findings / f"{self.next:05d}.npz"
        files.whole(shard, lambda file: np.savez_compressed(file, **kept, **address))
        self.next += 1
        return said

    def read(self, search: str, seed: int) -> dict[str, NDArray[Any]] | None:
        """Read all rows of one search and seed in order; None where there are none.

        Raises
        ------
        Mistake
            A shard that is cut off or holds other columns.
        """
        parts = [columns for _, columns in self._shards(search, seed)]
        if not parts:
            return None
        return reading.guarded(
            self.findings,
            lambda: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        )

    def drop(self, search: str, seed: int) -> None:
        """Forget all rows of one search and seed."""
        for path, _ in self._shards(search, seed):
            (self.failures / path.name).unlink(missing_ok=True)
            path.unlink()

    def _shards(self, search: str, seed: int) -> list[tuple[Path, dict[str, NDArray[Any]]]]:
        shards = []
        for path in sorted(self.findings.glob("*.npz")):
            address = reading.arrays(path, ADDRESS)
            reading.check(path, address, ADDRESS)
            rows = (address["search"] == search) & (address["seed"] == seed)
            if rows.any():
                columns = reading.arrays(path)
                reading.check(path, columns, COLUMNS)
                shards.append((path, columns))
        return shards


class _Recorded:
    """Answers a search from disk for as long as it asks what it asked before."""

    def __init__(self, columns: dict[str, NDArray[Any]] | None, budget: int) -> None:
        self.columns = columns or {}
        index = self.columns.get("index", np.zeros(0, np.int64))
        self.rows = len(index)
        if self.rows > budget or not np.array_equal(index, np.arange(self.rows)):
            raise _OtherQuestionError

    def answer(self, start: int, e: Tensor, label: Tensor) -> Findings | None:
        """Return the findings of queries from `start` on; None past the record's end."""
        if start >= self.rows:
            return None
        names = {f.name for f in fields(Findings)} & self.columns.keys()
        rows = {name: self.columns[name][start : start + len(e)] for name in names}
        asked = np.array_equal(rows["e"], e.numpy()) and np.array_equal(rows["label"], label)
        if not asked:  # a record always ends where an ask ended
            raise _OtherQuestionError
        return Findings(**rows)


class _OtherQuestionError(Exception):
    """A resumed search asked something else than it did before."""


@dataclass(frozen=True)
class Campaign:
    """Runs searches on one probe, each to the end of the same budget.

    Raises
    ------
    Mistake
        The budget is no whole number above zero.
    """

    probe: Probe
    judge: Judge
    budget: int  # queries a search and seed
    ledger: Ledger
    tracker: Tracker
    advance: Callable[[int], None]  # called with the queries done
    tell: Callable[[str], None]  # called with a sentence where a record had to be dropped

    def __post_init__(self) -> None:
        """Raise a Mistake that names the budget."""
        checks.whole("budget", self.budget)

    def run(self, name: str, seed: int, make: Callable[[], Search]) -> Log:
        """Run one search, answering from disk what it asked before an interruption.

        Parameters
        ----------
        name, seed
            Its address in findings and logs.
        make
            Makes the search afresh.

        Raises
        ------
        Mistake
            The search proposes nothing, more than it may, or arrays of other shapes; or a shard on
            disk is cut off.
        """
        began = time.perf_counter()
        recorded = self.ledger.read(name, seed)
        search = make()
        try:
            judged = self._run(name, seed, search, recorded)
        except _OtherQuestionError:
            self.tell(f"{name} (seed {seed}) asks otherwise here than its record; it starts over")
            self.ledger.drop(name, seed)
            judged = self._run(name, seed, make(), None)
        return Log(
            search=name,
            seed=seed,
            seconds=time.perf_counter() - began,
            samples_law=search.samples_law,
            **judged,
        )

    def _run(
        self, name: str, seed: int, search: Search, columns: dict[str, NDArray[Any]] | None
    ) -> Columns:
        recorded = _Recorded(columns, self.budget)
        judged = [columns] if columns else []
        pending: list[Findings] = []
        at = 0

        def flush() -> None:
            if not pending:
                return
            findings = Findings.concatenate(pending)
            pending.clear()
            start = sum(len(part["verdict"]) for part in judged)
            before = sum(int((part["verdict"] == Verdict.CONFIRMED).sum()) for part in judged)
            judged.append(self.ledger.write(findings, self.judge, name, seed, start, self.probe))
            total = before + np.cumsum(judged[-1]["verdict"] == Verdict.CONFIRMED)
            for row in sorted({*range(POINT - 1, len(total), POINT), len(total) - 1}):
                self.tracker.scalars({f"confirmed/{name}/seed-{seed}": total[row]}, start + row + 1)
            tag = f"severity/{name}/seed-{seed}"
            self.tracker.histogram(tag, findings.severity, start + len(findings))

        try:
            while at < self.budget:
                e, label = search.ask(self.budget - at)
                self._check(name, e, label, self.budget - at)
                findings = recorded.answer(at, e, label)
                if findings is None:
                    findings = self.probe(e, label, search.wants_gradient)
                    pending.append(findings)
                at += len(e)
                search.tell(replace(findings, x=None))  # samples are not on disk for a resume
                self.advance(len(e))
                if sum(map(len, pending)) >= SHARD:
                    flush()
        finally:
            flush()
        return {name: np.concatenate([part[name] for part in judged]) for name in TOLD}

    def _check(self, name: str, e: Tensor, label: Tensor, limit: int) -> None:
        """Raise a Mistake unless a search proposed what it may."""
        if not 0 < len(e) <= limit:
            raise checks.Mistake(
                f"{name} to propose 1 to {limit} queries",
                len(e),
                "mend its `ask`, which gets the limit",
            )
        checks.shape(f"e of {name}", e, (None, self.probe.generator.noise.base_dim))
        checks.shape(f"label of {name}", label, (len(e),))
