"""A fit of a table as a study: schema, generators, metrics on rows held out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genenv import checks, loading, runs, seeding
from genenv.data import Dataset
from genenv.generators import Generator, adopt
from genenv.monitoring import Curves
from genenv.networks import TableRows
from genenv.parts import Advance, Part, load_json, save_json
from genenv.progress import Progress
from genenv.study import Study
from genenv.tables import Mixture, Schema, infer, mixture
from genenv.tables.cells import Floats
from genenv.tables.choosing import chosen, remembers
from genenv.tables.coding import Coding
from genenv.tables.measuring import HELD_OUT as UNSEEN
from genenv.tables.measuring import MOST_ROWS, Figures, choice, measured
from genenv.training import tables as training

if TYPE_CHECKING:
    import pandas as pd

LEAST_ROWS = 100  # with fewer none are held out
HELD_OUT = 5  # one row in so many is
NETWORKS = ("mixture", "table")
CHOICE = "choice"  # in metrics.json: what `auto` chose by, on other held-out rows

Made = Mixture | TableRows


@dataclass(frozen=True)
class TableSettings:
    """What is fitted to a table."""

    network: str = "auto"
    """mixture, table, or auto: both, and the better one is taken; without metrics the mixture."""
    seed: int = 0
    """Address of first guesses, of the training, and of the rows that are held out."""
    metrics: bool = True
    """Whether a fifth of the rows is held out to measure the rest's generator by."""
    steps: int | None = None
    """Of the network's training; None: its preset's."""
    threads: int = 0
    """Of the network's training; 0: by a rule."""

    def __post_init__(self) -> None:
        checks.choice("network", self.network, ("auto", *NETWORKS))


