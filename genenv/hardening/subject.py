"""What is hardened: the failures of a run, and how a model is trained and measured on them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks, failures, reading
from genenv.failures import Confirmed
from genenv.finished import Finished
from genenv.generators import Generator
from genenv.hardening.arms import Labelled
from genenv.parts import Part
from genenv.search import Space
from genenv.study import Study


class Subject(ABC):
    """A run of a model that learns from rows.

    Parameters
    ----------
    run
        Whose failures are learned from.
    factory
        What is trained; "": what is usual.

    Attributes
    ----------
    record : Confirmed
        The failures.
    mode : array (m,)
        Of each, as the report counts them.
    generator : Generator
        Of the run.
    judge
        Of the run.
    conditions : int
        That searches choose among.

    Raises
    ------
    Mistake
        A run without failures.
    """

    mode: NDArray[np.int64]
    generator: Generator
    judge: Any
    conditions: int

    def __init__(self, run: Finished, factory: str) -> None:
        self.run, self.factory = run, factory
        found = failures.load(run.folder / "failures")
        if found is None:
            raise checks.Mistake(
                f"confirmed failures in {run.folder}", "none", "harden on a run that found some"
            )
        self.record: Confirmed = found

    @abstractmethod
    def real(self) -> Labelled:
        """Return the rows that every model learns from."""

    @abstractmethod
    def right(self, record: Confirmed) -> NDArray[Any]:
        """Return what is right of failures, (m,)."""

    @abstractmethod
    def drawn(self, count: int, seed: int) -> Labelled:
        """Return samples of the run's generator as they come."""

    @abstractmethod
    def train(self, rows: Labelled, seed: int) -> Any:
        """Return a model that learned from rows."""

    @abstractmethod
    def answers(self, model: Any, x: NDArray[Any]) -> NDArray[Any]:
        """Return what a model says of stored samples (n, *units.shape), (n, k)."""

    @abstractmethod
    def accuracy(self, model: Any) -> float:
        """Return what a model is worth on untouched real rows."""

    @abstractmethod
    def passes(self, model: Any, record: Confirmed) -> NDArray[np.bool_]:
        """Tell which failures a model passes, (m,)."""

    @abstractmethod
    def probe(self, generator: Generator, model: Any) -> Any:
        """Return what searches ask, of samples of a generator."""

    @abstractmethod
    def fresh(self, study: Study[Any], threads: int) -> Part[Generator]:
        """Return a generator of rows that no arm learns from, as a part of a study."""

    def space(self, generator: Generator) -> Space:
        """Return where searches move."""
        return Space(generator.noise, self.conditions)

    def check_data(self, own: dict[str, dict[str, Any] | None]) -> None:
        """Raise a Mistake unless data are described as those of the run.

        Parameters
        ----------
        own
            `data` and `held_out` as config.json describes them; None: there are none.
        """
        path = self.run.folder / "config.json"
        settings = reading.plain(path)
        for name, given in own.items():
            wanted = settings.get(name)
            if wanted != given:
                known = "" if wanted is None else reading.value(path, str, name, "name")
                called = f"{known} of that run" if known else "no held-out data"
                got = "none" if given is None else f"other rows ({given['name']})"
                raise checks.Mistake(called, got, "name the data that the run was made of")
