"""The question helps: whether generated rows help, hurt, or give no evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from genenv import checks, data, seeding
from genenv.data import Dataset
from genenv.parts import Advance, Part
from genenv.reacting.question import Question
from genenv.reactions import evidence, helps
from genenv.reactions.helps import Trials
from genenv.reactions.nulls import check_installed
from genenv.reactions.rows import CELLS
from genenv.reactions.sources import FromGenerator, FromRows, Generated
from genenv.wording import said

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting

USUAL = (50, 200, 800)  # real rows of a trial, unless told: the two largest that leave it fresh
SHARE, MOST = 2 / 3, 0.9  # of all real rows: of a trial by rule, and at most
THIRD = 3  # one row in so many tests, where there is no generator to fit and no test set
DRAWN = 8  # times the rows of the largest mixture, of a function that makes rows


class Helped(Question):
    """Learners learn with and without generated rows, in paired trials."""

    needs_judge = False

    def __init__(self, study: Reacting) -> None:
        super().__init__(study)
        check_installed(study.config.peers)
        self.needs_generator = study.generated is None  # type: ignore[misc]
        self.sizes = self._sizes()
        self._given = None
        if isinstance(study.generated, Dataset):
            self._given = FromRows(study.generated, study.dataset)
        self._pool: Part[Dataset] | None = None
        if callable(study.generated):
            self._pool = Part("generated.npz", "generated rows", self._drawn, _save, data.load)
        self._asked = {
            (size, name): self._part(size, name) for size in self.sizes for name in study.learners
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Question.parts`."""
        return [*([] if self._pool is None else [self._pool]), *self._asked.values()]

    def answer(self) -> dict[str, Any]:
        """See `Question.answer`."""
        trials = [self.study.get(part) for part in self._asked.values()]
        self._tell()
        return {"helps": evidence.judged(trials, self.study.config.seed)}

    def _tell(self) -> None:
        """Say what the generated rows know of real ones beyond those of a trial."""
        study = self.study
        rows = len(self.rows[0])
        if study.generated is None and study.given is None:
            study.tell(
                f"The generator learned from {rows:,} real rows: beside fewer of them, its rows "
                "may help by what they know of the others."
            )
        elif study.dataset.held_out is None:
            study.tell(
                "Generated rows that were made from the rows that test here would seem to help: "
                "give rows that their generator has not seen as held-out ones."
            )

    @cached_property
    def rows(self) -> tuple[Dataset, Dataset]:
        """Real rows to learn from, and real rows to test on, which no generator here has seen."""
        study, own = self.study, self.study.dataset
        if own.held_out is not None:
            return own.at(np.arange(len(own))), own.held_out
        if study.needs_split:
            train = study.split.train
            return own.at(train), own.at(np.setdiff1d(np.arange(len(own)), train))
        order = data.stratified_order(own, seeding.fold(study.config.seed, "helps"))
        tests = len(order) // THIRD
        return own.at(order[tests:]), own.at(order[:tests])

    @cached_property
    def question(self) -> helps.Question:
        """What all learners are asked alike."""
        real, test = self.rows
        assert test.label is not None
        seed = seeding.fold(self.study.config.seed, "helps")
        peers = self.study.config.peers
        return helps.Question(real, (test.x, test.label), self._source(), seed, peers)

    def _sizes(self) -> tuple[int, ...]:
        rows = len(self.rows[0])
        for size in self.study.config.sizes:
            if size > MOST * rows:
                raise checks.Mistake(
                    f"sizes up to {int(MOST * rows)}, nine tenths of the {rows} rows to learn "
                    "from, so that trials differ",
                    size,
                    "give less, or more data",
                )
        fresh = [size for size in USUAL if size <= SHARE * rows]
        return self.study.config.sizes or tuple(fresh[-2:]) or (max(1, int(SHARE * rows)),)

    def _source(self) -> Generated:
        study = self.study
        if self._pool is not None:
            return FromRows(study.get(self._pool), study.dataset)
        return self._given or FromGenerator(study.get(study.generator))

    def _drawn(self, _: Advance) -> Dataset:
        """Ask a function for rows, once."""
        make = self.study.generated
        assert callable(make)
        count = DRAWN * max(helps.wanted("add", max(self.sizes)))
        return drawn(make, count)

    def _part(self, size: int, name: str) -> Part[Trials]:
        fit = self.study.learners[name]

        def make(advance: Advance) -> Trials:
            return helps.ask(self.question, name, fit, size, advance)

        path = f"{CELLS}/helps-{size}-{quote(name, safe='')}.npz"
        units = helps.work(self.study.dataset.units, name, self.study.config.peers)
        return Part(path, "helps", make, Trials.save, Trials.load, "helps", units)


def drawn(make: Callable[[int], Any], count: int) -> Dataset:
    """Ask `make(count)` for samples and labels.

    Raises
    ------
    Mistake
        It fails, or returns no pair of them.
    """
    try:
        found = make(count)
    except (Exception, SystemExit) as error:
        expected = "the function of generated rows to answer"
        raise checks.Mistake(expected, said(error), "mend it") from error
    if not isinstance(found, tuple) or len(found) != 2:
        raise checks.Mistake(
            "a pair of samples and labels from the function of generated rows",
            type(found).__name__,
            "return (x, y)",
        )
    return data.from_arrays(*found, name="generated rows")


def _save(made: Dataset, place: Path) -> None:
    names: dict[str, Any] = {} if made.label is None else {"y": np.array(made.classes)[made.label]}
    np.savez_compressed(place, x=made.x, **names)