class TableFitting(Study[Made]):
    """One fit in a folder.

    Parameters
    ----------
    frame, schema
        The table, and what its columns are.
    folder
        The run's.
    settings
        What is fitted.
    stages, line
        See `Study`.
    """

    command = "fit"

    def __init__(
        self,
        frame: pd.DataFrame,
        schema: Schema,
        folder: Path,
        settings: TableSettings = TableSettings(),
        stages: Progress | None = None,
        line: str = "",
    ) -> None:
        super().__init__(folder, stages, line)
        self.schema = schema
        self.asked = settings
        self.config = training.settings(settings.seed, settings.steps, settings.threads)
        self.codes = schema.encode(frame)
        apart = len(frame) // HELD_OUT if settings.metrics and len(frame) >= LEAST_ROWS else 0
        order = seeding.numpy_generator(settings.seed, "metrics").permutation(len(frame))
        self.held_out, self.learned = self.codes[order[:apart]], self.codes[order[apart:]]
        self.names = self._candidates()
        self.notes += schema.notes
        if settings.metrics and not apart:
            self.notes.append(f"No metrics: {len(frame)} rows are fewer than {LEAST_ROWS}.")
        if apart:
            self.notes.append(f"{apart:,} of {len(frame):,} rows were held out for metrics.")
        elif settings.network == "auto":
            self.notes.append("Taken: the mixture, for no rows are held out to choose by.")

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        digest = hashlib.sha256(self.codes.tobytes()).hexdigest()
        return {
            "table": {"rows": len(self.codes), "sha256": digest},
            "schema": self.schema.to_json(),
            "network": self.asked.network,
            "held_out": len(self.held_out),
            "seed": self.asked.seed,
            **({"training": runs.settings(self.config)} if "table" in self.names else {}),
        }

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        measured = [self._metrics] if len(self.held_out) else []
        if len(self.names) == 1:
            return [self._generator, *measured]
        return [*self._fits.values(), *measured, self._generator]

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        return {"checkpoints": "checkpoints"} | super().words()

    def work(self) -> Made:
        """Fit and measure, whatever is not there."""
        made = self.get(self._generator)
        if len(self.held_out):
            self._note_choice(self.get(self._metrics))
        return made

    def _candidates(self) -> tuple[str, ...]:
        """Name what is fitted: without rows held out nothing tells which is better."""
        if self.asked.network != "auto":
            return (self.asked.network,)
        return NETWORKS if len(self.held_out) else NETWORKS[:1]

    @cached_property
    def _fits(self) -> dict[str, Part[Made]]:
        return {name: self._fit(name, name) for name in self.names}

    @cached_property
    def _generator(self) -> Part[Made]:
        if len(self.names) == 1:
            return self._fit(self.names[0], "generator")
        return Part("generator", "the generator", self._choose, _save, loading.table)

    @cached_property
    def _metrics(self) -> Part[dict[str, Any]]:
        return Part("metrics.json", "its metrics", self._measure, save_json, load_json)

    def _fit(self, name: str, path: str) -> Part[Made]:
        network = name == "table"
        steps = self.config.steps if network else 0
        stage = "generator" if network else None
        make = partial(self._learn, name)
        return Part(path, f"the {name}", make, _save, loading.table, stage, steps)

    def _learn(self, name: str, advance: Advance) -> Made:
        if name == "mixture":
            return mixture.fit(self.learned, self.schema, self.asked.seed)
        folder = self.folder / "checkpoints"
        return training.learn(
            self.learned, self.schema, self.config, folder, advance, self.resuming, self._watch
        )

    def _watch(self, learned: Dataset, coding: Coding) -> Curves:
        """Show the network's training in TensorBoard, with what its critic remembers."""
        held_out, target = None, self.schema.target
        if len(self.held_out):
            label = None
            if target is not None:
                label = self.held_out[:, self.schema.names.index(target)].astype(np.int64)
            held_out = coding.encode(self.held_out), label
        return Curves(self.tracker, (learned.x, learned.label), held_out)

    def _choose(self, _: Advance) -> Made:
        name, _sentence = chosen(self.get(self._metrics)[CHOICE], self.names)
        return self.get(self._fits[name])

    def _note_choice(self, figures: dict[str, Any]) -> None:
        taken = self.names[0]
        if len(self.names) > 1:
            taken, sentence = chosen(figures[CHOICE], self.names)
            self.notes.append(sentence)
        if remembers(figures, taken):
            copies = figures["copies"]
            self.notes.append(
                f"{copies[taken]:.1%} of the generated rows copy a learned row in every column, "
                f"{copies[UNSEEN]:.1%} of the held-out ones do: the generator remembers people."
            )

    def _measure(self, _: Advance) -> dict[str, Any]:
        several = len(self.names) > 1
        parts = self._fits if several else {self.names[0]: self._generator}
        count = max(len(self.held_out), min(len(self.learned), MOST_ROWS))
        made = {name: self.get(part) for name, part in parts.items()}
        rows = {n: _rows(each, self.schema, count, self.asked.seed) for n, each in made.items()}
        apart = len(self.held_out) // 2 if several else 0  # choose, and tell nothing
        told = self.held_out[apart:]
        components = [len(m.parameters.weights) for m in made.values() if isinstance(m, Mixture)]
        about: dict[str, Any] = {
            "components": components[0] if components else None,
            "learned_rows": len(self.learned),
            "held_out_rows": min(len(told), MOST_ROWS),
        }
        if several:
            about[CHOICE] = choice(rows, self.learned, self.held_out[:apart], self.asked.seed)
            rows = {name: each[apart:] for name, each in rows.items()}
        found = measured(rows, self.schema, self.learned, told, self.asked.seed)
        self._show_figures(found)
        return about | found

    def _show_figures(self, found: Figures) -> None:
        named = {
            f"metrics/{name}/{who.replace(' ', '-')}": figure
            for name, each in found.items()
            for who, figure in each.items()
        }
        self.tracker.scalars(named, self.config.steps)


def _rows(made: Made, schema: Schema, count: int, seed: int) -> Floats:
    return np.concatenate([schema.encode(part) for part in made.stream(count, seed)])


def _save(made: Made, place: Path) -> None:
    made.save(place)


def fit(
    frame: pd.DataFrame,
    target: str,
    settings: TableSettings,
    out: str | Path | None = None,
    resume: bool = False,
) -> Generator:
    """Fit a generator to a table, in a folder or without one.

    Parameters
    ----------
    frame
        Rows.
    target
        The column that is the label.
    settings
        What is fitted; metrics need a folder.
    out, resume
        The run's folder, and whether it may be there already.
    """
    schema = infer(frame, target)
    if out is not None:
        made = TableFitting(frame, schema, Path(out).expanduser(), settings).run(resume)
        return adopt(made)
    if settings.metrics:
        raise checks.Mistake("out with metrics", "none", "give a folder, or leave out metrics")
    codes = schema.encode(frame)
    if settings.network != "table":
        return adopt(mixture.fit(codes, schema, settings.seed))
    config = training.settings(settings.seed, settings.steps, settings.threads)
    return training.learn(codes, schema, config)
