"""Where generated rows come from: a generator, by address, or rows that are there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from genenv import checks, seeding
from genenv.codecs import Rows
from genenv.data import Dataset, TableOptions, from_arrays, from_frame
from genenv.generators import Generator
from genenv.reactions.nulls import Labelled

SLACK = 0.05  # share of numbers that may lie farther beyond the data's range than it is wide
NARROW = 20  # of the data's range, below which samples are in other units


class Generated(ABC):
    """Labelled rows that nobody measured."""

    rows: int | None = None
    """How many there are; None: as many as are asked for."""

    @abstractmethod
    def draw(self, count: int, seed: int) -> Labelled:
        """Return up to `count` rows: others for another seed."""


class FromGenerator(Generated):
    """Rows of a conditional generator.

    Raises
    ------
    Mistake
        It has no classes.
    """

    def __init__(self, generator: Generator) -> None:
        if not generator.conditional:
            raise checks.Mistake("a generator with classes", "one without", "fit one with labels")
        self.generator = generator

    def draw(self, count: int, seed: int) -> Labelled:
        """Return `count` rows, their classes in equal shares but by chance."""
        x, label = self.generator.sample(count, seed)
        assert label is not None
        return x, label


class FromRows(Generated):
    """Rows from a file, or whatever made them.

    Parameters
    ----------
    given
        Labelled.
    like
        The real data: columns, range and classes.

    Raises
    ------
    Mistake
        No labels, samples of another shape, or a class that the data do not have.
    """

    rows: int

    def __init__(self, given: Dataset, like: Dataset) -> None:
        if given.label is None:
            raise checks.Mistake("generated rows with labels", f"none in {given.name}", "give y")
        if given.units.shape != like.units.shape:
            raise checks.Mistake(
                f"generated samples of shape {like.units.shape}",
                given.units.shape,
                "bring them in it",
            )
        strange = sorted(map(repr, set(given.classes) - set(like.classes)))
        if strange:
            raise checks.Mistake(
                f"generated rows of the classes {list(like.classes)}",
                f"{', '.join(strange[:5])} too",
                "call them as the data do, or leave them out",
            )
        units = like.units
        place = {name: index for index, name in enumerate(like.classes)}
        _check_range(given, like)
        stored = units.store(units.tensor(given.x)) if units.integer else given.x
        self.x = stored.astype(units.dtype)
        self.label = np.array([place[name] for name in given.classes])[given.label]
        self.rows = len(self.x)

    def draw(self, count: int, seed: int) -> Labelled:
        """Return as many of the rows as there are, none twice, in an order of the seed."""
        rows = seeding.numpy_generator(seed, "rows").permutation(len(self.x))[:count]
        return self.x[rows], self.label[rows]


def rows_like(given: Any, like: Dataset, name: str) -> Dataset:
    """Return generated rows as a data set, before it is known whether they fit.

    Parameters
    ----------
    given
        A data set; samples and labels; of a table also a frame with the target among its columns.
    like
        The real data.
    name
        What errors call the rows.

    Raises
    ------
    Mistake
        It is none of these.
    """
    if isinstance(given, Dataset):
        return given
    units = like.units
    if isinstance(units, Rows) and hasattr(given, "columns"):
        return from_frame(given, TableOptions(schema=units.schema), name, units)
    if not isinstance(given, tuple) or len(given) != 2:
        pair = "a pair of samples and labels"
        wanted = f"{pair}, or a DataFrame," if isinstance(units, Rows) else pair
        raise checks.Mistake(f"{wanted} from {name}", type(given).__name__, "give (x, y)")
    x, y = given
    if isinstance(units, Rows) and hasattr(x, "columns"):
        return rows_like(x.assign(**{str(units.schema.target): np.asarray(y)}), like, name)
    return from_arrays(x, y, name, one_class=True)


def _check_range(given: Dataset, like: Dataset) -> None:
    """Raise a Mistake where rows cannot be in the units of the data."""
    least, most = np.array(like.units.least), np.array(like.units.most)
    span = np.maximum(most - least, np.finfo(np.float32).tiny)
    beyond = ((given.x < least - span) | (given.x > most + span)).mean()
    if beyond > SLACK or np.ptp(given.x) < np.max(span) / NARROW:
        raise checks.Mistake(
            f"generated samples in the units of the data, {least.min():g} to {most.max():g}",
            f"{given.x.min():g} to {given.x.max():g}",
            "map them back",
        )
