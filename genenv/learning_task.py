"""What a learner is taught with: a conditional generator, and labelled rows in three parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genenv import bundled, checks, networks, runs, seeding, tables
from genenv.codecs import Rows
from genenv.data import Dataset, Source, TableOptions, find, load
from genenv.data.table import TABLES
from genenv.generators import Generator, adopt

Labelled = tuple[Tensor, Tensor]  # (n, size) in [-1, 1], class indices (n,)


@dataclass(frozen=True)
class LearningTask:
    """A generator and rows of its classes."""

    generator: Generator
    pool: Labelled
    """Real rows that may be learned from."""
    checked: Labelled
    """Validation rows, of every class."""
    paying: Labelled
    """Held-out rows that neither generator nor learner sees."""

    @property
    def width(self) -> int:
        """Numbers of a sample, as learners see it."""
        return self.pool[0].shape[1]

    def members(self, least: int) -> list[Tensor]:
        """Numbers of the pool's rows by class.

        Raises
        ------
        Mistake
            A class has fewer than `least`.
        """
        parts = [(self.pool[1] == i).nonzero()[:, 0] for i in range(len(self.generator.classes))]
        few = min(range(len(parts)), key=lambda i: len(parts[i]))
        if len(parts[few]) < least:
            got = f"{len(parts[few])} of class {self.generator.classes[few]!r} to learn from"
            raise checks.Mistake(f"{least} real rows a class", got, "ask for fewer or give more")
        return parts

    @torch.no_grad()
    def generate(self, e: Tensor, label: Tensor, generator: Generator | None = None) -> Tensor:
        """(n, base_dim), (n,) -> samples (n, size) in [-1, 1], rounded as stored data are.

        `generator`: another one of the same data; None: the task's own.
        """
        source = generator or self.generator
        units = source.units
        return units.encode(units.decode(source.from_base(e, label))).flatten(1)


def find_task(
    data: Source | None,
    generator: str | Path | Generator | None,
    run: str | Path | None,
) -> LearningTask:
    """Take generator and data as given, else from a run, else the bundled set.

    The generator's training rows are the pool, where they are known, else half of all rows. Of the
    others, a quarter is for validation and the rest pays.

    Parameters
    ----------
    data
        What `genenv.data.find` takes; None: that of the run.
    generator
        Or its folder; None: that of the run.
    run
        A folder that `fit` or `stress` left; None: the bundled set.

    Raises
    ------
    Mistake
        Something is not there, has no labels, or does not match.
    """
    if run is not None and generator is not None:
        raise checks.Mistake("either a run or a generator", "both", "leave one out")
    if generator is not None and data is None:
        raise checks.Mistake("the data of the generator", "none", "give data")
    folder = bundled.FOLDER if run is None else Path(run).expanduser()
    if generator is None:
        generator = folder / "generator"
    if not isinstance(generator, Generator | str | Path):
        raise checks.Mistake("a Generator or its folder", repr(generator), "give genenv.load(RUN)")
    made = _stored(Path(generator)) if isinstance(generator, str | Path) else adopt(generator)
    seen: NDArray[np.int64] | None
    if data is None and run is None:
        dataset, seen = bundled.dataset()
    else:
        dataset = _found(_of_run(folder) if data is None else data, made)
        seen = None if run is None else runs.trained_on(folder, dataset)
    _check(made, dataset)
    return _divide(made, dataset, seen)


def _stored(folder: Path) -> Generator:
    """Read a generator; of a fit of a table its mixture."""
    if not (folder / "spec.json").is_file() and tables.holds_table(folder.parent):
        return adopt(tables.load(folder.parent))
    return networks.stored(folder)


def _found(data: Source, made: Generator) -> Dataset:
    """Find data; of a table's file the columns are those that its generator learned."""
    units = made.units
    if isinstance(units, Rows) and isinstance(data, str | Path) and Path(data).suffix in TABLES:
        return load(data, columns=TableOptions(schema=units.schema))
    return find(data)


def _of_run(folder: Path) -> str:
    """Read the name of a run's data."""
    name = runs.data_name(folder)
    if name is None:
        do = "give a run, or data and generator"
        raise checks.Mistake(f"a run with {folder / 'config.json'}", "none", do)
    return name


def _check(generator: Generator, dataset: Dataset) -> None:
    if not generator.conditional:
        raise checks.Mistake("a generator with classes", "one without", "fit it with labels")
    if dataset.label is None or dataset.classes != generator.classes:
        got = f"{dataset.classes} in {dataset.name}"
        raise checks.Mistake(f"data of the classes {generator.classes}", got, "give its data")
    if dataset.units.shape != generator.units.shape:
        got = f"{dataset.units.shape} in {dataset.name}"
        raise checks.Mistake(f"samples of shape {generator.units.shape}", got, "give its data")


def _divide(generator: Generator, dataset: Dataset, seen: NDArray[np.int64] | None) -> LearningTask:
    order = seeding.numpy_generator(0, "material").permutation(len(dataset))
    pool = order[: len(order) // 2] if seen is None else seen
    rest = order[~np.isin(order, pool)]
    quarter = len(rest) // 4
    parts = [_unit(generator, dataset, rows) for rows in (pool, rest[:quarter], rest[quarter:])]
    for part in parts[1:]:
        missing = set(range(len(generator.classes))) - set(part[1].tolist())
        if missing:
            got = f"none of class {generator.classes[min(missing)]!r} among {len(part[1])}"
            raise checks.Mistake("held-out rows of every class", got, "give more data")
    return LearningTask(generator, *parts)


def _unit(generator: Generator, dataset: Dataset, rows: NDArray[np.int64]) -> Labelled:
    x, label = dataset.pick(rows)
    units = generator.units
    return units.encode(units.tensor(x)).flatten(1), torch.from_numpy(label.copy())
