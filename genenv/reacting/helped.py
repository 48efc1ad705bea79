"""The question helps: whether generated rows help, hurt, or give no evidence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from genenv import seeding
from genenv.data.doubles import digests
from genenv.parts import Advance, Part
from genenv.reacting.question import Question
from genenv.reactions import evidence, helps
from genenv.reactions.helps import Trials
from genenv.reactions.nulls import check_installed
from genenv.reactions.rows import CELLS
from genenv.reactions.sources import FromRows

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting


class Helped(Question):
    """Learners learn with and without generated rows, in paired trials."""

    needs_judge = False

    def __init__(self, study: Reacting) -> None:
        super().__init__(study)
        check_installed(study.config.peers)
        self.needs_generator = study.generated is None  # type: ignore[misc]
        self.beside = study.beside
        self._asked = {
            (size, name): self._part(size, name)
            for size in self.beside.sizes
            for name in study.learners
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Question.parts`."""
        return [*self.beside.parts, *self._asked.values()]

    def answer(self) -> dict[str, Any]:
        """See `Question.answer`."""
        trials = [self.study.get(part) for part in self._asked.values()]
        self._tell()
        return {"helps": evidence.judged(trials, self.study.config.seed)}

    def _tell(self) -> None:
        """Say what the generated rows know of real ones beyond those of a trial."""
        study = self.study
        rows = len(self.beside.rows[0])
        self._tell_rows()
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

    def _tell_rows(self) -> None:
        """Say of rows that are there which are of no use, and how many a trial takes."""
        source, tests = self.question.source, set(digests(self.question.test[0]))
        if not isinstance(source, FromRows):
            return
        copies = sum(digest in tests for digest in digests(source.x))
        if copies:
            self.study.tell(
                f"{copies:,} of the {source.rows:,} generated rows are copies of rows that test "
                "here: they were left out."
            )
        wanted = max(helps.wanted("add", max(self.beside.sizes)))
        if wanted > source.rows // 2:
            self.study.tell(
                f"A trial takes half of the {source.rows:,} generated rows at most, so that trials "
                f"differ: give {2 * wanted:,} for all that is tried."
            )

    @cached_property
    def question(self) -> helps.Question:
        """What all learners are asked alike."""
        real, test = self.beside.rows
        assert test.label is not None
        seed = seeding.fold(self.study.config.seed, "helps")
        peers = self.study.config.peers
        return helps.Question(real, (test.x, test.label), self.beside.source(), seed, peers)

    def _part(self, size: int, name: str) -> Part[Trials]:
        fit = self.study.learners[name]

        def make(advance: Advance) -> Trials:
            return helps.ask(self.question, name, fit, size, advance)

        path = f"{CELLS}/helps-{size}-{quote(name, safe='')}.npz"
        units = helps.work(self.study.dataset.units, name, self.study.config.peers)
        return Part(path, "helps", make, Trials.save, Trials.load, "helps", units)
