"""Searches x seeds on equal counted budgets, every query on disk, judged by an unseen audit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, turns, unanswered
from genenv.judge import Judge, Verdict
from genenv.ledger import Columns, Ledger
from genenv.probe import Findings, Probe
from genenv.search import Search
from genenv.tracking import Tracker
from genenv.turns import Game

POINT = 256  # queries between two points of a curve in TensorBoard
SHARD = 4096  # queries written at a time, or what is left
TOLD = ("verdict", "model_answer", "other_label")  # of a search, kept in memory


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


class _Recorded:
    """Answers a search from disk, a shard at a time, for as long as it asks what it asked before.

    Attributes
    ----------
    known
        TOLD of all rows; None where there are none.
    rows
        How many there are.
    """

    def __init__(self, ledger: Ledger, name: str, seed: int, budget: int) -> None:
        known = ledger.read(name, seed, (*TOLD, "index"))
        index = np.zeros(0, np.int64) if known is None else known.pop("index")
        self.known = known
        self.rows = len(index)
        if self.rows > budget or not np.array_equal(index, np.arange(self.rows)):
            raise _OtherQuestionError
        error = np.zeros(0, np.bool_) if known is None else known["verdict"] == Verdict.ERROR
        stopped = unanswered.first_of_too_many(error, budget)
        self.usable = self.rows if stopped is None else stopped
        self._shards = ledger.shards(name, seed)
        self._shard: Columns = {}
        self._start = self._end = 0  # queries that the shard at hand holds

    def answer(self, start: int, e: Tensor, label: Tensor) -> Findings | None:
        """Return the findings of queries from `start` on; None where the model is to be asked.

        That is past the record's end, or where the model stopped answering.
        """
        if start >= self.rows or start + len(e) > self.usable < self.rows:
            return None
        if start == self._end:
            self._shard = next(self._shards)
            self._start, self._end = start, start + len(self._shard["index"])
        names = {f.name for f in fields(Findings)} & self._shard.keys()
        own = slice(start - self._start, start - self._start + len(e))
        rows = {name: self._shard[name][own] for name in names}
        asked = np.array_equal(rows["e"], e.numpy()) and np.array_equal(rows["label"], label)
        if not asked:  # a shard always ends where an ask ended
            raise _OtherQuestionError
        return Findings(**rows, error=self._shard["verdict"][own] == Verdict.ERROR)


class _Judged:
    """What the audit said so far of the queries of a search, a part a stretch."""

    def __init__(self, known: Columns | None) -> None:
        self.parts: list[Columns] = []
        self.rows = self.confirmed = 0
        if known is not None:
            self.add(known)

    def add(self, said: Columns) -> None:
        """Append a stretch."""
        self.parts.append({name: said[name] for name in TOLD})
        self.rows += len(said["verdict"])
        self.confirmed += int((said["verdict"] == Verdict.CONFIRMED).sum())

    def first(self, queries: int) -> _Judged:
        """Return what was said of so many."""
        return _Judged({name: column[:queries] for name, column in self.columns().items()})

    def columns(self) -> Columns:
        """Return TOLD of all, (rows,) each."""
        return {name: np.concatenate([part[name] for part in self.parts]) for name in TOLD}


class _OtherQuestionError(Exception):
    """A resumed search asked something else than it did before."""


def place(search: str) -> str:
    """Return where a run's folder holds the curves of a search."""
    return f"searches/{quote(search, safe='')}"


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
    tracker: Tracker  # of the search, so that each has a colour of its own
    advance: Callable[[int], None]  # called with the queries done
    tell: Callable[[str], None]  # called with a sentence where a record had to be dropped

    def __post_init__(self) -> None:
        """Raise a Mistake that names the budget."""
        checks.integer("budget", self.budget)

    def run(self, name: str, seed: int, make: Callable[[], Search]) -> Log:
        """Play the `game` of one search to its end."""
        return turns.play([self.game(name, seed, make)])[0]

    def game(self, name: str, seed: int, make: Callable[[], Search]) -> Game[Log]:
        """Run one search, answering from disk what it asked before an interruption.

        It yields when it has asked the model and before it waits for the answers.

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
        search = make()
        try:
            judged = yield from self._run(name, seed, search)
        except _OtherQuestionError:
            self.tell(f"{name} (seed {seed}) asks otherwise here than its record; it starts over")
            self.ledger.drop(name, seed)
            judged = yield from self._run(name, seed, make())
        return Log(
            search=name,
            seed=seed,
            seconds=time.perf_counter() - began,
            samples_law=search.samples_law,
            **judged,
        )

    def _run(self, name: str, seed: int, search: Search) -> Game[Columns]:
        recorded = _Recorded(self.ledger, name, seed, self.budget)
        judged = _Judged(recorded.known)
        pending: list[Findings] = []
        recent = np.zeros(0, np.bool_)
        at = 0
        try:
            while at < self.budget:
                e, label = search.ask(self.budget - at)
                self._check(name, e, label, self.budget - at)
                findings = recorded.answer(at, e, label)
                if findings is None:
                    if at < recorded.rows:  # since here the model hardly answered: it is forgotten
                        self.ledger.cut(name, seed, at)
                        judged = judged.first(at)
                        recorded.rows = at
                    answered = self.probe.begin(e, label, search.wants_gradient)
                    yield
                    findings = answered()
                    pending.append(findings)
                at += len(e)
                recent = np.concatenate([recent, findings.error])[-unanswered.WINDOW :]
                unanswered.check(recent, self.budget, self.probe.trouble)
                search.tell(replace(findings, x=None))  # samples are not on disk for a resume
                self.advance(len(e))
                if sum(map(len, pending)) >= SHARD:
                    self._flush(name, seed, pending, judged)
        finally:
            self._flush(name, seed, pending, judged)
        return judged.columns()

    def _flush(self, name: str, seed: int, pending: list[Findings], judged: _Judged) -> None:
        """Judge what was asked since the last time, write it, and draw it."""
        if not pending:
            return
        findings = Findings.concatenate(pending)
        pending.clear()
        start, before = judged.rows, judged.confirmed
        said = self.ledger.write(findings, self.judge, name, seed, start, self.probe)
        judged.add(said)
        total = before + np.cumsum(said["verdict"] == Verdict.CONFIRMED)
        for row in sorted({*range(POINT - 1, len(total), POINT), len(total) - 1}):
            self.tracker.scalars({f"confirmed/seed-{seed}": total[row]}, start + row + 1)
        answered = findings.severity[~findings.error]
        if len(answered):
            self.tracker.histogram(f"severity/seed-{seed}", answered, start + len(findings))

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
