"""A training as a study: features, generator with its pictures, metrics on rows held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from genenv import checks, metrics, naming, networks, run_rows, runs
from genenv.data import Dataset, check_batch
from genenv.generators import Generator
from genenv.measuring import Measuring
from genenv.metrics import DURING, ClassifierFeatures, Evaluation
from genenv.monitoring import Curves, hparams
from genenv.monitoring.diagnosis import with_figures
from genenv.monitoring.layout import LAYOUT
from genenv.monitoring.pictures import write_all
from genenv.parts import Advance, Part, load_json, save_json
from genenv.progress import Progress
from genenv.run_rows import Parts
from genenv.study import Study
from genenv.tracking import plain
from genenv.training import (
    Trainer,
    TrainingConfig,
    distributed,
    shrinking,
    shrunk,
    stated,
    train,
)
from genenv.training.aim import kind
from genenv.training.game import critic_of, with_codes
from genenv.training.machine import pick_device, pick_threads, reproducible


class Fitting(Study[Generator]):
    """One training in a folder, measured by rows that it did not see.

    Parameters
    ----------
    dataset
        What is learned.
    config
        Settings; a preset's batch shrinks to the rows that there are.
    folder
        The run's.
    stages
        Progress and seconds; None: silent.
    measured
        Whether rows are held out and metrics written.
    features
        Where samples are compared: `own` (a classifier for labelled images, else the samples
        themselves), `samples`, a torch module or its import path, or the .pth file of Inception.
    line
        The command line that repeats the run.
    own_metrics
        Metrics beside those of METRICS, see `metrics.build`.

    Raises
    ------
    Mistake
        Settings that do not fit the data, or features that are none.
    """

    command = "fit"

    def __init__(
        self,
        dataset: Dataset,
        config: TrainingConfig,
        folder: Path,
        stages: Progress | None = None,
        measured: bool = True,
        features: str | nn.Module = "own",
        line: str = "",
        own_metrics: Sequence[Any] = (),
    ) -> None:
        super().__init__(folder, stages, line)
        if own_metrics and not measured:
            raise checks.Mistake("metrics with own_metrics", "none", "leave one of them out")
        if config.metrics_every and not measured:
            raise checks.Mistake("metrics with metrics_every", "none", "leave one of them out")
        self.dataset, self.features = dataset, features
        self.classes = () if dataset.unconditional or config.unlabelled else dataset.classes
        self.own_metrics = [naming.spelled(given) for given in own_metrics]
        self.measuring = Measuring(
            dataset, bool(self.classes), config.seed, measured, features, own_metrics
        )
        self.config = shrunk(config, dataset.units, len(self.measuring.rows))
        self.notes += [*self.measuring.notes, *shrinking(config, self.config), *stated(config)]
        self.world = distributed.World()
        self._check()
        self.measuring.check(config.metrics_every, config.best)

    def _check(self) -> None:
        """Raise the mistakes that a training would, before there is a folder."""
        pick_device(self.config.device)
        config, units = self.config, self.dataset.units
        network, norm = critic_of(config, units)
        noise = with_codes(config, None)
        with torch.device("meta"):  # without a number in memory
            pair = networks.build(
                network, noise, units, self.classes, config.width,
                config.critic_width, norm, config.pack,
            )  # fmt: skip
        parameters = sum(p.numel() for module in pair for p in module.parameters())
        self._resolved = hparams.resolved(config, units, parameters)
        check_batch(config.batch, len(self.measuring.rows))

    def run(self, resume: bool = False) -> Generator:
        """Train, measure and write; returns the generator, whose notes tell what was done."""
        with distributed.joined(pick_device(self.config.device).type == "cuda") as world:
            distributed.part(self.config.batch, world, self.config.pack)  # or says what would do
            self.world = world
            self.leads = world.leads
            return super().run(resume)

    def begun(self) -> None:
        """Let every process of the training find the run's folder."""
        distributed.wait(self.world)

    def settings(self) -> dict[str, Any]:
        """See `Study.settings`."""
        rows = self.measuring.rows
        return {
            "training": runs.settings(self.config),
            "data": runs.describe(self.dataset),
            "train": None if len(rows) == len(self.dataset) else run_rows.spelled(rows),
            "features": self.features if isinstance(self.features, str) else "given",
            **({"own_metrics": self.own_metrics} if self.own_metrics else {}),
        }

    def chosen(self) -> Parts:
        """See `Study.chosen`."""
        return {"train": self.measuring.rows}

    def resolved(self) -> dict[str, Any]:
        """Return device, threads, network and penalty, as they came to be."""
        return self._resolved

    def parts(self) -> Sequence[Part[Any]]:
        """See `Study.parts`."""
        learned = [self._learned] if self.measuring.learned else []
        measured = [self._metrics] if self.measuring.held_out is not None else []
        return [*learned, self._generator, *measured]

    def words(self) -> dict[str, str]:
        """See `Study.words`."""
        return {self._learned.path: self._learned.words, "checkpoints": "checkpoints"} | (
            super().words()
        )

    def work(self) -> Generator:
        """Train and measure, whatever is not there."""
        self._describe()
        generator = self.get(self._generator)
        if self.leads and self.measuring.held_out is not None:
            self.get(self._metrics)
        apart = len(self.dataset) - len(self.measuring.rows)
        if apart:
            self.notes.append(f"{apart:,} of {len(self.dataset):,} rows were held out for metrics.")
        generator.notes = tuple(self.notes)
        distributed.wait(self.world)
        return generator

    @cached_property
    def _learned(self) -> Part[ClassifierFeatures]:
        return Part(
            "features.safetensors",
            "the classifier behind its metrics",
            self._learn,
            ClassifierFeatures.save,
            ClassifierFeatures.load,
            "features",
            self.measuring.learned,
        )

    @cached_property
    def _generator(self) -> Part[Generator]:
        return Part(
            "generator",
            "the generator",
            self._train,
            lambda generator, place: generator.save(place),
            partial(networks.load, network=kind(self.config.network)),
            "generator",
            self.config.steps,
        )

    @cached_property
    def _metrics(self) -> Part[dict[str, Any]]:
        return Part(
            "metrics.json",
            "its metrics",
            self._measure,
            save_json,
            load_json,
            "metrics",
            self.measuring.steps,
        )

    @cached_property
    def _evaluation(self) -> Evaluation | None:
        """What measures generators; None where no rows are held out."""
        if self.measuring.held_out is None or not self.leads:
            return None
        learned = self.get(self._learned) if self.measuring.learned else None
        return self.measuring.evaluation(learned)

    def _describe(self) -> None:
        """Write the run's row of the HParams table, and its layout."""
        settings = hparams.settings(self.config, self.dataset.units)
        results = [f"metrics/{name}" for name in self.measuring.names]
        row = plain({"data": self.dataset.name} | settings)
        self.tracker.hparams(row, [*results, *hparams.METRICS])
        self.tracker.layout(LAYOUT)

    def _learn(self, advance: Advance) -> ClassifierFeatures:
        (x, label), dataset = self.measuring.real, self.dataset
        assert label is not None
        with reproducible(self.config.threads or 1):
            return ClassifierFeatures.fit(x, label, dataset.units, len(dataset.classes), advance)

    def _train(self, advance: Advance) -> Generator:
        learned = self.dataset.at(self.measuring.rows)
        held_out, evaluation = self.measuring.held_out, self._evaluation
        if not self.classes:
            learned = learned.without_labels()
            held_out = None if held_out is None else (held_out[0], None)
        measure: Callable[[Generator], dict[str, float]] | None = None
        if evaluation is not None:
            measure = partial(evaluation.evaluate, samples=DURING)
        trainer = Trainer(
            learned,
            self.config,
            folder=self.folder / "checkpoints",
            monitor=Curves(self.tracker, (learned.x, learned.label), held_out, learned.modes),
            measure=measure,
        )
        if self.resuming:
            trainer.resume()
        trainer.fit(advance)
        generator = trainer.result()
        self.notes = [*generator.notes, *self.notes]
        if self.leads:
            write_all(self.folder, generator, learned.x, self.tracker, self.config.steps)
        return generator

    def _measure(self, advance: Advance) -> dict[str, Any]:
        generator = self.get(self._generator)
        evaluation = self._evaluation
        assert evaluation is not None
        with reproducible(self._threads(generator)):
            figures = self.measuring.figures(generator, evaluation, advance)
        self.tracker.scalars(metrics.curves(figures), self.config.steps)
        said = with_figures(self.notes, figures, self.config.plain())
        self.notes = [*said, *evaluation.notes]
        return figures

    def _threads(self, generator: Generator) -> int:
        parameters = int(generator.facts().get("parameters", 0))
        return pick_threads(self.config.threads, parameters, generator.units.family == "image")


def fitted(dataset: Dataset, config: TrainingConfig) -> Generator:
    """Train a generator that no folder keeps."""
    learned = dataset.without_labels() if config.unlabelled else dataset
    own = shrunk(config, dataset.units, len(dataset))
    generator = train(learned, own)
    generator.notes = (*generator.notes, *shrinking(config, own), *stated(config))
    return generator
