"""Generated rows, wherever they come from, and the real rows that they are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genenv import checks, data, reading, seeding
from genenv.data import Dataset
from genenv.parts import Advance, Part
from genenv.reactions import helps
from genenv.reactions.sources import FromGenerator, FromRows, Generated, rows_like
from genenv.wording import said

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting

USUAL = (50, 200, 800)  # real rows of a trial, unless told: the two largest that leave it fresh
SHARE, MOST = 2 / 3, 0.9  # of all real rows: of a trial by rule, and at most
THIRD = 3  # one row in so many tests, where there is no generator to fit and no test set
DRAWN = 8  # times the rows of the largest mixture, of a function that makes rows


class Beside:
    """What the questions helps and metrics share.

    Parameters
    ----------
    study
        Whose data, and whose generator or given rows.

    Raises
    ------
    Mistake
        Given rows that are not like the data.
    """

    def __init__(self, study: Reacting) -> None:
        self.study = study
        self._given = None
        if isinstance(study.generated, Dataset):
            self._given = FromRows(study.generated, study.dataset)
        self._pool: Part[Dataset] | None = None
        if callable(study.generated):
            self._pool = Part("generated.npz", "generated rows", self._drawn, _save, self._kept)

    @property
    def parts(self) -> Sequence[Part[Any]]:
        """The rows that a function makes, once."""
        return [] if self._pool is None else [self._pool]

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
    def sizes(self) -> tuple[int, ...]:
        """Real rows of a trial."""
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

    def source(self) -> Generated:
        """Return what generated rows are drawn from."""
        study = self.study
        if self._pool is not None:
            return FromRows(study.get(self._pool), study.dataset)
        return self._given or FromGenerator(study.get(study.generator))

    def _drawn(self, _: Advance) -> Dataset:
        """Ask a function for rows, once."""
        make = self.study.generated
        assert callable(make)
        count = DRAWN * max(helps.wanted("add", max(self.sizes)))
        own = self.study.dataset
        made = FromRows(drawn(make, count, own), own)
        return replace(own, x=made.x, label=made.label, held_out=None)

    def _kept(self, path: Path) -> Dataset:
        """Read what `_save` wrote."""
        columns = reading.arrays(path, ("x", "label"))
        own = self.study.dataset
        return replace(own, x=columns["x"], label=columns["label"], held_out=None)


def drawn(make: Callable[[int], Any], count: int, like: Dataset) -> Dataset:
    """Ask `make(count)` for rows like the real ones, see `rows_like`.

    Raises
    ------
    Mistake
        It fails, or returns something else.
    """
    try:
        found = make(count)
    except (Exception, SystemExit) as error:
        expected = "the function of generated rows to answer"
        raise checks.Mistake(expected, said(error), "mend it") from error
    return rows_like(found, like, "the function of generated rows")


def _save(made: Dataset, place: Path) -> None:
    assert made.label is not None
    np.savez_compressed(place, x=made.x, label=made.label)
