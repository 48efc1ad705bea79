"""A training as a run: rows held out, features, generator, pictures, metrics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from genenv import checks, metrics, networks, runs
from genenv.data import Dataset, check_batch, hold_out
from genenv.downstream import import_object
from genenv.generators import Generator
from genenv.metrics import (
    DURING,
    FULL,
    Evaluation,
    Features,
    InceptionFeatures,
    ModuleFeatures,
    SampleFeatures,
    generator_metrics,
    k_means_purity,
    metric_steps,
    own_features,
    own_steps,
    purity,
)
from genenv.monitoring import Curves, hparams
from genenv.monitoring.layout import LAYOUT
from genenv.monitoring.pictures import write_all
from genenv.stages import Stages
from genenv.tracking import Tracker, plain
from genenv.training import (
    Trainer,
    TrainingConfig,
    distributed,
    shrinking,
    shrunk,
    train,
)
from genenv.training.game import critic_of, with_codes
from genenv.training.machine import pick_device, pick_threads, settled

FEATURES = "features.safetensors"  # in the run's folder: the classifier whose features are compared
EFFICACY = ("agreement", "gan_train_svm", "gan_train_network")  # of generators with classes
LEAST = max(kind.least for kind in metrics.METRICS.values())  # rows of each set for every metric

Labelled = tuple[NDArray[Any], NDArray[np.int64] | None]


class Fitting:
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
        Progress and seconds.
    measured
        Whether rows are held out and metrics written.
    features
        Where samples are compared: `own` (a classifier for labelled images, else the samples
        themselves), `samples`, a torch module or its import path, or the .pth file of Inception.
    command
        The command line that repeats the run.

    Raises
    ------
    Mistake
        Settings that do not fit the data, or features that are none.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: TrainingConfig,
        folder: Path,
        stages: Stages,
        measured: bool = True,
        features: str | nn.Module = "own",
        command: str = "",
    ) -> None:
        if config.metrics_every and not measured:
            raise checks.Mistake("metrics with metrics_every", "none", "leave one of them out")
        self.dataset, self.folder, self.stages = dataset, folder, stages
        self.command = command
        bare = dataset.unconditional or config.unlabelled
        self.classes = () if bare else dataset.classes
        self.told: tuple[str, ...] = ()
        self.rows, self.held_out = self._parted(config.seed, measured)
        if config.metrics_every and self.held_out is None:
            raise checks.Mistake(
                f"rows enough to measure with metrics_every ({LEAST} and {LEAST} held out)",
                f"{len(dataset)} in {dataset.name}",
                "give more, or leave metrics_every out",
            )
        self.config = shrunk(config, dataset.units, len(self.rows))
        self.told += shrinking(config, self.config)
        self._check()
        self.features = features
        own = features == "own" or self.held_out is None
        self.given = None if own else self._given_features()
        if config.best is not None:
            counted = ("modes", "high_quality", "reverse_kl") if dataset.modes is not None else ()
            names = [*self._compared(), *counted]
            checks.choice("best, measured on the way,", config.best, names)

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
        self.resolved = hparams.resolved(config, units, parameters)
        check_batch(self.config.batch, len(self.rows))

    def run(self, resume: bool = False) -> Generator:
        """Train, measure and write; returns the generator, whose notes tell what was done."""
        with distributed.joined(pick_device(self.config.device).type == "cuda") as world:
            distributed.part(self.config.batch, world, self.config.pack)  # or says what would do
            if world.leads:
                about = self._settings(), resume, self.command, self.resolved
                runs.begin(self.folder, "fit", *about)
            distributed.wait(world)
            self.stages.plan(self._totals())
            with Tracker(self.folder if world.leads else None) as tracker:
                self._describe(tracker)
                evaluation = self._evaluation() if world.leads else None
                trainer = self._train(evaluation, tracker, resume)
                generator = trainer.result()
                if world.leads:
                    self._write(generator, evaluation, tracker)
            distributed.wait(world)
        return generator

    def _parted(self, seed: int, measured: bool) -> tuple[NDArray[np.int64], Labelled | None]:
        """Return the rows to learn from, and those held out; None where nothing is measured."""
        dataset, everything = self.dataset, np.arange(len(self.dataset))
        if not measured:
            return everything, None
        other = dataset.held_out
        enough = len(dataset) >= 2 * LEAST if other is None else len(dataset) >= LEAST <= len(other)
        if not enough:
            self.told += (
                f"nothing was held out and measured: metrics need {LEAST} rows to learn from and "
                f"{LEAST} others",
            )
            return everything, None
        rows, held_out = hold_out(dataset, seed, LEAST)
        return rows, held_out

    def _given_features(self) -> Features:
        """Turn what the user said into features that need no training."""
        asked, units = self.features, self.dataset.units
        if isinstance(asked, nn.Module):
            return ModuleFeatures(asked, units)
        if asked == "samples":
            return SampleFeatures(self.dataset.x[self.rows], units)
        if Path(asked).suffix in (".pth", ".pt"):
            return InceptionFeatures(Path(asked), units)
        if ":" in asked:
            return ModuleFeatures(import_object(asked, "a module"), units)
        raise checks.Mistake(
            "features to be own, samples, package.module:name or Inception's .pth file",
            repr(asked),
            "choose one",
        )

    def _settings(self) -> dict[str, Any]:
        whole = len(self.rows) == len(self.dataset)
        return {
            "training": runs.settings(self.config),
            "data": runs.describe(self.dataset),
            "train": None if whole else self.rows.tolist(),
            "features": self.features if isinstance(self.features, str) else "given",
        }

    def _describe(self, tracker: Tracker) -> None:
        """Write the run's row of the HParams table, and its layout."""
        settings = hparams.settings(self.config, self.dataset.units)
        results = [f"metrics/{name}" for name in self._measures()]
        tracker.hparams(plain({"data": self.dataset.name} | settings), [*results, *hparams.METRICS])
        tracker.layout(LAYOUT)

    def _measures(self) -> list[str]:
        """Name the metrics that the HParams table is sorted by."""
        if self.held_out is None:
            return []
        return [*self._compared(), *(EFFICACY if self.classes else ())]

    def _compared(self) -> list[str]:
        """Name the figures of every metric on these features."""
        names = {} if self.given is None else self.given.names
        return [names.get(k, k) for kind in metrics.METRICS.values() for k in kind.keys]

    def _totals(self) -> dict[str, int]:
        """Stages with their units of work."""
        steps = {"generator": self.config.steps}
        if self.held_out is None:
            return steps
        label, units = self.dataset.label, self.dataset.units
        learned = own_steps(len(self.rows), label, units) if self.given is None else 0
        if learned and not (self.folder / FEATURES).is_file():
            steps = {"features": learned} | steps
        return steps | {"metrics": metric_steps(len(self.rows)) if self.classes else 1}

    def _evaluation(self) -> Evaluation | None:
        """Make what measures generators, with its features; None where no rows are held out."""
        if self.held_out is None:
            return None
        x, label = self._labelled(self.rows)
        features, dataset = self.given, self.dataset
        if features is None:
            with self.stages.stage("features") as advance, settled(self.config.threads or 1):
                outputs, path = len(dataset.classes), self.folder / FEATURES
                features = own_features(x, label, dataset.units, outputs, path, advance)
        real, seed = (x, label), self.config.seed
        return Evaluation(features, real, self.held_out, metrics.build(), dataset.modes, seed)

    def _labelled(self, rows: NDArray[np.int64]) -> Labelled:
        label = self.dataset.label
        return self.dataset.x[rows], None if label is None else label[rows]

    def _train(self, evaluation: Evaluation | None, tracker: Tracker, resume: bool) -> Trainer:
        learned, held_out = self.dataset.at(self.rows), self.held_out
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
            monitor=Curves(tracker, (learned.x, learned.label), held_out, learned.modes),
            measure=measure,
        )
        if resume:
            trainer.resume()
        with self.stages.stage("generator") as advance:
            trainer.fit(advance)
        return trainer

    def _write(
        self,
        generator: Generator,
        evaluation: Evaluation | None,
        tracker: Tracker,
    ) -> None:
        runs.whole(self.folder / "generator", generator.save)
        write_all(self.folder, generator, self.dataset.x[self.rows], tracker, self.config.steps)
        if evaluation is not None:
            with self.stages.stage("metrics") as advance, settled(self._threads(generator)):
                figures = self._figures(generator, evaluation, advance)
            runs.write_json(self.folder / "metrics.json", figures)
            tracker.scalars(metrics.curves(figures), self.config.steps)
            generator.notes = (*generator.notes, *evaluation.told)
        generator.notes = (*generator.notes, *self.told)
        apart = len(self.dataset) - len(self.rows)
        if apart:
            told = f"{apart:,} of {len(self.dataset):,} rows were held out for metrics."
            generator.notes = (*generator.notes, told)

    def _figures(
        self, generator: Generator, evaluation: Evaluation, advance: Callable[[int], None]
    ) -> dict[str, Any]:
        """Return every metric of the result, beside that of real rows in its place."""
        figures: dict[str, Any] = evaluation.evaluate(generator, FULL)
        figures |= evaluation.reference(FULL) | evaluation.describe()
        x, label = self._labelled(self.rows)
        assert self.held_out is not None
        other, own = self.held_out
        codes = () if generator.recognition is None else generator.recognition.categorical
        if generator.recognition is not None and codes and own is not None:
            figures["purity"] = purity(generator.recognition.recognise(other)[0][:, 0], own)
            figures["purity_k_means"] = k_means_purity(x[:FULL], other, own, codes[0])
        if self.classes and label is not None and own is not None:
            test = other, own
            figures |= generator_metrics(generator, (x, label), test, test, advance)
        return figures

    def _threads(self, generator: Generator) -> int:
        parameters = sum(p.numel() for p in generator.parameters())
        return pick_threads(self.config.threads, parameters, generator.units.family == "image")


