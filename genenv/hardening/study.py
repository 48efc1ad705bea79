"""Hardening as a study: each seed trains every arm, and all are measured on unseen ground."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genenv import checks, failures, files, runs, seeding, trust
from genenv.hardening.arms import Labelled, arms, joined
from genenv.hardening.ground import Ground
from genenv.hardening.held_out import HeldOut, held_out
from genenv.hardening.subject import Subject
from genenv.hardening.words import compared
from genenv.parts import Advance, Part, load_json, save_json
from genenv.progress import Progress
from genenv.settings import HardenConfig
from genenv.study import Study
from genenv.training.machine import pick_threads, reproducible

SCHEMA = 1


class Hardening(Study[dict[str, Any]]):
    """One study of hardening in a folder; `run` returns the content of harden.json.

    Parameters
    ----------
    config
        Settings.
    subject
        The run whose failures are learned from, with its data.
    folder, stages, line
        See `Study`.

    Raises
    ------
    Mistake
        Too few failures, or modes of them.
    """

    command = "harden"

    def __init__(
        self,
        config: HardenConfig,
        subject: Subject,
        folder: Path,
        stages: Progress | None = None,
        line: str = "",
    ) -> None:
        super().__init__(folder, stages, line)
        self.config, self.subject = config, subject
        held_out(subject.mode, 1, 0)
        self.fresh = subject.fresh(self, config.threads)

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        return {
            "harden": runs.settings(self.config),
            "run": files.sha256(self.subject.run.folder / "report.json"),
            "factory": self.subject.factory,
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        return [self.fresh, *(self._seed_part(seed) for seed in self.config.seeds)]

    def _seed_part(self, seed: int) -> Part[list[dict[str, Any]]]:
        return Part(
            f"seeds/seed-{seed}.json",
            "results of seeds",
            partial(self._seed, seed),
            save_json,
            load_json,
            "seeds",
            len(self.config.amounts),
        )

    def work(self) -> dict[str, Any]:
        """Train and measure every arm with every seed, and compare."""
        with reproducible(pick_threads(self.config.threads, 0, False)):
            self.get(self.fresh)
            rows = [row for seed in self.config.seeds for row in self.get(self._seed_part(seed))]
        content = {
            "schema": SCHEMA,
            "run": str(self.subject.run.folder),
            "factory": self.subject.factory,
            "kind": self.subject.run.kind,
            "undecided": list(trust.bad(self.subject.run.content["trust"])),
            "failures": len(self.subject.record),
            "modes": len(np.unique(self.subject.mode)),
            "rows": rows,
            "compared": compared(rows),
            "told": self.notes,
        }
        files.write_json(self.folder / "harden.json", content)
        return content

    def _seed(self, seed: int, advance: Advance) -> list[dict[str, Any]]:
        rows = []
        for amount in self.config.amounts:
            rows += self._amount(seed, amount, held_out(self.subject.mode, amount, seed))
            advance(1)
        return rows

    def _amount(self, seed: int, amount: int, held: HeldOut) -> list[dict[str, Any]]:
        """Train and measure every arm, then harden further, round by round."""
        subject = self.subject
        ground = Ground(subject, self.get(self.fresh), self.config.budget)
        real, record = subject.real(), subject.record
        learned = record.rows(held.learned)
        unseen = record.rows(held.rows), record.rows(held.modes)
        drawn = subject.drawn(len(learned), seeding.fold(seed, "generated rows"))
        found, answers = [], {}
        trained = arms(real, (learned.x, subject.right(learned)), drawn, seed)
        for name, rows in trained.items():
            model = subject.train(rows, seed)
            row = ground.measured(model, *unseen, self._place(seed, amount, name, 0), seed)
            said = {"seed": seed, "amount": amount, "learned": len(learned)}
            found.append(said | {"arm": name, "round": 1} | row)
            answers[name] = subject.answers(model, np.concatenate([real[0], record.x]))
        if np.array_equal(answers["before"], answers["hardened"], equal_nan=True):
            raise checks.Mistake(
                "a factory that learns from the rows it is given",
                f"{subject.factory}, whose model is the same with and without failures",
                "return a new model a call",
            )
        rows = trained["hardened"]
        for number in range(2, self.config.rounds + 1):
            rows = self._found_again(ground, rows, model, seed, amount, number)
            model = subject.train(rows, seed)
            place = self._place(seed, amount, "hardened", number)
            row = ground.measured(model, *unseen, place, seed)
            found.append(said | {"arm": "hardened", "round": number} | row)
        shutil.rmtree(self.folder / "searches", ignore_errors=True)
        return found

    def _found_again(
        self,
        ground: Ground,
        rows: Labelled,
        model: Any,
        seed: int,
        amount: int,
        number: int,
    ) -> Labelled:
        """Search the hardened model through the run's generator; returns rows with what is new."""
        place = self._place(seed, amount, "again", number)
        ground.searched(model, self.subject.generator, place, seeding.fold(seed, "round", number))
        again = failures.load(place / "failures")
        if again is None:
            return rows
        rng = seeding.numpy_generator(seeding.fold(seed, "new failures", number))
        chosen = again.rows(rng.permutation(len(again))[:amount])
        return joined(rows, (chosen.x, self.subject.right(chosen)))

    def _place(self, seed: int, amount: int, arm: str, number: int) -> Path:
        return self.folder / "searches" / f"seed-{seed}-{amount}-{arm}-{number}"