def prepared_generator(
    folder: Path,
    dataset: Dataset,
    rows: NDArray[np.int64],
    config: TrainingConfig,
    given: Generator | None,
    stages: Stages,
    tracker: Tracker,
    resume: bool,
) -> Generator:
    """Load the generator of a run, keep the one that was given, or train one.

    Parameters
    ----------
    folder
        Of the run; `generator/` and samples.png are left in it.
    dataset, rows
        Labelled data, and the rows to learn from.
    config
        Of the training.
    given
        None: one is trained, as the stage "generator".
    stages, tracker
        Progress; curves and pictures.
    resume
        Go on from the newest whole checkpoint.
    """
    place = folder / "generator"
    if place.is_dir():
        return _again(place, given)
    if given is None:
        learned = dataset.at(rows)
        others = dataset.pick(np.setdiff1d(np.arange(len(dataset)), rows))
        with stages.stage("generator") as advance:
            given = train(
                learned,
                config,
                folder=folder / "checkpoints",
                monitor=Curves(tracker, (learned.x, learned.label), others, learned.modes),
                advance=advance,
                resume=resume,
            )
    write_all(folder, given, dataset.x[rows], tracker, config.steps)
    runs.whole(place, given.save)
    return _again(place, given)


def _again(place: Path, given: Generator | None) -> Generator:
    """Load what was written; a generator that only its owner can make is taken as it is."""
    return networks.load(place) if given is None or networks.knows(given) else given.settled()


def check_fits(generator: Generator, dataset: Dataset) -> None:
    """Raise a Mistake unless a generator makes samples like the data, of the data's classes."""
    wanted, got = (
        f"shape {units.shape}, dtype {units.dtype} and classes {list(classes)}"
        for units, classes in (
            (dataset.units, dataset.classes),
            (generator.units, generator.classes),
        )
    )
    if wanted != got:
        coded = generator.recognition is not None and bool(generator.recognition.categorical)
        beside = ", and without categorical codes" if coded else ""
        advice = f"fit one on these data, with labels{beside}"
        raise checks.Mistake(f"a generator of {wanted}", got, advice)
